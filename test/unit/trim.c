/* SPDX-License-Identifier: MIT */
/* Memory goes back to the system, and comes again. */
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "unit.h"
#include "upstream.h"

#define BURST 10000ul

static struct magpool_arena *arenas[BURST];

static void burst(struct magpool *pool, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *p;

		arenas[i] = unit_get(pool);
		p = magpool_alloc(arenas[i], 4096);
		cr_assert_not_null(p);
		memset(p, (int)i, 4096);
	}
	for (size_t i = 0; i < count; i++)
		magpool_return(arenas[i]);
}

Test(trim, gives_a_burst_back)
{
	struct magpool *pool = unit_pool(0);
	size_t before = unit_resident(), full, after, given;

	for (size_t round = 0; round < 3; round++) {
		burst(pool, BURST);
		full = unit_resident();
		cr_assert_geq(full, before + BURST * 4096);
		magpool_thread_flush(pool);
		given = magpool_trim(pool);
		after = unit_resident();
		cr_assert_geq(given, BURST * 4096 / 4 * 3);
		cr_assert_leq(after, before + (full - before) / 4,
			      "%zu before, %zu full, %zu after", before, full,
			      after);
		cr_assert_eq(sums_read(pool).pages_depot, 0);
		cr_assert_eq(sums_read(pool).pages_loose, 0);
		unit_sums(pool);
	}
	unit_end(pool);
}

/* Not only what the depot holds: with the second one this thread is idle. */
Test(trim, two_give_all_of_a_burst_back)
{
	struct magpool *pool = unit_pool(0);
	size_t before = unit_resident(), full, after;
	uint64_t state = 42;

	for (size_t i = 0; i < BURST; i++) {
		arenas[i] = unit_get(pool);
		memset(magpool_alloc(arenas[i], 4096), (int)i, 4096);
	}
	full = unit_resident();
	for (size_t n = BURST; n;) {
		size_t i = random_below(&state, n);

		magpool_return(arenas[i]);
		arenas[i] = arenas[--n];
	}
	magpool_trim(pool);
	magpool_trim(pool);
	after = unit_resident();
	cr_assert_geq(full, before + BURST * 4096);
	cr_assert(SANITIZED || after <= before + before / 20 + (1 << 20),
		  "%zu before, %zu full, %zu after", before, full, after);
	cr_assert_eq(sums_read(pool).pages_cached, 0);
	unit_end(pool);
}

Test(trim, is_counted)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_stats stats;
	size_t given;

	burst(pool, 1000);
	magpool_thread_flush(pool);
	given = magpool_trim(pool);
	stats = sums_read(pool);
	cr_assert_gt(given, 0);
	cr_assert_eq(stats.trimmed_bytes, given);
	cr_assert_gt(stats.trim_trips, 0);
	cr_assert_eq(stats.pages_given_back, 1000);
	cr_assert_eq(magpool_trim(pool), 0, "there is no more");
	unit_end(pool);
}

Test(trim, leaves_the_magazines_of_threads)
{
	struct magpool *pool = unit_pool(0);
	uint64_t cached;

	burst(pool, 100);
	cached = sums_read(pool).pages_cached;
	cr_assert_gt(cached, 0);
	magpool_trim(pool);
	cr_assert_eq(sums_read(pool).pages_cached, cached);
	unit_end(pool);
}

Test(trim, of_every_pool)
{
	struct magpool *one = unit_pool(0), *two = unit_pool(0);

	burst(one, 1000);
	burst(two, 1000);
	magpool_thread_flush(NULL);
	cr_assert_geq(magpool_trim(NULL), BURST * 4096 / 8);
	cr_assert_eq(sums_read(one).pages_depot, 0);
	cr_assert_eq(sums_read(two).pages_depot, 0);
	unit_end(one);
	unit_end(two);
}

/* What is out stays as it is, between pages that went. */
Test(trim, around_arenas_that_are_out)
{
	struct magpool *pool = unit_pool(0);
	char *bytes[100];

	for (size_t i = 0; i < 1000; i++)
		arenas[i] = unit_get(pool);
	for (size_t i = 0; i < 1000; i++) {
		if (i % 10) {
			magpool_return(arenas[i]);
			continue;
		}
		bytes[i / 10] = magpool_alloc(arenas[i], 4096);
		memset(bytes[i / 10], (int)(i / 10), 4096);
	}
	magpool_thread_flush(pool);
	cr_assert_gt(magpool_trim(pool), 0);
	for (size_t i = 0; i < 100; i++) {
		cr_assert(unit_all(bytes[i], 4096, (int)i));
		magpool_return(arenas[i * 10]);
	}
	unit_end(pool);
}

/* A host's own memory is not for madvise; whole slabs can go. */
Test(trim, with_an_upstream)
{
	struct upstream upstream = UPSTREAM_INIT;
	struct magpool *pool = unit_pool(UPSTREAM_OPTIONS(&upstream));

	for (size_t round = 0; round < 5; round++) {
		burst(pool, 1000);
		magpool_thread_flush(pool);
		magpool_trim(pool);
		unit_sums(pool);
	}
	unit_end(pool);
	cr_assert_eq(upstream.bytes, 0);
	cr_assert_eq(upstream.faults, 0);
}

/* The depot keeps no more than it may, one magazine a trip. */
Test(trim, by_the_limit_of_the_depot)
{
	struct magpool *pool = unit_pool(.depot_bytes = 1 << 20);
	struct magpool_stats stats;

	for (size_t round = 0; round < 5; round++)
		burst(pool, BURST / 4);
	stats = sums_read(pool);
	cr_assert_gt(stats.limit_trips, 0);
	cr_assert_gt(stats.pages_given_back, 0);
	cr_assert_leq((stats.pages_depot + stats.pages_loose) * 4096,
		      (1 << 20) + 16 * 4096);
	unit_end(pool);
}

/* ---- while others work --------------------------------------------------- */

struct work {
	struct magpool *pool;
	atomic_size_t role, running;
};

static void trim_or_work(void *argument)
{
	struct work *work = argument;
	struct magpool_arena *mine[100];

	if (!atomic_fetch_add(&work->role, 1)) {
		while (atomic_load(&work->running))
			magpool_trim(work->pool);
		return;
	}
	for (size_t round = 0; round < 300; round++) {
		for (size_t i = 0; i < LENGTH(mine); i++) {
			char *p;

			mine[i] = unit_get(work->pool);
			p = magpool_alloc(mine[i], 4096);
			cr_assert_not_null(p);
			memset(p, (int)i, 4096);
		}
		for (size_t i = 0; i < LENGTH(mine); i++)
			magpool_return(mine[i]);
	}
	atomic_fetch_sub(&work->running, 1);
}

Test(trim, while_others_work, .timeout = 60)
{
	struct work work = { .pool = unit_pool(0), .running = 3 };

	crowd_run(4, trim_or_work, &work);
	cr_assert_eq(sums_read(work.pool).gets, 90000);
	unit_end(work.pool);
}
