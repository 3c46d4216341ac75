/* SPDX-License-Identifier: MIT */
/* Giving unused memory back to the system. */
#ifndef MP_TRIM_H
#define MP_TRIM_H

#include "pool.h"

/*
 * Gives back what the depot holds: bytes.  Lock-free; work bounded by what the
 * depot held at the start.
 */
size_t mp_trim_pool(struct magpool *pool);

/*
 * An interval is over: gives back what lay in the depot all the time (with
 * `all`: what lies there), kept blocks likewise, and what is in the caches that
 * did nothing.  Inside an operation on the pool, with an arena of it out, or
 * pinned.  Work bounded by a constant, and by the number of caches.
 */
void mp_trim_interval(struct magpool *pool, bool all);

/* Looks at the clock for each pool.  Not in an operation. */
void mp_trim_pass_time(void);

/* Looks at all loans of all pools (loans.h).  Not in an operation. */
void mp_trim_look(void);

/*
 * Before memory is refused: gives up what lies unused in the calling thread's
 * magazines, in the depot, and, at most once a millisecond, in the caches of
 * others that nobody is inside of.  Never waits.  Bytes.
 */
size_t mp_trim_unused(struct magpool *pool);

/* As mp_cache_take(), but gives up what lies unused before it fails. */
struct mp_page *mp_trim_take(struct magpool *pool, struct magpool_cache *cache,
			     enum mp_use use);

#endif
