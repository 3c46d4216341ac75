/* SPDX-License-Identifier: MIT */
/* Requests above a page: kept while they are needed, and no longer. */
#include "unit.h"

#define MIB ((size_t)1 << 20)
#define HUGE_BYTES (64 * MIB)
#define USES 32 /* without need, after which a block goes */

static struct magpool *pool;

static void setup(void)
{
	pool = unit_pool(.retain_bytes = 128 * MIB);
}

static void teardown(void)
{
	unit_sums(pool);
	unit_end(pool);
}

TestSuite(large, .init = setup, .fini = teardown);

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

Test(large, one_huge_call_and_then_small_ones)
{
	use(100);
	use(HUGE_BYTES);
	uses(USES - 1, 100);
	cr_assert_geq(mapped(), HUGE_BYTES, "kept for the next one");
	use(100);
	cr_assert_leq(mapped(), MIB);
	/* And it is an arena like any other again. */
	cr_assert_eq(sums_read(pool).pages_created, 1);
	use(HUGE_BYTES);
	cr_assert_eq(sums_read(pool).blocks_mapped, 2);
}

Test(large, what_is_needed_now_and_then_stays)
{
	use(HUGE_BYTES);
	for (int i = 0; i < 20; i++) {
		uses(USES - 1, 3000);
		use(HUGE_BYTES);
	}
	cr_assert_eq(sums_read(pool).blocks_mapped, 1);
	cr_assert_eq(sums_read(pool).blocks_reused, 20);
}

Test(large, a_small_request_does_not_keep_a_huge_block)
{
	use(HUGE_BYTES);
	uses(USES, 8192);
	cr_assert_leq(mapped(), MIB);
	uses(1000, 8192);
	cr_assert_eq(sums_read(pool).blocks_mapped, 2);
}

/* Each has its own count: one goes, and the other one stays. */
Test(large, each_block_by_itself)
{
	struct magpool_arena *arena = unit_get(pool);

	cr_assert_not_null(magpool_alloc(arena, 8 * MIB));
	cr_assert_not_null(magpool_alloc(arena, 100000));
	magpool_return(arena);
	for (int i = 0; i < 100; i++) {
		use(90000);
		cr_assert(mapped() >= 8 * MIB || i >= USES - 1);
	}
	cr_assert_leq(mapped(), MIB);
	cr_assert_eq(sums_read(pool).blocks_mapped, 2);
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

/* Resets and rewinds are the end of a use too, and of a block's. */
Test(large, by_reset_and_by_rewind)
{
	struct magpool_arena *arena = unit_get(pool);
	void *mark = magpool_mark(arena);

	cr_assert_not_null(magpool_alloc(arena, HUGE_BYTES));
	magpool_rewind(arena, mark);
	cr_assert_geq(mapped(), HUGE_BYTES);
	for (int i = 0; i < USES; i++) {
		cr_assert_not_null(magpool_alloc(arena, 1));
		magpool_reset(arena);
	}
	cr_assert_leq(mapped(), MIB);
	magpool_return(arena);
}

Test(large, not_beyond_the_limit_of_an_arena)
{
	use(200 * MIB);
	cr_assert_leq(mapped(), MIB, "gone at once");
}

Test(large, trim_takes_what_lies_in_the_depot)
{
	use(HUGE_BYTES);
	magpool_thread_flush(pool);
	cr_assert_geq(magpool_trim(pool), HUGE_BYTES);
	cr_assert_leq(mapped(), MIB);
}
