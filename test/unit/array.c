/* SPDX-License-Identifier: MIT */
/* Arrays, zeroed memory, the typed macros, memdup. */
#include "unit.h"

struct point {
	double x, y, z;
};

static void dirty(struct magpool_arena *arena)
{
	for (size_t i = 0; i < 4; i++) {
		void *p = magpool_alloc(arena, 4000);

		cr_assert_not_null(p);
		memset(p, 0xa5, 4000);
	}
	magpool_reset(arena);
}

Test(array, products)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);
	static const size_t counts[] = { 0, 1, 3, 100, 5000 };

	for (size_t i = 0; i < LENGTH(counts); i++) {
		size_t before = magpool_used(arena);
		int *p = magpool_alloc_array(arena, counts[i], sizeof *p);

		cr_assert_not_null(p);
		cr_assert_eq((uintptr_t)p % 16, 0);
		cr_assert_geq(magpool_used(arena) - before,
			      counts[i] * sizeof *p);
		memset(p, 1, counts[i] * sizeof *p);
	}
	cr_assert_not_null(magpool_alloc_array(arena, 7, 0));
	magpool_return(arena);
	unit_end(pool);
}

Test(array, products_that_wrap)
{
	static const size_t pairs[][2] = { { SIZE_MAX, 2 },
					   { 2, SIZE_MAX },
					   { SIZE_MAX / 8 + 1, 8 },
					   { (size_t)1 << 32, (size_t)1 << 32 },
					   { SIZE_MAX, SIZE_MAX } };
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);

	for (size_t i = 0; i < LENGTH(pairs); i++) {
		size_t count = hide_size(pairs[i][0]);
		size_t size = hide_size(pairs[i][1]);

		unit_refused(arena, magpool_alloc_array(arena, count, size),
			     EOVERFLOW);
		unit_refused(arena, magpool_zalloc_array(arena, count, size),
			     EOVERFLOW);
	}
	unit_refused(arena,
		     magpool_new_array(arena, struct point,
				       hide_size(SIZE_MAX / 8)),
		     EOVERFLOW);
	/* No wrap, only too much. */
	unit_refused(arena,
		     magpool_alloc_array(arena, hide_size(SIZE_MAX / 4), 3),
		     ENOMEM);
	magpool_return(arena);
	unit_end(pool);
}

Test(array, zeroed_over_dirt)
{
	static const size_t sizes[] = { 1, 16, 100, 3900, 4096, 20000 };
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);

	for (size_t i = 0; i < LENGTH(sizes); i++) {
		dirty(arena);
		cr_assert(
			unit_all(magpool_zalloc(arena, sizes[i]), sizes[i], 0));
		dirty(arena);
		cr_assert(unit_all(magpool_zalloc_array(arena, 3, sizes[i]),
				   3 * sizes[i], 0));
	}
	cr_assert_not_null(magpool_zalloc(arena, 0));
	cr_assert_not_null(magpool_zalloc_array(arena, 0, 8));
	magpool_return(arena);
	unit_end(pool);
}

/* A block that the arena kept was written to in its last life. */
Test(array, zeroed_over_a_used_block)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);

	for (size_t i = 0; i < 5; i++) {
		char *p = magpool_zalloc(arena, 50000);

		cr_assert(unit_all(p, 50000, 0));
		memset(p, 0xa5, 50000);
		magpool_reset(arena);
	}
	magpool_return(arena);
	unit_end(pool);
}

Test(array, typed)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);
	struct point *one, *many;

	dirty(arena);
	one = magpool_new(arena, struct point);
	many = magpool_new_array(arena, struct point, 50);
	cr_assert(unit_all(one, sizeof *one, 0));
	cr_assert(unit_all(many, 50 * sizeof *many, 0));
	cr_assert_eq((char *)many - (char *)one, 32);
	magpool_return(arena);
	unit_end(pool);
}

Test(array, memdup)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);
	char source[9000];
	char *small, *large;

	for (size_t i = 0; i < sizeof source; i++)
		source[i] = (char)(i * 7);
	small = magpool_memdup(arena, source, 100);
	large = magpool_memdup(arena, source, sizeof source);
	cr_assert_arr_eq(small, source, 100);
	cr_assert_arr_eq(large, source, sizeof source);
	cr_assert_not_null(magpool_memdup(arena, NULL, 0));
	cr_assert_not_null(magpool_memdup(arena, source, 0));
	magpool_return(arena);
	unit_end(pool);
}
