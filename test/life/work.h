/* SPDX-License-Identifier: MIT */
/* Work in a pool that can tell when an arena has two owners. */
#ifndef LIFE_WORK_H
#define LIFE_WORK_H

#include <stdint.h>

#include <magpool/magpool.h>

#define LIFE_HOLD_MAX 16

/* Arenas that one owner holds, and what is stamped on their allocations. */
struct life_hold {
	struct magpool_arena *arena[LIFE_HOLD_MAX];
	uint64_t *stamp[LIFE_HOLD_MAX];
	size_t words[LIFE_HOLD_MAX];
	uint64_t owner;
	unsigned count;
};

/* Stamps an arena that was just got; verifies the stamp of the last one. */
void life_keep(struct life_hold *hold, struct magpool_arena *arena);
struct magpool_arena *life_drop(struct life_hold *hold);

/* The same with a get before, a return after.  Usable in a signal handler. */
void life_get(struct life_hold *hold, struct magpool *pool);
void life_return(struct life_hold *hold);
void life_return_all(struct life_hold *hold);

/* Gets `count` arenas and returns them. */
void life_cycle(struct magpool *pool, unsigned count);

/* A pool with magazines of so many rounds; never NULL. */
struct magpool *life_pool(size_t rounds);

/* The sums of a quiet pool; `out` arenas are out. */
void life_check_sums(const struct magpool *pool, uint64_t out);

/* That, and the pool's end. */
void life_end_pool(struct magpool *pool);

#endif
