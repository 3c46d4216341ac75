/* SPDX-License-Identifier: MIT */
/* Statistics: sizes, names, the table, and counters that never fall. */
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unit.h"

#define WORDS (sizeof(struct magpool_stats) / sizeof(uint64_t))

static struct magpool *used_pool(void)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arenas[50];

	for (size_t i = 0; i < LENGTH(arenas); i++) {
		arenas[i] = unit_get(pool);
		cr_assert_not_null(magpool_alloc(arenas[i], 3000));
		cr_assert_not_null(magpool_alloc(arenas[i], 3000));
		cr_assert_not_null(magpool_alloc(arenas[i], 10000));
	}
	for (size_t i = 0; i < LENGTH(arenas); i++)
		magpool_return(arenas[i]);
	return pool;
}

Test(stats, size_of_an_older_program)
{
	struct magpool *pool = used_pool();
	struct magpool_stats whole = sums_read(pool);

	for (size_t size = 0; size <= sizeof whole; size += 8) {
		unsigned char out[sizeof whole];

		memset(out, 0x5a, sizeof out);
		cr_assert_eq(magpool_stats_read(pool, (void *)out, size),
			     sizeof whole);
		cr_assert_arr_eq(out, (unsigned char *)&whole, size);
		cr_assert(unit_all(out + size, sizeof out - size, 0x5a));
	}
	unit_end(pool);
}

/* How much there is to read. */
Test(stats, into_nothing)
{
	struct magpool_stats stats = { .gets = UNTOUCHED };

	cr_assert_eq(magpool_stats_read(NULL, NULL, 0), sizeof stats);
	cr_assert_eq(magpool_stats_read(NULL, NULL, sizeof stats),
		     sizeof stats);
	cr_assert_eq(magpool_stats_read(NULL, &stats, 0), sizeof stats);
	cr_assert_eq(stats.gets, UNTOUCHED);
}

Test(stats, size_of_a_newer_program)
{
	struct magpool *pool = used_pool();
	struct magpool_stats whole = sums_read(pool);
	struct {
		struct magpool_stats known;
		uint64_t added[5];
	} out;

	memset(&out, 0x5a, sizeof out);
	cr_assert_eq(magpool_stats_read(pool, &out.known, sizeof out),
		     sizeof whole);
	cr_assert_arr_eq((char *)&out.known, (char *)&whole, sizeof whole);
	cr_assert(unit_all(out.added, sizeof out.added, 0));
	unit_end(pool);
}

Test(stats, counts)
{
	struct magpool *pool = used_pool();
	struct magpool_stats s = sums_read(pool);

	cr_assert_eq(s.gets, 50);
	cr_assert_eq(s.returns, 50);
	cr_assert_eq(s.chained, 50);
	cr_assert_eq(s.unchained, 49, "the one in the slot keeps its page");
	cr_assert_eq(s.blocks_mapped, 50);
	cr_assert_leq(s.blocks_held, 50);
	cr_assert_gt(s.blocks_held, 0);
	cr_assert_eq(s.pages_created, 100);
	cr_assert_gt(s.overflows, 0);
	cr_assert_gt(s.exchanges, 0);
	cr_assert_eq(s.page_size, 4096);
	cr_assert_eq(s.caches, 1);
	cr_assert_geq(s.shards, 1);
	cr_assert_leq(s.membarrier, 1);
	cr_assert_geq(s.bytes_mapped, 409600);
	cr_assert_eq(s.misuse + s.refusals, 0);
	unit_end(pool);
}

Test(stats, names)
{
	for (size_t i = 0; i < WORDS; i++) {
		const char *name = magpool_stats_name(i);

		cr_assert_not_null(name, "word %zu", i);
		cr_assert_gt(strlen(name), 0);
		for (size_t j = 0; j < i; j++)
			cr_assert_str_neq(name, magpool_stats_name(j));
	}
	cr_assert_null(magpool_stats_name(WORDS));
	cr_assert_null(magpool_stats_name(SIZE_MAX));
}

/* The names are those of the struct, in its order. */
Test(stats, names_are_those_of_the_members)
{
#define NAME(member)                                                        \
	cr_assert_str_eq(                                                   \
		magpool_stats_name(offsetof(struct magpool_stats, member) / \
				   sizeof(uint64_t)),                       \
		#member)
	NAME(gets);
	NAME(returns);
	NAME(limit_trips);
	NAME(cas_failures);
	NAME(pages_created);
	NAME(magazines_made);
	NAME(misuse);
	NAME(refusals);
	NAME(arenas_out);
	NAME(pages_loose);
	NAME(bytes_peak);
	NAME(membarrier);
}

static char *table_of(const struct magpool *pool)
{
	int file = memfd_create("table", 0);
	char *table = calloc(1, 65536);

	cr_assert_eq(magpool_stats_print(pool, file), 0);
	cr_assert_gt(pread(file, table, 65535, 0), 0);
	close(file);
	return table;
}

Test(stats, table)
{
	struct magpool *pool = used_pool();
	char *table = table_of(pool), *sum = table_of(NULL);

	cr_assert_gt(count_lines(table), 10);
	cr_assert_not_null(strstr(table, "gets"), "%s", table);
	cr_assert_not_null(strstr(table, "50"), "%s", table);
	cr_assert_not_null(strstr(sum, "gets"), "%s", sum);
	free(table);
	free(sum);
	unit_end(pool);
}

Test(stats, table_to_where_it_cannot_go)
{
	int ends[2];

	cr_assert_eq(magpool_stats_print(NULL, -1), -EBADF);
	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(magpool_stats_print(NULL, ends[0]), -EBADF);
	close(ends[0]);
	close(ends[1]);
}

/*
 * Gauges go up and down; these do not.  Magazines are those that exist: an
 * ended pool takes its own along.
 */
#define COUNTERS offsetof(struct magpool_stats, arenas_out)
#define MAGAZINES offsetof(struct magpool_stats, magazines_made)

static void check_no_fall(const struct magpool_stats *before,
			  const struct magpool_stats *after)
{
	const uint64_t *a = (const void *)before, *b = (const void *)after;

	for (size_t i = 0; i < COUNTERS / sizeof *a; i++) {
		if (i != MAGAZINES / sizeof *a)
			cr_assert_leq(a[i], b[i], "%s fell",
				      magpool_stats_name(i));
	}
}

Test(stats, shards_hold_what_the_depot_holds)
{
	struct magpool *pool = used_pool();
	struct magpool_shard_stats shard[64], sum = { 0, 0, 0, 0 };
	struct magpool_stats s;
	size_t count;

	magpool_thread_flush(pool);
	s = sums_read(pool);
	count = magpool_stats_shards(pool, shard, 64);
	cr_assert_eq(count, s.shards);
	for (size_t i = 0; i < count; i++) {
		sum.full += shard[i].full;
		sum.empty += shard[i].empty;
		sum.pages += shard[i].pages;
		sum.loose += shard[i].loose;
	}
	cr_assert_gt(s.pages_depot, 0);
	cr_assert_eq(sum.full, s.magazines_full);
	cr_assert_eq(sum.empty, s.magazines_empty);
	cr_assert_eq(sum.pages, s.pages_depot);
	cr_assert_eq(sum.loose, s.pages_loose);
	cr_assert_eq(magpool_stats_shards(pool, NULL, 0), count);
	cr_assert_geq(magpool_stats_shards(NULL, NULL, 0), 1);
	unit_end(pool);
}

Test(stats, nothing_falls_when_a_pool_ends)
{
	struct magpool_stats before = sums_read(NULL), after;

	for (size_t i = 0; i < 20; i++) {
		struct magpool *pool = used_pool();

		after = sums_read(NULL);
		check_no_fall(&before, &after);
		before = after;
		if (i & 1)
			cr_assert_eq(magpool_destroy(&pool), 0);
		else
			magpool_abandon(&pool);
		after = sums_read(NULL);
		check_no_fall(&before, &after);
		before = after;
	}
	cr_assert_eq(after.gets, 1000);
	cr_assert_eq(after.returns, 1000);
	unit_sums(NULL);
}

static void use_some(void *pool)
{
	for (size_t i = 0; i < 100; i++)
		magpool_return(unit_get(pool));
}

Test(stats, nothing_falls_when_a_thread_or_cache_ends)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_stats before = sums_read(pool), after;

	for (size_t i = 1; i <= 50; i++) {
		struct magpool_cache *cache = magpool_cache_create(pool);

		crowd_one(use_some, pool);
		magpool_cache_return(cache, magpool_cache_get(cache));
		magpool_cache_destroy(&cache);
		after = sums_read(pool);
		check_no_fall(&before, &after);
		cr_assert_eq(after.gets, 101 * i);
		before = after;
	}
	unit_end(pool);
}

/* ---- under load ---------------------------------------------------------- */

struct load {
	struct magpool *pool;
	atomic_size_t role, running;
};

static void read_or_work(void *argument)
{
	struct load *load = argument;

	if (atomic_fetch_add(&load->role, 1)) {
		for (size_t i = 0; i < 200; i++) {
			struct magpool *pool = used_pool();

			use_some(load->pool);
			cr_assert_eq(magpool_destroy(&pool), 0);
		}
		atomic_fetch_sub(&load->running, 1);
	} else {
		struct magpool_stats before = sums_read(load->pool);
		struct magpool_stats all = sums_read(NULL), after;

		while (atomic_load(&load->running)) {
			after = sums_read(load->pool);
			check_no_fall(&before, &after);
			before = after;
			after = sums_read(NULL);
			check_no_fall(&all, &after);
			all = after;
		}
	}
}

Test(stats, nothing_falls_under_load, .timeout = 30)
{
	struct load load = { .pool = unit_pool(0), .running = 3 };

	crowd_run(4, read_or_work, &load);
	unit_end(load.pool);
	unit_sums(NULL);
}

Test(stats, blocks_that_there_are)
{
	struct magpool *pool = unit_pool(.retain_bytes = 1);
	struct magpool_arena *arena = unit_get(pool);

	for (uint64_t i = 1; i <= 5; i++) {
		cr_assert_not_null(magpool_alloc(arena, 10000));
		cr_assert_eq(sums_read(pool).blocks_held, i);
	}
	magpool_return(arena);
	cr_assert_eq(sums_read(pool).blocks_held, 0);
	unit_end(pool);
}

Test(stats, grace_periods)
{
	struct magpool_stats before = sums_read(NULL);
	struct magpool_stats after;

	unit_end(unit_pool(0));
	after = sums_read(NULL);
	cr_assert_eq(after.grace_periods, before.grace_periods + 1);
	cr_assert_gt(after.grace_nanoseconds, before.grace_nanoseconds);
	cr_assert_lt(after.grace_nanoseconds, UINT64_C(60000000000));
}
