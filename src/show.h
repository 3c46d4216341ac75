/* SPDX-License-Identifier: MIT */
/*
 * Pools and their caches in the live segment: who is shown where (live.h).
 * A pool that is not shown, for want of room or of a segment, counts as ever.
 *
 * All under the registry's mutex.
 */
#ifndef MP_SHOW_H
#define MP_SHOW_H

#include "pool.h"

/* A pool that nobody uses yet. */
void mp_show_pool(struct magpool *pool);
void mp_show_pool_abandoned(struct magpool *pool);

/*
 * A pool that has ended, and what all its caches hold is as good as gone.
 * Between mp_live_begin() and mp_live_end().
 */
void mp_show_no_pool(struct magpool *pool);

/* The cache was bound to the pool, or is nobody's (idle). */
void mp_show_cache(struct magpool *pool, struct magpool_cache *cache);

/* In a fork child, before anything is counted, and when all is as it stays. */
void mp_show_fork_begin(void);
void mp_show_fork_end(void);

#endif
