/* SPDX-License-Identifier: MIT */
/*
 * Scenarios: a few calls each by two or three threads, and what must be true
 * after every schedule of them.
 *
 * Oracles: an arena has one owner at a time (a table beside the pool), and a
 * stamp in it is unchanged when it is returned; the library reports no misuse;
 * at the end all sums hold (mp_validate walks the structures), all that was got
 * is back, the pool can be destroyed, and no mapping is left.
 */
#ifndef SCHEDULE_SCENARIO_H
#define SCHEDULE_SCENARIO_H

#include "fibers.h"

#include <magpool/magpool.h>

struct scenario {
	const char *name;
	const char *text;
	struct schedule_bodies bodies;
	struct magpool_options options;
	void (*prepare)(void); /* after the pool is there */
	void (*finish)(void);  /* in place of the usual end */
};

/* Each ends with one without a name. */
extern const struct scenario depot_scenarios[];
extern const struct scenario life_scenarios[];
extern const struct scenario block_scenarios[];

const struct scenario *scenario_find(const char *name);
void scenario_list(void);

/* One schedule of it, with all its checks. */
void scenario_run(const struct scenario *scenario);

/* Gets and returns ever. */
uint64_t scenario_operations(void);

/* ---- for the scenarios themselves -------------------------- */

/* 4 pages in a slab, so that slabs come and go. */
#define PAGE_BIG ((size_t)65536)
#define PAGE_SMALL ((size_t)256)

/* The pool with the scenario's options. */
extern struct magpool *scenario_pool;

/* A get; `from` is a pool; never NULL. */
struct magpool_arena *loan_get(struct magpool *from);
/* May be NULL, and errno is then ENOMEM. */
struct magpool_arena *loan_try(struct magpool *from);
struct magpool_arena *loan_get_through(struct magpool_cache *cache);

void loan_return(struct magpool_arena *arena);
void loan_return_through(struct magpool_cache *cache,
			 struct magpool_arena *arena);

/* Gets n and returns them, the last one first. */
void loan_burst(struct magpool *from, unsigned int n);

/* Where threads leave arenas for others: what was there. */
#define BOXES 8u
struct magpool_arena *box_swap(unsigned int box, struct magpool_arena *arena);

/* To warm up: the thread gets its cache before the schedule starts. */
void scenario_attach(unsigned int self);

/* To prepare: an arena in each box. */
void scenario_fill_boxes(void);

/* The usual end: returns what is in boxes, checks and destroys the pool. */
void scenario_end_pool(void);

/* All is unmapped that goes with a pool. */
void scenario_check_memory(void);

#endif
