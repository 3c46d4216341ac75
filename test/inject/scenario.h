/* SPDX-License-Identifier: MIT */
/*
 * What the library is made to do while the system fails, and what is demanded
 * of each call: it succeeds and keeps errno, or gives NULL with ENOMEM, changes
 * nothing, and has a reason.  Calls that cannot fail do not fail.
 */
#ifndef SCENARIO_H
#define SCENARIO_H

#include "demand.h"

#include <magpool/magpool.h>

#include <stdatomic.h>
#include <stdbool.h>

/* The program around the scenarios. */
struct scenario_world {
	/* Failures that the calling thread has met: who reports one without a
	 * new one here is wrong. */
	unsigned long (*failures)(void);
	/* Which sum does not hold, or NULL; nobody uses the pool meanwhile. */
	const char *(*fault)(struct magpool *pool);
	/* Slabs stay mapped until their pool ends: MAGPOOL_DEBUG=2. */
	bool keeps_slabs;
	/* Bytes that went back to the system, ever.  May be NULL. */
	size_t (*released)(void);
};

extern const struct scenario_world *scenario_world;

/* Before the first of all. */
void scenario_begin(const struct scenario_world *world);

/* A pool under test, and what its callers saw. */
struct scenario {
	struct magpool *pool;
	atomic_uint refused; /* calls that gave NULL and ENOMEM */
	atomic_uint told;    /* on_error was called with ENOMEM */
};

enum scenario_kind {
	SCENARIO_ROOMY, /* the depot keeps what comes back */
	SCENARIO_TIGHT, /* the depot keeps one page */
	SCENARIO_ZERO,  /* as roomy, cleared on return: never inline */
	SCENARIO_POOLS
};

/* Makes the pool; false: it could not be had, for a reason. */
bool scenario_open(struct scenario *scenario, enum scenario_kind kind);

/*
 * By one thread of any number: arenas, caches, flush, trim; with `all` every
 * call that allocates, else one for each kind of memory.
 */
void scenario_work(struct scenario *scenario, bool all);

/* A thread's least: one get, one allocation, one return. */
void scenario_touch(struct scenario *scenario);

/* An explicit cache, or NULL for a reason; calls on it; its end. */
struct magpool_cache *scenario_cache(struct scenario *scenario);
void scenario_use_cache(struct scenario *scenario, struct magpool_cache *cache);
void scenario_end_cache(struct magpool_cache **cache);

/* A pool that is abandoned with an arena out. */
void scenario_abandon(void);

/* A table of statistics into nothing. */
void scenario_print(const struct magpool *pool);

/* The sums, while nobody works on the pool. */
void scenario_verify(struct scenario *scenario);

/* The same, and the end of the pool. */
void scenario_close(struct scenario *scenario);

#endif
