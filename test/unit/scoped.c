/* SPDX-License-Identifier: MIT */
/* MAGPOOL_SCOPED: returned however the scope is left. */
#include "unit.h"

static uint64_t out(void)
{
	return sums_read(NULL).arenas_out;
}

static int leave(int way)
{
	for (int i = 0; i < 3; i++) {
		MAGPOOL_SCOPED(arena);

		cr_assert_eq(out(), 1);
		cr_assert_not_null(magpool_alloc(arena, 5000));
		if (way == 1)
			break;
		if (way == 2)
			return 2;
		if (way == 3)
			goto end;
	}
	cr_assert_eq(out(), 0);
end:
	return 1;
}

Test(scoped, every_way_out)
{
	for (int way = 0; way < 4; way++) {
		leave(way);
		cr_assert_eq(out(), 0);
	}
	unit_sums(magpool_default());
}

Test(scoped, from_a_pool)
{
	struct magpool *pool = unit_pool(0);

	{
		MAGPOOL_SCOPED_FROM(first, pool);
		MAGPOOL_SCOPED_FROM(second, pool);

		cr_assert_neq(first, second);
		cr_assert_eq(sums_read(pool).arenas_out, 2);
	}
	unit_end(pool);
}

Test(scoped, handed_over)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *mine;

	{
		MAGPOOL_SCOPED_FROM(arena, pool);

		mine = arena;
		arena = NULL;
	}
	cr_assert_eq(sums_read(pool).arenas_out, 1);
	cr_assert_not_null(magpool_alloc(mine, 10));
	magpool_return(mine);
	unit_end(pool);
}

Test(scoped, of_nothing)
{
	{
		MAGPOOL_SCOPED_FROM(arena, NULL);

		cr_assert_null(arena);
		cr_assert_eq(errno, EINVAL);
	}
	cr_assert_eq(sums_read(NULL).misuse, 0);
}

Test(scoped, keeps_errno)
{
	{
		MAGPOOL_SCOPED(arena);

		cr_assert_not_null(arena);
		errno = UNTOUCHED;
	}
	cr_assert_eq(errno, UNTOUCHED);
}
