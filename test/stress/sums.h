/* SPDX-License-Identifier: MIT */
/*
 * The third and fourth oracle: at a quiet moment no arena, page or magazine is
 * lost or there twice, and the pool holds no more than its bound.
 */
#ifndef STRESS_SUMS_H
#define STRESS_SUMS_H

#include "support.h"

#include <magpool/magpool.h>

/**
 * The option cache_bytes of a pool whose magazines keep their first size (they
 * are exchanged as often at the end as at the start), but for options.grow.
 */
size_t sums_cache_bytes(void);

/** A pool with options.rounds and options.depot_kib; never NULL. */
struct magpool *sums_pool(void);

/** The statistics of a pool, NULL = of all. */
struct magpool_stats sums_read(const struct magpool *pool);

/**
 * Verifies the sums while nobody works on the pool, and that `out` arenas are
 * out.
 */
void sums_check(const struct magpool *pool, uint64_t out);

/**
 * The same in a child of fork, where what other threads had in hand is lost:
 * at most `out` arenas are out.
 */
void sums_check_child(const struct magpool *pool, uint64_t out);

/** sums_check(pool, 0), and the gets and returns are those of the workers. */
void sums_check_all(const struct magpool *pool);

/**
 * Verifies the bound, where at most `pages` were ever in use at once, by at
 * most `caches` caches at once.
 */
void sums_check_bound(const struct magpool *pool, uint64_t pages,
		      uint64_t caches);

/** Verifies that no counter fell between two readings. */
void sums_check_rise(const struct magpool_stats *before,
		     const struct magpool_stats *after);

/** sums_check_all(), destroys the pool, keeps its figures for the summary. */
void sums_finish(struct magpool *pool);

#endif
