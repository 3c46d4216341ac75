/* SPDX-License-Identifier: MIT */
/* The end of an interval: so much at once, and what is loose too. */
#include "trim.h"

#include "registry.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define MANY 20000
#define AT_ONCE 16384

static struct magpool *pool;
static struct magpool_arena *arena[MANY];

static struct magpool_stats stats_of_pool(void)
{
	struct magpool_stats stats;

	magpool_stats_read(pool, &stats, sizeof stats);
	return stats;
}

/* All in the depot, and nothing in the thread's cache. */
static void fill_depot(int count)
{
	struct magpool_options options = { .size = sizeof options,
					   .page_size = 256 };

	pool = magpool_create(&options);
	cr_assert_not_null(pool);
	for (int i = 0; i < count; i++) {
		arena[i] = magpool_get_from(pool);
		cr_assert_not_null(arena[i]);
	}
	for (int i = 0; i < count; i++)
		magpool_return(arena[i]);
	magpool_thread_flush(pool);
}

/* Who comes to the depot waits for it. */
Test(trim, an_interval_gives_back_so_much_at_once)
{
	setenv("MAGPOOL_TRIM_INTERVAL", "off", 1);
	setenv("MAGPOOL_SHARDS", "2", 1);
	fill_depot(MANY);
	cr_assert_eq(mp_pool_pages(pool), MANY);
	mp_trim_interval(pool, true);
	cr_assert_leq(stats_of_pool().pages_given_back, AT_ONCE);
	cr_assert_geq(stats_of_pool().pages_given_back, AT_ONCE - 256);
	mp_trim_interval(pool, true);
	cr_assert_geq(stats_of_pool().pages_given_back, MANY);
	cr_assert_eq(stats_of_pool().bytes_mapped, 0);
	cr_assert_eq(mp_pool_pages(pool), 0);
	cr_assert_eq(magpool_destroy(&pool), 0);
}

/* Pools of debug arenas have no magazines. */
Test(trim, an_interval_gives_loose_pages_back)
{
	setenv("MAGPOOL_TRIM_INTERVAL", "off", 1);
	setenv("MAGPOOL_DEBUG", "1", 1);
	fill_depot(100);
	cr_assert_eq(stats_of_pool().pages_loose, 100);
	mp_trim_interval(pool, true);
	cr_assert_eq(stats_of_pool().pages_loose, 0);
	cr_assert_eq(stats_of_pool().bytes_mapped, 0);
	cr_assert_eq(magpool_destroy(&pool), 0);
}
