/* SPDX-License-Identifier: MIT */
/* magpool_alloc_aligned. */
#include "unit.h"

Test(aligned, every_power_of_two)
{
	static const size_t sizes[] = { 0, 1, 16, 100, 4096, 5000, 100000 };
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);

	for (size_t alignment = 1; alignment <= 65536; alignment *= 2) {
		for (size_t i = 0; i < LENGTH(sizes); i++) {
			void *p = magpool_alloc_aligned(arena, sizes[i],
							alignment);

			cr_assert_not_null(p, "%zu at %zu: errno %d", sizes[i],
					   alignment, errno);
			cr_assert_eq((uintptr_t)p % alignment, 0);
			cr_assert_eq((uintptr_t)p % 16, 0);
			memset(p, 0x5a, sizes[i]);
		}
		magpool_reset(arena);
	}
	magpool_return(arena);
	unit_end(pool);
}

Test(aligned, no_power_of_two)
{
	static const size_t alignments[] = { 0,     3,     24,     48,
					     65535, 65537, 131072, SIZE_MAX };
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);

	for (size_t i = 0; i < LENGTH(alignments); i++)
		unit_refused(arena,
			     magpool_alloc_aligned(arena, 64, alignments[i]),
			     EINVAL);
	magpool_return(arena);
	unit_end(pool);
}

Test(aligned, impossible_sizes)
{
	static const size_t sizes[] = { SIZE_MAX, SIZE_MAX - 65535,
					SIZE_MAX - 65536, PTRDIFF_MAX };
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);

	for (size_t i = 0; i < LENGTH(sizes); i++) {
		size_t size = hide_size(sizes[i]);

		for (size_t alignment = 1; alignment <= 65536; alignment *= 4)
			unit_refused(arena,
				     magpool_alloc_aligned(arena, size,
							   alignment),
				     ENOMEM);
	}
	magpool_return(arena);
	unit_end(pool);
}

/* Pieces of all sizes and alignments side by side, none over another. */
Test(aligned, pieces_do_not_overlap)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);
	unsigned char *pieces[300];
	size_t sizes[LENGTH(pieces)];
	uint64_t random = 99;

	for (size_t i = 0; i < LENGTH(pieces); i++) {
		size_t alignment = (size_t)1 << random_below(&random, 13);

		sizes[i] = (size_t)random_below(&random, 5000);
		pieces[i] = magpool_alloc_aligned(arena, sizes[i], alignment);
		cr_assert_not_null(pieces[i]);
		memset(pieces[i], (int)(i & 0xff), sizes[i]);
	}
	for (size_t i = 0; i < LENGTH(pieces); i++)
		cr_assert(unit_all(pieces[i], sizes[i], (int)(i & 0xff)));
	magpool_return(arena);
	unit_end(pool);
}

Test(aligned, rewind_over_aligned_pieces)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);
	char *kept = magpool_strdup(arena, "kept");

	for (size_t alignment = 1; alignment <= 65536; alignment *= 2) {
		void *mark = magpool_mark(arena);
		size_t used = magpool_used(arena);

		cr_assert_not_null(
			magpool_alloc_aligned(arena, 300, alignment));
		cr_assert_not_null(
			magpool_alloc_aligned(arena, 70000, alignment));
		magpool_rewind(arena, mark);
		cr_assert_eq(magpool_used(arena), used);
	}
	cr_assert_str_eq(kept, "kept");
	cr_assert_eq(sums_read(pool).misuse, 0);
	magpool_return(arena);
	unit_end(pool);
}
