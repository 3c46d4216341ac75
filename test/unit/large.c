/* SPDX-License-Identifier: MIT */
/* Requests above a page: blocks are kept while they are needed, no longer. */
#include "unit.h"

#define MIB ((size_t)1 << 20)
#define HUGE_BYTES (64 * MIB)
#define INTERVAL 80 /* ms */

static struct magpool *pool;

static void setup(void)
{
	pool = unit_pool(.retain_bytes = 128 * MIB);
}

static void setup_fast(void)
{
	setenv("MAGPOOL_TRIM_INTERVAL", "80ms", 1);
	setup();
}

static void teardown(void)
{
	unit_sums(pool);
	unit_end(pool);
}

TestSuite(large, .init = setup, .fini = teardown);
TestSuite(large_later, .init = setup_fast, .fini = teardown);

static void use(size_t size)
{
	struct magpool_arena *arena = unit_get(pool);
	char *p = magpool_alloc(arena, size);

	cr_assert_not_null(p);
	memset(p, 1, size);
	magpool_return(arena);
}

static void uses(unsigned int count, size_t size)
{
	while (count--)
		use(size);
}

static size_t mapped(void)
{
	return sums_read(pool).bytes_mapped;
}

/* So many never fit a thread's magazines. */
static void make_a_trip(void)
{
	struct magpool_arena *arena[40];

	for (size_t i = 0; i < LENGTH(arena); i++)
		arena[i] = unit_get(pool);
	for (size_t i = 0; i < LENGTH(arena); i++)
		magpool_return(arena[i]);
}

static void sleep_for(unsigned int intervals)
{
	usleep(intervals * INTERVAL * 1000 + 5000);
}

Test(large_later, one_huge_call_and_then_small_ones)
{
	use(HUGE_BYTES);
	for (int i = 0; i < 2; i++) {
		sleep_for(1);
		uses(1000, 100);
		make_a_trip();
	}
	cr_assert_leq(mapped(), MIB);
	use(HUGE_BYTES);
	cr_assert_eq(sums_read(pool).blocks_mapped, 2);
}

/* Nothing happened in between: one trip, and it is gone. */
Test(large_later, after_two_intervals_and_one_trip)
{
	use(HUGE_BYTES);
	sleep_for(2);
	make_a_trip();
	cr_assert_leq(mapped(), MIB);
}

/* To map one is a trip too. */
Test(large_later, by_the_next_large_one)
{
	use(HUGE_BYTES);
	sleep_for(2);
	use(HUGE_BYTES + MIB);
	cr_assert_leq(mapped(), HUGE_BYTES + 2 * MIB);
}

static void use_both(size_t size, size_t other)
{
	struct magpool_arena *arena = unit_get(pool);

	cr_assert_not_null(magpool_alloc(arena, size));
	cr_assert_not_null(magpool_alloc(arena, other));
	magpool_return(arena);
}

/* Nor does it take a trip where one finds its block each time. */
Test(large_later, while_another_one_is_used_again)
{
	use_both(HUGE_BYTES - 2 * MIB, MIB);
	for (int i = 0; i < 3; i++) {
		sleep_for(1);
		use(MIB);
	}
	cr_assert_leq(mapped(), 3 * MIB);
	cr_assert_eq(sums_read(pool).blocks_mapped, 2);
}

Test(large, what_is_needed_stays)
{
	for (int i = 0; i < 100; i++) {
		uses(100, 3000);
		use(MIB);
	}
	cr_assert_eq(sums_read(pool).blocks_mapped, 1);
	cr_assert_eq(sums_read(pool).blocks_reused, 99);
}

Test(large, any_arena_finds_it)
{
	struct magpool_arena *one = unit_get(pool), *other = unit_get(pool);

	cr_assert_not_null(magpool_alloc(one, MIB));
	magpool_return(one);
	cr_assert_geq(mapped(), MIB);
	cr_assert_not_null(magpool_alloc(other, MIB));
	cr_assert_eq(sums_read(pool).blocks_reused, 1);
	magpool_return(other);
}

/* For ever needed by small requests, it goes with the time all the same. */
Test(large_later, a_small_request_does_not_keep_a_huge_block)
{
	use(HUGE_BYTES);
	for (int i = 0; i < 2; i++) {
		sleep_for(1);
		use(8192);
		make_a_trip();
	}
	use(8192);
	cr_assert_leq(mapped(), MIB);
}

Test(large, the_smallest_that_fits)
{
	static const size_t sizes[] = { 8 * MIB, 30000, 200000, 30000 };

	for (int round = 0; round < 100; round++) {
		struct magpool_arena *arena = unit_get(pool);

		for (size_t i = 0; i < LENGTH(sizes); i++)
			cr_assert_not_null(magpool_alloc(
				arena, sizes[(i + (size_t)round) % 4]));
		magpool_return(arena);
	}
	cr_assert_eq(sums_read(pool).blocks_mapped, LENGTH(sizes));
}

/* Resets and rewinds are the end of a block's use too. */
Test(large, by_reset_and_by_rewind)
{
	struct magpool_arena *arena = unit_get(pool);
	void *mark = magpool_mark(arena);

	cr_assert_not_null(magpool_alloc(arena, MIB));
	magpool_rewind(arena, mark);
	cr_assert_not_null(magpool_alloc(arena, MIB));
	magpool_reset(arena);
	cr_assert_not_null(magpool_alloc(arena, MIB));
	cr_assert_eq(sums_read(pool).blocks_reused, 2);
	magpool_return(arena);
}

Test(large, not_beyond_the_limit_of_an_arena)
{
	use(200 * MIB);
	cr_assert_leq(mapped(), MIB, "gone at once");
}

Test(large, trim_takes_it)
{
	use(HUGE_BYTES);
	cr_assert_geq(magpool_trim(pool), HUGE_BYTES);
	cr_assert_leq(mapped(), MIB);
}
