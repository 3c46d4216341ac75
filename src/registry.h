/* SPDX-License-Identifier: MIT */
/*
 * The registry: the process's settings, the pools, their caches.
 *
 * One mutex guards every change: the first use, attach, the end of a thread,
 * create, destroy, fork.  It is never held across a wait, and no call of a
 * thread that has its cache takes it.  Walkers need no mutex: pools, and the
 * caches of each pool, are on RCU lists.
 *
 * Lock order: there is only this lock.  malloc is never called under it.
 *
 * Life of a cache's record (state, under the mutex):
 *
 *     free -> bound to a pool (on its list): attached or explicit <-> idle
 *          -> the pool ends; after a grace period: free again
 *
 * A record stays on its pool's list and its counters go on, whoever owns it,
 * so that sums never fall.  A thread whose pool has ended keeps the record,
 * without a pool, until it ends or attaches again.
 */
#ifndef MP_REGISTRY_H
#define MP_REGISTRY_H

#include "pool.h"

/* False: this very thread holds it (a signal handler), go without. */
bool mp_registry_lock(void);
/* False: also if another thread holds it. */
bool mp_registry_try_lock(void);
void mp_registry_unlock(void);

/*
 * Reads the environment and opens the default pool, once.  Called on every
 * slow path that can be a process's first; cheap after the first time.
 */
void mp_registry_start(void);

/*
 * What the first use says, and sees to that it is said at the end.  Outside of
 * the mutex: writing may block, and libc may allocate.
 */
void mp_registry_announce(void);

/* The process's settings and budget; valid after start. */
const struct mp_settings *mp_registry_settings(void);
struct mp_budget *mp_registry_budget(void);
uint32_t mp_registry_nodes(void);

/* The table of all cache records. */
struct mp_table *mp_registry_caches(void);

/* ---- under the mutex ----------------------------------------------------- */

void mp_registry_add_pool(struct magpool *pool);

/* A record for the pool, attached or explicit; NULL: no memory. */
struct magpool_cache *mp_registry_bind(struct magpool *pool,
				       enum mp_cache_state state);

/* The owner has done with it; its magazines are empty. */
void mp_registry_unbind(struct magpool_cache *cache);

/* The pool that a record of the calling thread belongs to, or NULL. */
static inline struct magpool *mp_cache_pool(struct magpool_cache *cache)
{
	return mp_load_relaxed(&cache->operation.pool);
}

/* ---- walking ------------------------------------------------------------- */

/* How a walker is protected; goes to leave. */
enum mp_walk {
	MP_WALK_NONE,      /* the mutex is this thread's already */
	MP_WALK_MUTEX,     /* in a fork child, or without memory for bp */
	MP_WALK_RCU,       /* and counted, in a word (grace.h) ... */
	MP_WALK_RCU_OTHER, /* ... or in the other one */
};

enum mp_walk mp_registry_enter(void);
void mp_registry_leave(enum mp_walk walk);

/* In a section or under the mutex; NULL after the last. */
struct magpool *mp_registry_next_pool(struct magpool *pool);
struct magpool_cache *mp_registry_next_cache(struct magpool *pool,
					     struct magpool_cache *cache);

/* Odd while a pool ends: sums read across a change are read again. */
uint32_t mp_registry_epoch(void);

/* Keeps a pool that was found by walking, for a walker that changes it. */
bool mp_registry_pin(struct magpool *pool);
void mp_registry_unpin(struct magpool *pool);

/* ---- the end of a pool --------------------------------------------------- */

/* 0 or -EBUSY; waits for pins and for a grace period, without bound. */
int mp_registry_end(struct magpool *pool);

/* No further gets; ends when the last arena is back.  False: as of lock. */
bool mp_registry_abandon(struct magpool *pool);

/*
 * Ends the abandoned pools that nobody uses any more.  Called after each slow
 * return, at the end of threads, by trim: cheap when there are none.
 */
void mp_registry_reap(void);

/*
 * Frees the records of ended pools, if there are so many, that no walker reads
 * any more.  It looks for so many nanoseconds; what a walker that stands still
 * keeps is left to the next call (0: which is not even counted).
 */
void mp_registry_collect(uint32_t least, uint64_t patience);

/* ---- fork ---------------------------------------------------------------- */

void mp_registry_before_fork(void);
void mp_registry_after_fork_parent(void);
/* The child's caches but those of `self` (a list) are taken over. */
void mp_registry_after_fork_child(struct magpool_cache *self);

#endif
