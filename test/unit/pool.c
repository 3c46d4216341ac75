/* SPDX-License-Identifier: MIT */
/* Pools: create, destroy, abandon, options, upstream. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unit.h"
#include "upstream.h"

#define OPTIONS_SIZE sizeof(struct magpool_options)

Test(pool, create_and_destroy)
{
	struct magpool *pool = magpool_create(NULL);
	struct magpool_stats stats;

	cr_assert_not_null(pool);
	cr_assert_neq(pool, magpool_default());
	stats = sums_read(pool);
	cr_assert_eq(stats.page_size, 4096);
	cr_assert_eq(stats.magazine_rounds, 16);
	cr_assert_eq(stats.gets, 0);
	magpool_return(unit_get(pool));
	unit_end(pool);
}

Test(pool, the_default_pool)
{
	struct magpool *pool = magpool_default();
	struct magpool_arena *arena = magpool_get();

	cr_assert_not_null(pool);
	cr_assert_eq(pool, magpool_default());
	cr_assert_not_null(arena);
	cr_assert_eq(sums_read(pool).arenas_out, 1);
	magpool_return(arena);
	unit_sums(pool);
	cr_assert_eq(magpool_destroy(&pool), -EINVAL);
	cr_assert_eq(pool, magpool_default());
}

Test(pool, get_from_no_pool)
{
	errno = 0;
	cr_assert_null(magpool_get_from(NULL));
	cr_assert_eq(errno, EINVAL);
}

Test(pool, return_of_null)
{
	magpool_return(NULL);
	cr_assert_eq(sums_read(NULL).misuse, 0);
}

Test(pool, destroy_of_no_pool)
{
	struct magpool *none = NULL;

	cr_assert_eq(magpool_destroy(&none), -EINVAL);
	cr_assert_eq(magpool_destroy(NULL), -EINVAL);
}

Test(pool, destroy_with_arenas_out)
{
	struct magpool *pool = unit_pool(0);
	struct magpool *same = pool;
	struct magpool_arena *arena = unit_get(pool);

	cr_assert_eq(magpool_destroy(&pool), -EBUSY);
	cr_assert_eq(pool, same);
	cr_assert_not_null(magpool_alloc(arena, 10000));
	magpool_return(unit_get(pool));
	magpool_return(arena);
	unit_end(pool);
}

Test(pool, destroy_with_an_explicit_cache)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_cache *cache = magpool_cache_create(pool);

	cr_assert_not_null(cache);
	cr_assert_eq(magpool_destroy(&pool), -EBUSY);
	cr_assert_not_null(pool);
	magpool_cache_return(cache, magpool_cache_get(cache));
	magpool_cache_destroy(&cache);
	unit_end(pool);
}

/* ---- the extension rule -------------------------------------------------- */

/* The options of a program that is newer than the library. */
struct newer_options {
	struct magpool_options known;
	uint64_t added[3];
};

static struct magpool *create(const void *options)
{
	errno = 0;
	return magpool_create(options);
}

Test(pool, options_of_an_older_program)
{
	/* All that it does not know would be refused. */
	struct magpool_options options = {
		.page_size = 2048,
		.magazine_rounds = SIZE_MAX,
		.max_bytes = 1,
		.flags = UINT64_MAX,
	};
	struct magpool *pool;

	options.size = offsetof(struct magpool_options, magazine_rounds);
	pool = create(&options);
	cr_assert_not_null(pool);
	cr_assert_eq(sums_read(pool).page_size, 2048);
	cr_assert_eq(sums_read(pool).magazine_rounds, 16);
	magpool_return(unit_get(pool));
	unit_end(pool);
	options.size = sizeof options.size;
	pool = create(&options);
	cr_assert_not_null(pool);
	cr_assert_eq(sums_read(pool).page_size, 4096);
	unit_end(pool);
}

Test(pool, options_of_a_newer_program)
{
	struct newer_options options = {
		.known = { .size = sizeof options, .page_size = 8192 },
	};
	struct magpool *pool = create(&options);

	cr_assert_not_null(pool);
	cr_assert_eq(sums_read(pool).page_size, 8192);
	unit_end(pool);
	for (size_t i = 0; i < sizeof options.added; i++) {
		memset(options.added, 0, sizeof options.added);
		((char *)options.added)[i] = 1;
		cr_assert_null(create(&options));
		cr_assert_eq(errno, E2BIG);
	}
}

Test(pool, options_out_of_range)
{
	static const struct magpool_options bad[] = {
		{ .size = 0 },
		{ .size = OPTIONS_SIZE, .page_size = 1 },
		{ .size = OPTIONS_SIZE, .page_size = SIZE_MAX },
		{ .size = OPTIONS_SIZE, .magazine_rounds = SIZE_MAX },
		{ .size = OPTIONS_SIZE, .max_bytes = 1 },
		{ .size = OPTIONS_SIZE, .flags = UINT64_C(1) << 63 },
		{ .size = OPTIONS_SIZE,
		  .flags = MAGPOOL_ZERO_ON_RETURN | UINT64_C(1) << 40 },
		{ .size = OPTIONS_SIZE, .map = upstream_map },
		{ .size = OPTIONS_SIZE, .unmap = upstream_unmap },
	};

	for (size_t i = 0; i < LENGTH(bad); i++) {
		cr_assert_null(create(&bad[i]), "case %zu", i);
		cr_assert_eq(errno, EINVAL, "case %zu: errno %d", i, errno);
	}
}

Test(pool, no_limits_at_all)
{
	struct magpool *pool = unit_pool(.cache_bytes = MAGPOOL_NONE,
					 .depot_bytes = MAGPOOL_NONE,
					 .max_bytes = MAGPOOL_NONE,
					 .max_arena_bytes = MAGPOOL_NONE,
					 .retain_bytes = MAGPOOL_NONE);
	struct magpool_arena *arena = unit_get(pool);

	cr_assert_not_null(magpool_alloc(arena, 1 << 20));
	magpool_return(arena);
	unit_end(pool);
}

Test(pool, magazines_of_one)
{
	struct magpool *pool = unit_pool(.magazine_rounds = 1);
	struct magpool_arena *arenas[20];

	cr_assert_eq(sums_read(pool).magazine_rounds, 1);
	for (size_t round = 0; round < 100; round++) {
		for (size_t i = 0; i < LENGTH(arenas); i++)
			arenas[i] = unit_get(pool);
		for (size_t i = 0; i < LENGTH(arenas); i++)
			magpool_return(arenas[(i * 7) % LENGTH(arenas)]);
	}
	cr_assert_eq(sums_read(pool).pages_created, LENGTH(arenas));
	unit_end(pool);
}

Test(pool, strings_are_copied)
{
	char name[] = "original-name";
	struct magpool *pool = unit_pool(.name = name);
	int file = memfd_create("table", 0);
	char table[16384] = "";

	memcpy(name, "overwritten--", sizeof name);
	cr_assert_eq(magpool_stats_print(pool, file), 0);
	cr_assert_gt(pread(file, table, sizeof table - 1, 0), 0);
	cr_assert_not_null(strstr(table, "original-name"), "%s", table);
	cr_assert_null(strstr(table, "overwritten"));
	close(file);
	unit_end(pool);
}

/* A name that somebody took from user input. */
Test(pool, long_names)
{
	char name[5000];
	struct magpool *pool;
	struct magpool_arena *arena;
	struct capture capture;
	char *text;

	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	pool = unit_pool(.name = name);
	arena = unit_get(pool);
	capture_begin(&capture);
	magpool_return(hide(arena));
	magpool_return(hide(arena));
	text = capture_end(&capture);
	cr_assert_eq(count_lines(text), 1);
	free(text);
	unit_end(pool);
}

Test(pool, many_at_once)
{
	struct magpool *pools[60];
	struct magpool_arena *arenas[LENGTH(pools)];

	for (size_t i = 0; i < LENGTH(pools); i++)
		pools[i] = unit_pool(0);
	for (size_t round = 0; round < 10; round++) {
		for (size_t i = 0; i < LENGTH(pools); i++)
			arenas[i] = unit_get(pools[i]);
		for (size_t i = 0; i < LENGTH(pools); i++)
			magpool_return(arenas[LENGTH(pools) - 1 - i]);
	}
	unit_sums(NULL);
	for (size_t i = 0; i < LENGTH(pools); i++) {
		cr_assert_eq(sums_read(pools[i]).returns, 10);
		unit_end(pools[i]);
	}
}

Test(pool, one_after_another)
{
	for (size_t i = 0; i < 2000; i++) {
		struct magpool *pool = unit_pool(0);

		magpool_return(unit_get(pool));
		cr_assert_eq(magpool_destroy(&pool), 0);
	}
	cr_assert_eq(sums_read(NULL).bytes_mapped,
		     sums_read(magpool_default()).bytes_mapped);
}

/* ---- abandon ------------------------------------------------------------- */

Test(pool, abandon_with_nothing_out)
{
	struct upstream upstream = UPSTREAM_INIT;
	struct magpool *pool = unit_pool(UPSTREAM_OPTIONS(&upstream));

	magpool_return(unit_get(pool));
	magpool_abandon(&pool);
	cr_assert_null(pool);
	/* Nothing waits here: what readers may see goes with the trim. */
	magpool_trim(NULL);
	cr_assert_eq(upstream.bytes, 0);
	cr_assert_eq(upstream.faults, 0);
}

Test(pool, abandon_with_arenas_out)
{
	struct upstream upstream = UPSTREAM_INIT;
	struct magpool *pool = unit_pool(UPSTREAM_OPTIONS(&upstream));
	struct magpool_arena *arenas[100];

	for (size_t i = 0; i < LENGTH(arenas); i++)
		arenas[i] = unit_get(pool);
	magpool_abandon(&pool);
	cr_assert_null(pool);
	cr_assert_gt(upstream.bytes, 0);
	for (size_t i = 0; i < LENGTH(arenas); i++) {
		char *p = magpool_alloc(arenas[i], 5000);

		cr_assert_not_null(p);
		memset(p, 'a', 5000);
	}
	for (size_t i = 0; i < LENGTH(arenas); i++) {
		cr_assert_gt(upstream.bytes, 0);
		magpool_return(arenas[i]);
	}
	magpool_trim(NULL);
	cr_assert_eq(upstream.bytes, 0);
	cr_assert_eq(upstream.faults, 0);
	cr_assert_eq(sums_read(NULL).misuse, 0);
}

static void return_it(void *arena)
{
	magpool_return(arena);
}

Test(pool, abandon_ended_by_another_thread)
{
	struct upstream upstream = UPSTREAM_INIT;
	struct magpool *pool = unit_pool(UPSTREAM_OPTIONS(&upstream));
	struct magpool_arena *arena = unit_get(pool);

	magpool_abandon(&pool);
	crowd_one(return_it, arena);
	magpool_trim(NULL);
	cr_assert_eq(upstream.bytes, 0);
	cr_assert_eq(upstream.faults, 0);
}

Test(pool, abandon_with_an_explicit_cache)
{
	struct upstream upstream = UPSTREAM_INIT;
	struct magpool *pool = unit_pool(UPSTREAM_OPTIONS(&upstream));
	struct magpool_cache *cache = magpool_cache_create(pool);
	struct magpool_arena *arena = magpool_cache_get(cache);

	cr_assert_not_null(arena);
	magpool_abandon(&pool);
	magpool_cache_return(cache, arena);
	cr_assert_gt(upstream.bytes, 0);
	magpool_cache_destroy(&cache);
	cr_assert_null(cache);
	magpool_trim(NULL);
	cr_assert_eq(upstream.bytes, 0);
	cr_assert_eq(upstream.faults, 0);
}

Test(pool, abandon_of_what_cannot_be)
{
	struct magpool *pool = magpool_default();
	struct magpool *none = NULL;
	struct capture capture;

	capture_begin(&capture);
	magpool_abandon(&pool);
	magpool_abandon(&none);
	magpool_abandon(NULL);
	free(capture_end(&capture));
	cr_assert_eq(pool, magpool_default());
	cr_assert_eq(sums_read(NULL).misuse, 3);
	magpool_return(magpool_get());
	unit_sums(magpool_default());
}
