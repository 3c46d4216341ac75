/* SPDX-License-Identifier: MIT */
/*
 * What the stopped thread of `steps` and the threads beside it share.
 */
#ifndef LIFE_STEPS_H
#define LIFE_STEPS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <magpool/magpool.h>

#include "stepper.h"
#include "work.h"

enum action { GET, RETURN, CHAIN, BLOCK, FLUSH };

enum {
	FLUSHED = 1,  /* the victim's cache is empty at the start */
	TRIMMED = 2,  /* the depot too */
	LIMITED = 4,  /* the depot may keep one page only */
	EXPLICIT = 8, /* through a cache that the others use too */
	DYING = 16,   /* in a destructor, after the library's */
	LARGE = 32,   /* the arena that is returned has pages or blocks */
	FRESH = 64    /* a new pool each time, so that slabs are made */
};

/*
 * `steps` operations of the kind in a row: the n-th is stopped, for each n.  At
 * each instruction, or in the short test, and in the second pass of the long
 * one, at every `stride`-th.
 */
struct scenario {
	const char *name;
	enum action action;
	unsigned rounds, steps, flags, stride;
};

/* What the operations did that were stopped: each must have come up. */
struct seen {
	uint64_t underflows, overflows, exchanges, limit_trips, loose_returns,
		direct_gets, direct_returns, pages_created, chained, flushes,
		blocks_mapped, bytes_mapped;
	/* Of gets and of returns that were stopped at every instruction. */
	uint64_t fulls_taken, fulls_given;
	uint64_t forks;
};

struct stage {
	const struct scenario *scenario;
	struct stepper *stepper;
	struct seen *seen; /* shared with the tracer */
	struct magpool *_Atomic pool;
	struct magpool_cache *_Atomic cache;
	unsigned n;       /* of the operations in a row */
	bool second_pass; /* with --long: see only_reorders() */
	struct life_hold victim;
	pthread_key_t key;
};

extern struct stage stage;

static inline bool has(unsigned flag)
{
	return (stage.scenario->flags & flag) != 0;
}

enum { STEPS_WORKERS = 2 };

/* Threads that hold arenas while they wait for the next stop. */
void bystanders_begin(void);
void bystanders_end(void);
const struct life_hold *bystanders_hold(unsigned worker);

/* One round of their work, while nobody is stopped. */
void bystanders_work(void);

/* Work at each stop of the victim, until it ends. */
void bystanders_go_on(void);

#endif
