/* SPDX-License-Identifier: MIT */
/* The size of magazines: when it changes, and pools in which it does. */
#include "registry.h"
#include "validate.h"

#include <criterion/criterion.h>
#include <string.h>

#define LEAST 16
#define MOST 100

static struct mp_sizing sizing;

static void setup(void)
{
	memset(&sizing, 0, sizeof sizing);
	mp_sizing_init(&sizing, LEAST, MOST);
}

TestSuite(sizing, .init = setup);

/* So many windows, in which so many of 256 exchanges failed once. */
static void windows(unsigned int count, uint32_t failures)
{
	while (count--)
		mp_sizing_tell(&sizing, MP_SIZING_WINDOW, failures);
}

static uint64_t changes(void)
{
	return mp_tally_read(&sizing.grown) + mp_tally_read(&sizing.shrunk);
}

Test(sizing, grows_to_the_most_and_shrinks_to_the_least)
{
	static const uint32_t up[] = { 32, 64, 100, 100 };
	static const uint32_t down[] = { 50, 25, 16, 16 };

	for (int i = 0; i < 4; i++) {
		windows(1, 32);
		cr_assert_eq(mp_sizing_rounds(&sizing), up[i]);
	}
	cr_assert_eq(mp_tally_read(&sizing.grown), 3);
	for (int i = 0; i < 4; i++) {
		windows(7, 4);
		cr_assert_eq(mp_sizing_rounds(&sizing), i ? down[i - 1] : 100);
		windows(1, 4);
		cr_assert_eq(mp_sizing_rounds(&sizing), down[i]);
	}
	cr_assert_eq(mp_tally_read(&sizing.shrunk), 3);
	cr_assert_eq(mp_load_relaxed(&sizing.peak), MOST);
}

Test(sizing, in_between_nothing_changes)
{
	windows(1, 32);
	windows(1000, 31);
	windows(1000, 5);
	cr_assert_eq(changes(), 1);
	/* And quiet windows count in a row only. */
	for (int i = 0; i < 100; i++) {
		windows(7, 0);
		windows(1, 5);
	}
	cr_assert_eq(changes(), 1);
}

Test(sizing, small_shares_make_a_window)
{
	for (int i = 0; i < 15; i++)
		mp_sizing_tell(&sizing, 16, 16);
	cr_assert_eq(changes(), 0);
	mp_sizing_tell(&sizing, 16, 16);
	cr_assert_eq(mp_sizing_rounds(&sizing), 32);
}

Test(sizing, an_interval_is_quiet_when_little_was_told)
{
	windows(3, 100);
	mp_sizing_tell(&sizing, 10, 4);
	mp_sizing_interval(&sizing);
	cr_assert_eq(mp_sizing_rounds(&sizing), 50);
	mp_sizing_interval(&sizing);
	cr_assert_eq(mp_sizing_rounds(&sizing), 25);
	/* Not quiet, and not enough to grow by. */
	mp_sizing_tell(&sizing, 10, 10);
	mp_sizing_interval(&sizing);
	cr_assert_eq(mp_sizing_rounds(&sizing), 25);
	mp_sizing_tell(&sizing, 100, 100);
	mp_sizing_interval(&sizing);
	cr_assert_eq(mp_sizing_rounds(&sizing), 50);
}

Test(sizing, one_size_only)
{
	mp_sizing_init(&sizing, 7, 7);
	windows(100, 256);
	windows(100, 0);
	mp_sizing_interval(&sizing);
	cr_assert_eq(mp_sizing_rounds(&sizing), 7);
	cr_assert_eq(changes(), 0);
}

/* Half the rounds, twice the failures: it finds its size and stays there. */
Test(sizing, a_steady_load_does_not_go_back_and_forth)
{
	for (uint32_t load = 1; load < 256 * MOST; load += load / 32 + 1) {
		uint64_t found;

		setup();
		for (int i = 0; i < 100; i++)
			windows(1, load / mp_sizing_rounds(&sizing));
		found = changes();
		cr_assert_leq(found, 3, "load %u", load);
		for (int i = 0; i < 10000; i++)
			windows(1, load / mp_sizing_rounds(&sizing));
		cr_assert_eq(changes(), found, "load %u", load);
	}
}

/* Contended below a size, and nothing to do above it. */
Test(sizing, a_load_that_flips_does_so_ever_more_rarely)
{
	for (int i = 0; i < 100000; i++) {
		if (mp_sizing_rounds(&sizing) < 40)
			windows(1, 200);
		else
			windows(1, 0);
	}
	cr_assert_leq(changes(), 2 + 2 * (7 + 100000 / 512));
	cr_assert_geq(changes(), 100000 / 1024);
	/* When it is over they get small within twice that time. */
	windows(2 * 512, 0);
	cr_assert_eq(mp_sizing_rounds(&sizing), LEAST);
}

/* ---- sizes side by side -------------------------------------------------- */

#define HELD 400
#define STEPS 200000

static uint64_t seed = 1;

static uint32_t below(uint32_t bound)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % bound;
}

static struct magpool *make_pool(size_t depot_bytes)
{
	struct magpool_options options = { .size = sizeof options,
					   .page_size = 256,
					   .magazine_rounds = 2,
					   .cache_bytes = 2 * 40 * 256,
					   .depot_bytes = depot_bytes };
	struct magpool *pool = magpool_create(&options);

	cr_assert_not_null(pool);
	cr_assert_eq(pool->depot.sizing.least, 2);
	cr_assert_eq(pool->depot.sizing.most, 40);
	return pool;
}

/* As a judge in another thread would, at any moment between two calls. */
static void resize(struct magpool *pool)
{
	mp_store_relaxed(&pool->depot.sizing.rounds, 2 + below(39));
	mp_store_relaxed(&pool->depot.sizing.peak, 40);
}

static void check_bounds(struct magpool *pool, uint64_t most, uint64_t depot)
{
	struct magpool_stats stats;
	const char *wrong = mp_validate(pool);

	magpool_stats_read(pool, &stats, sizeof stats);
	cr_assert_null(wrong, "%s", wrong);
	cr_assert_leq(stats.pages_cached, 2 * 40);
	cr_assert_leq(stats.pages_depot + stats.pages_loose, depot);
	cr_assert_leq(stats.pages_created - stats.pages_given_back,
		      most + 2 * 40);
	cr_assert_geq(stats.magazines_made,
		      (stats.pages_created - stats.pages_given_back) / 2);
	/* One for each that is returned, whatever sizes they have. */
	cr_assert_eq(stats.loose_returns, 0);
}

static void walk(size_t depot_bytes)
{
	struct magpool *pool = make_pool(depot_bytes);
	uint64_t depot = depot_bytes ? depot_bytes / 256 : UINT64_MAX;
	struct magpool_arena *arena[HELD];
	uint32_t held = 0;
	uint32_t most = 0;

	for (uint32_t i = 0; i < STEPS; i++) {
		uint32_t wanted = below(HELD);

		if (below(8) == 0)
			resize(pool);
		while (held < wanted)
			cr_assert_not_null(arena[held++] =
						   magpool_get_from(pool));
		while (held > wanted)
			magpool_return(arena[--held]);
		most = held > most ? held : most;
		if (below(64) == 0)
			check_bounds(pool, HELD, depot);
		if (below(256) == 0)
			magpool_thread_flush(pool);
		i += wanted;
	}
	while (held)
		magpool_return(arena[--held]);
	check_bounds(pool, most, depot);
	cr_assert_eq(magpool_destroy(&pool), 0);
}

Test(sizes, old_and_new_ones_side_by_side)
{
	walk(0);
}

Test(sizes, within_the_limit_of_the_depot)
{
	walk((size_t)100 * 256);
}
