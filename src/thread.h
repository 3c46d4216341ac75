/* SPDX-License-Identifier: MIT */
/*
 * A thread's state: which caches it has, and whether it may have any.
 *
 * One pointer-sized thread-local word, of the global-dynamic model (see
 * doc/DESIGN.md), first touched on a slow path; and one pthread key for its
 * destructor.  The word outlives the key's value, so that calls from later
 * destructors of a dying thread know that it is dying: they go to the depot
 * and never create a cache again.
 */
#ifndef MP_THREAD_H
#define MP_THREAD_H

#include "pool.h"

/*
 * The calling thread's cache of the pool, also when its bucket is full; NULL:
 * it has none.  With `attach` it gets one if it can: no thread that is ending,
 * none that is inside this function already (a signal handler), none without
 * memory.
 */
struct magpool_cache *mp_thread_cache(struct magpool *pool, bool attach);

/* A return by a thread without a cache: is it time that it gets one? */
bool mp_thread_counts_return(struct magpool *pool);

/* Flushes the thread's caches: of that pool, NULL = of all. */
void mp_thread_flush(struct magpool *pool);

#endif
