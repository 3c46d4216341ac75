/* SPDX-License-Identifier: MIT */
/* Reservations: written first, their size said later. */
#include "unit.h"

static struct magpool *pool;
static struct magpool_arena *arena;

static void begin(void)
{
	pool = unit_pool(0);
	arena = unit_get(pool);
}

static void end(void)
{
	cr_assert_eq(sums_read(pool).misuse, 0);
	magpool_return(arena);
	unit_end(pool);
}

TestSuite(reserve, .init = begin, .fini = end);

static char *reserve(size_t max)
{
	size_t used = magpool_used(arena);
	char *bytes = magpool_reserve(arena, max);

	cr_assert_not_null(bytes, "%zu bytes: errno %d", max, errno);
	cr_assert_eq((uintptr_t)bytes % 16, 0);
	cr_assert_eq(magpool_used(arena), used, "a reservation takes nothing");
	return bytes;
}

Test(reserve, commit_takes_what_was_used)
{
	char *bytes = reserve(100);

	memset(bytes, 'r', 100);
	cr_assert_eq(magpool_commit(arena, 50), bytes);
	cr_assert_eq(magpool_used(arena), 64);
	memset(magpool_alloc(arena, 100), 'a', 100);
	cr_assert(unit_all(bytes, 50, 'r'));
}

Test(reserve, commit_of_all_and_of_nothing)
{
	char *bytes = reserve(100);

	cr_assert_eq(magpool_commit(arena, 100), bytes);
	cr_assert_eq(magpool_used(arena), 112);
	bytes = reserve(100);
	cr_assert_eq(magpool_commit(arena, 0), bytes);
	bytes = reserve(0);
	cr_assert_eq(magpool_commit(arena, 0), bytes);
}

Test(reserve, commit_without_reservation)
{
	unit_refused(arena, magpool_commit(arena, 0), EINVAL);
	unit_refused(arena, magpool_commit(arena, 16), EINVAL);
	reserve(32);
	cr_assert_not_null(magpool_commit(arena, 16));
	unit_refused(arena, magpool_commit(arena, 16), EINVAL);
	magpool_reset(arena);
	unit_refused(arena, magpool_commit(arena, 16), EINVAL);
}

/* An error changes nothing: the reservation is still there. */
Test(reserve, commit_of_more)
{
	char *bytes = reserve(100);

	unit_refused(arena, magpool_commit(arena, 101), EINVAL);
	unit_refused(arena, magpool_commit(arena, hide_size(SIZE_MAX)), EINVAL);
	cr_assert_eq(magpool_commit(arena, 100), bytes);
}

static void by_alloc(void)
{
	cr_assert_not_null(magpool_alloc(arena, 16));
}

static void by_empty_alloc(void)
{
	cr_assert_not_null(magpool_alloc(arena, 0));
}

static void by_block(void)
{
	cr_assert_not_null(magpool_alloc(arena, 100000));
}

static void by_strdup(void)
{
	cr_assert_not_null(magpool_strdup(arena, "x"));
}

static void by_aligned(void)
{
	cr_assert_not_null(magpool_alloc_aligned(arena, 64, 64));
}

static void by_reset(void)
{
	magpool_reset(arena);
}

static void by_alloc_and_rewind(void)
{
	void *mark = magpool_mark(arena);

	cr_assert_not_null(magpool_alloc(arena, 16));
	magpool_rewind(arena, mark);
}

Test(reserve, ended_by_any_other_call)
{
	static void (*const calls[])(void) = {
		by_alloc, by_empty_alloc,      by_block, by_strdup, by_aligned,
		by_reset, by_alloc_and_rewind,
	};
	static const size_t sizes[] = { 100, 4096, 100000 };

	for (size_t i = 0; i < LENGTH(calls) * LENGTH(sizes); i++) {
		size_t used;

		cr_assert_not_null(magpool_alloc(arena, 16));
		reserve(sizes[i % LENGTH(sizes)]);
		calls[i / LENGTH(sizes)]();
		used = magpool_used(arena);
		errno = 0;
		cr_assert_null(magpool_commit(arena, 10), "case %zu", i);
		cr_assert_eq(errno, EINVAL);
		cr_assert_eq(magpool_used(arena), used);
		magpool_reset(arena);
	}
}

Test(reserve, the_last_one_counts)
{
	char *bytes;

	reserve(1000);
	bytes = reserve(20);
	unit_refused(arena, magpool_commit(arena, 1000), EINVAL);
	cr_assert_eq(magpool_commit(arena, 20), bytes);
}

Test(reserve, more_than_the_page_has_left)
{
	char *kept = magpool_memdup(arena, "kept", 5);
	char *bytes;

	cr_assert_not_null(magpool_alloc(arena, 4000));
	bytes = reserve(4096);
	memset(bytes, 'r', 4096);
	cr_assert_eq(magpool_commit(arena, 4096), bytes);
	memset(magpool_alloc(arena, 64), 'a', 64);
	cr_assert(unit_all(bytes, 4096, 'r'));
	cr_assert_str_eq(kept, "kept");
}

Test(reserve, more_than_a_page)
{
	for (size_t i = 0; i < 20; i++) {
		char *bytes = reserve(100000);

		memset(bytes, 'r', 100000);
		cr_assert_eq(magpool_commit(arena, 5000 * i), bytes);
		memset(magpool_alloc(arena, 100), 'a', 100);
		memset(magpool_alloc(arena, 20000), 'b', 20000);
		cr_assert(unit_all(bytes, 5000 * i, 'r'));
	}
}

Test(reserve, rewind_over_reservations)
{
	static const size_t sizes[] = { 100, 4096, 100000 };

	cr_assert_not_null(magpool_alloc(arena, 16));
	for (size_t i = 0; i < 30; i++) {
		void *mark = magpool_mark(arena);

		memset(reserve(sizes[i % 3]), 'r', sizes[i % 3]);
		if (i & 1)
			cr_assert_not_null(magpool_commit(arena, 70));
		magpool_rewind(arena, mark);
		cr_assert_eq(magpool_used(arena), 16);
	}
}

/* What was reserved and never taken does not pile up. */
Test(reserve, forgotten_reservations)
{
	for (size_t i = 0; i < 1000; i++) {
		reserve(4096);
		reserve(65536);
		cr_assert_not_null(magpool_alloc(arena, 16));
	}
	cr_assert_lt(sums_read(pool).bytes_mapped, 8 << 20);
}

Test(reserve, impossible)
{
	static const size_t sizes[] = { SIZE_MAX, SIZE_MAX - 15,
					SIZE_MAX - 4096, PTRDIFF_MAX };

	for (size_t i = 0; i < LENGTH(sizes); i++) {
		size_t size = hide_size(sizes[i]);

		unit_refused(arena, magpool_reserve(arena, size), ENOMEM);
		unit_refused(arena, magpool_commit(arena, 1), EINVAL);
	}
}
