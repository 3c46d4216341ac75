/* SPDX-License-Identifier: MIT */
/* The depot: magazines by kind and shard, loose pages, its limit. */
#include "depot.h"
#include "slab.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#define ROUNDS 4
#define ROUNDS_MOST 16

static struct mp_upstream upstream = { .budget = { .limit = SIZE_MAX } };
static struct mp_slabs slabs;
static struct mp_depot depot;
static struct mp_trip trip;

static void setup(void)
{
	mp_slabs_init(&slabs, &upstream, NULL, 4096, 0);
	mp_depot_init(&depot, ROUNDS, ROUNDS_MOST, 3, 1, 100);
}

static void ignore(struct mp_page *page)
{
	(void)page;
}

static void teardown(void)
{
	mp_slabs_release(&slabs, ignore);
	mp_magazines_release(&depot.magazines);
}

TestSuite(depot, .init = setup, .fini = teardown);

static struct mp_magazine *magazine_with(uint32_t count)
{
	struct mp_magazine *magazine = mp_magazine_make(&depot.magazines);

	cr_assert_not_null(magazine);
	for (uint32_t i = 0; i < count; i++)
		magazine->round[i] = mp_slabs_take(&slabs, &trip);
	mp_magazine_set_count(magazine, count);
	return magazine;
}

/* It holds what it held; an empty one is small again. */
Test(depot, magazines_get_larger_and_small_again)
{
	struct mp_magazine *magazine = magazine_with(ROUNDS);
	struct mp_page *page[ROUNDS];

	memcpy(page, magazine->round, sizeof page);
	cr_assert_eq(mp_magazine_fit(magazine, ROUNDS), magazine->first);
	cr_assert_eq(mp_magazine_fit(magazine, ROUNDS + 1), magazine->many);
	cr_assert_eq(magazine->round, magazine->many);
	cr_assert_arr_eq(magazine->round, page, sizeof page);
	cr_assert_eq(mp_magazine_fit(magazine, ROUNDS), magazine->many);
	for (uint32_t i = 0; i < ROUNDS; i++)
		mp_depot_push_loose(&depot, 0, page[i]);
	mp_magazine_set_count(magazine, 0);
	cr_assert_eq(mp_magazine_fit(magazine, ROUNDS), magazine->first);
}

/* Or where they end would be where others begin. */
Test(depot, many_rounds_lie_apart)
{
	struct mp_magazine *one = magazine_with(0), *other = magazine_with(0);
	ptrdiff_t apart = other->many - one->many;

	cr_assert_geq(apart < 0 ? -apart : apart, ROUNDS_MOST);
}

Test(depot, gives_what_it_got)
{
	struct mp_magazine *full = magazine_with(ROUNDS);
	struct mp_magazine *part = magazine_with(1);
	struct mp_magazine *empty = magazine_with(0);

	mp_depot_give(&depot, 0, full, &trip);
	mp_depot_give(&depot, 0, part, &trip);
	mp_depot_give(&depot, 0, empty, &trip);
	mp_depot_give(&depot, 0, NULL, &trip);
	cr_assert_eq(mp_depot_content(&depot).pages, ROUNDS + 1);
	cr_assert_eq(mp_depot_content(&depot).full, 2);
	cr_assert_eq(mp_depot_content(&depot).empty, 1);
	cr_assert_eq(mp_depot_take_full(&depot, 0, &trip), part);
	cr_assert_eq(mp_depot_take_full(&depot, 0, &trip), full);
	cr_assert_null(mp_depot_take_full(&depot, 0, &trip));
	cr_assert_eq(mp_depot_take_empty(&depot, 0, &trip), empty);
	cr_assert_null(mp_depot_take_empty(&depot, 0, &trip));
	cr_assert_eq(mp_depot_content(&depot).pages, 0);
	cr_assert_eq(trip.exchanges, 4);
}

Test(depot, other_shards_are_asked_in_turn)
{
	struct mp_magazine *one = magazine_with(ROUNDS);
	struct mp_magazine *two = magazine_with(ROUNDS);

	mp_depot_give_full(&depot, 1, one, &trip);
	mp_depot_give_full(&depot, 2, two, &trip);
	cr_assert_eq(mp_depot_take_full(&depot, 2, &trip), two);
	cr_assert_eq(mp_depot_take_full(&depot, 2, &trip), one);
}

Test(depot, shards_of_the_own_node_come_first)
{
	struct mp_magazine *given[6];

	mp_depot_init(&depot, ROUNDS, ROUNDS_MOST, 6, 3, 100);
	for (uint32_t i = 0; i < 6; i++) {
		given[i] = magazine_with(1);
		mp_depot_give_full(&depot, i, given[i], &trip);
	}
	/* From the second one of the second node. */
	for (uint32_t i = 0; i < 6; i++) {
		static const uint32_t order[] = { 3, 2, 5, 4, 1, 0 };

		cr_assert_eq(mp_depot_take_full(&depot, 3, &trip),
			     given[order[i]]);
	}
}

Test(depot, each_node_has_as_many_shards)
{
	static const struct {
		uint32_t shards, nodes, all, each;
	} rows[] = {
		{ 1, 1, 1, 1 },     { 64, 1, 64, 64 }, { 1, 2, 1, 1 },
		{ 2, 2, 2, 1 },     { 3, 2, 4, 2 },    { 64, 6, 60, 10 },
		{ 61, 6, 60, 10 },  { 60, 6, 60, 10 }, { 64, 64, 64, 1 },
		{ 63, 64, 63, 63 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		mp_depot_init(&depot, ROUNDS, ROUNDS_MOST, rows[i].shards,
			      rows[i].nodes, 100);
		cr_assert_eq(depot.shards, rows[i].all, "%zu", i);
		cr_assert_eq(depot.node_shards, rows[i].each, "%zu", i);
	}
}

Test(depot, loose_pages_come_back_all)
{
	struct mp_page *in[10];
	struct mp_page *out[10];
	uint32_t n = 0;

	for (uint32_t i = 0; i < 10; i++) {
		in[i] = mp_slabs_take(&slabs, &trip);
		mp_depot_push_loose(&depot, i % 3, in[i]);
	}
	cr_assert_eq(mp_depot_content(&depot).loose, 10);
	while (n < 10) {
		uint32_t got = mp_depot_take_loose(&depot, 1, out + n, 3);

		cr_assert(got >= 1 && got <= 3);
		n += got;
	}
	cr_assert_eq(mp_depot_take_loose(&depot, 1, out, 3), 0);
	cr_assert_eq(mp_depot_content(&depot).loose, 0);
	for (int i = 0; i < 10; i++) {
		int found = 0;

		for (int j = 0; j < 10; j++)
			found += in[i] == out[j];
		cr_assert_eq(found, 1);
	}
}

Test(depot, over_means_that_one_more_magazine_passes_the_limit)
{
	cr_assert_not(mp_depot_is_over(&depot, ROUNDS));
	for (int i = 0; i < 24; i++)
		mp_depot_give_full(&depot, 0, magazine_with(ROUNDS), &trip);
	cr_assert_not(mp_depot_is_over(&depot, ROUNDS),
		      "96 + 4 pages are allowed");
	cr_assert(mp_depot_is_over(&depot, ROUNDS + 1),
		  "one that was filled when they were larger is not");
	mp_depot_give_full(&depot, 0, magazine_with(1), &trip);
	cr_assert(mp_depot_is_over(&depot, ROUNDS));
}

Test(depot, may_have_no_limit)
{
	mp_depot_init(&depot, ROUNDS, ROUNDS_MOST, 3, 1, UINT64_MAX);
	for (int i = 0; i < 100; i++)
		mp_depot_give_full(&depot, 0, magazine_with(ROUNDS), &trip);
	cr_assert_not(mp_depot_is_over(&depot, UINT32_MAX));
}

Test(depot, provides_a_magazine_for_every_page)
{
	mp_depot_provide(&depot, 0, 10, 2, &trip);
	/* ceil(10 / 4) + 2 * 2 + 3 shards */
	cr_assert_eq(mp_table_count(&depot.magazines.table), 10);
	cr_assert_eq(mp_depot_content(&depot).empty, 10);
	mp_depot_provide(&depot, 0, 10, 2, &trip);
	cr_assert_eq(mp_table_count(&depot.magazines.table), 10);
}

/* ---- what others see of it ----------------------------------------------- */

enum { THREADS = 4, SECONDS_MOST = 20 };

static struct mp_live_lists shown[2];
static _Atomic unsigned int failures;

/* Until somebody was late once, and then some more. */
static void *meet(void *argument)
{
	time_t end = time(NULL) + SECONDS_MOST;
	unsigned int shard = *(unsigned int *)argument;
	struct mp_trip mine = { 0, 0, 0 };

	for (int i = 0;
	     i < 100000 || (!mp_load_relaxed(&failures) && time(NULL) < end);
	     i++) {
		struct mp_magazine *magazine =
			mp_depot_take_full(&depot, shard, &mine);

		if (magazine)
			mp_depot_give_empty(&depot, shard, magazine, &mine);
		magazine = mp_depot_take_empty(&depot, shard, &mine);
		if (magazine)
			mp_depot_give_full(&depot, shard, magazine, &mine);
		mp_add_relaxed(&failures, mine.cas_failures);
		mine.cas_failures = 0;
	}
	return NULL;
}

Test(depot, each_shard_shows_what_it_took_twice, .timeout = 60)
{
	pthread_t thread[THREADS];
	static unsigned int first;

	mp_shard_show(&depot.shard[0], &shown[0]);
	mp_shard_show(&depot.shard[1], &shown[1]);
	for (int i = 0; i < THREADS; i++)
		mp_depot_give_empty(&depot, 0, magazine_with(0), &trip);
	for (int i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, meet, &first), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	cr_assert_gt(failures, 0);
	cr_assert_eq(shown[0].cas_failures, failures);
	cr_assert_eq(shown[1].cas_failures, 0);
	mp_shard_show(&depot.shard[0], NULL);
	mp_shard_show(&depot.shard[1], NULL);
}
