/* SPDX-License-Identifier: MIT */
/*
 * What the registry's files share: registry.c (records, walking), ends.c (the
 * end of pools), fork.c.  Nobody else includes this.
 */
#ifndef MP_REGISTRY_STATE_H
#define MP_REGISTRY_STATE_H

#include "grace.h"
#include "registry.h"

struct mp_registry {
	_Atomic bool started;
	bool forked; /* a fork child: the mutex instead of RCU */
	uint32_t nodes;
	struct mp_settings settings;
	struct mp_budget budget;
	struct mp_rcu_link pools;
	struct mp_table caches;
	struct magpool_cache *free;
	struct magpool *closing; /* ended, to be closed without the mutex */
	struct magpool *limbo;   /* closed, walkers may still be there */
	struct magpool *passing; /* out of limbo, when the period is over */
	struct mp_grace grace;   /* the sections of walkers, and the period */
	_Atomic uint32_t ended;  /* and not freed; nothing depends on it */
	_Atomic uint32_t abandoned; /* pools that wait for their last return */
	_Atomic bool reap_wanted;   /* by one who found the mutex taken */
	_Atomic uint32_t epoch;
};

extern struct mp_registry mp_registry;

/* Unlocks, and does not look whether somebody wanted to reap. */
void mp_registry_release(void);

/* Under the mutex. */
void mp_registry_free_record(struct magpool_cache *cache);

#endif
