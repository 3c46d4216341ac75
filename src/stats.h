/* SPDX-License-Identifier: MIT */
/*
 * Reading statistics.  Counting is a leaf (counters.h); this is the top.
 *
 * A walker reads each cache between two looks at who is inside, and again
 * if the owner was inside meanwhile, a few times: the sums hold within the
 * operations done between the first and the last read, exactly at quiescence.
 */
#ifndef MP_STATS_H
#define MP_STATS_H

#include "pool.h"

/* The cache-level counters of a pool, summed.  In a section or under mutex. */
void mp_stats_sum(struct magpool *pool, struct magpool_stats *out);

/* All words.  In a section or under the mutex. */
void mp_stats_pool(struct magpool *pool, struct magpool_stats *out);

/*
 * The sum of all pools; `see` is told of each, `context` goes to it.  In a
 * section or under the mutex.  Without the mutex a pool that ends meanwhile may
 * be missing, or twice.
 */
void mp_stats_all(struct magpool_stats *out,
		  void (*see)(void *context, struct magpool *pool,
			      const struct magpool_stats *stats),
		  void *context);

/*
 * Keeps the counters of a pool that ends, for the sum of all; its gauges end
 * with it.  Under the mutex.
 */
void mp_stats_retire(struct magpool *pool);

/* They are shown in the live segment.  Under the mutex. */
void mp_stats_show_retired(void);

/* In a fork child: what is missing from the sums was lost to the fork. */
void mp_stats_count_leaks(struct magpool *pool, bool working);

#endif
