/* SPDX-License-Identifier: MIT */
/* What is drained does not pass the limit of the depot, not even meanwhile. */
#include "drain.h"
#include "registry.h"
#include "validate.h"

#include <criterion/criterion.h>

enum { CACHES = 70, ROUNDS = 4, HELD = 2 * ROUNDS + 1, PAGE = 256 };

static struct magpool_cache *cache[CACHES];

static struct magpool *make_pool(size_t depot_pages)
{
	struct magpool_options options = {
		.size = sizeof options,
		.page_size = PAGE,
		.magazine_rounds = ROUNDS,
		.cache_bytes = (size_t)2 * ROUNDS * PAGE,
		.depot_bytes = depot_pages * PAGE,
	};
	struct magpool *pool = magpool_create(&options);

	cr_assert_not_null(pool);
	return pool;
}

static struct magpool_stats read_stats(struct magpool *pool)
{
	const char *wrong = mp_validate(pool);
	struct magpool_stats stats;

	cr_assert_null(wrong, "%s", wrong);
	magpool_stats_read(pool, &stats, sizeof stats);
	return stats;
}

/* Fills `count` caches, of which the drainer takes 64 at a time. */
static void fill(struct magpool *pool, unsigned count)
{
	struct magpool_arena *arena[HELD];

	for (unsigned i = 0; i < count; i++) {
		cache[i] = magpool_cache_create(pool);
		cr_assert_not_null(cache[i]);
		for (unsigned n = 0; n < HELD; n++)
			arena[n] = magpool_cache_get(cache[i]);
		for (unsigned n = 0; n < HELD; n++)
			magpool_cache_return(cache[i], arena[n]);
	}
	/* One magazine of each is full, at least. */
	cr_assert_gt(read_stats(pool).pages_cached, (uint64_t)count * ROUNDS);
}

/* They work as before. */
static void end(struct magpool *pool, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		magpool_cache_return(cache[i], magpool_cache_get(cache[i]));
		magpool_cache_destroy(&cache[i]);
	}
	read_stats(pool);
	cr_assert_eq(magpool_destroy(&pool), 0);
}

Test(drain, all_to_a_depot_that_has_room)
{
	struct magpool *pool = make_pool((size_t)3 * HELD);
	struct mp_drained drained;

	fill(pool, 3);
	drained = mp_drain_pool(pool, true, true);
	cr_assert_eq(drained.bytes, 0);
	cr_assert_geq(drained.magazines, 3 * 2);
	cr_assert_eq(read_stats(pool).pages_cached, 0);
	cr_assert_eq(read_stats(pool).pages_given_back, 0);
	end(pool, 3);
}

Test(drain, no_more_than_the_depot_keeps)
{
	struct magpool *pool = make_pool((size_t)2 * ROUNDS);
	struct magpool_stats stats;
	struct mp_drained drained;

	fill(pool, CACHES);
	drained = mp_drain_pool(pool, true, true);
	stats = read_stats(pool);
	cr_assert_eq(stats.pages_cached, 0);
	cr_assert_leq(stats.pages_depot + stats.pages_loose, 2 * ROUNDS);
	cr_assert_gt(drained.magazines, 0);
	cr_assert_gt(drained.bytes, 0);
	cr_assert_eq(stats.trimmed_bytes, drained.bytes);
	cr_assert_gt(stats.limit_trips, 0);
	end(pool, CACHES);
}

/* What a trim gives back is in its result, wherever it was. */
Test(drain, a_trim_counts_what_the_depot_had_no_room_for)
{
	struct magpool *pool = make_pool(1);
	struct magpool_stats stats;
	size_t bytes;

	fill(pool, CACHES);
	magpool_trim(pool);
	bytes = magpool_trim(pool);
	stats = read_stats(pool);
	cr_assert_eq(stats.pages_created, stats.pages_given_back);
	cr_assert_gt(bytes, (size_t)CACHES * HELD * PAGE / 2);
	end(pool, CACHES);
}
