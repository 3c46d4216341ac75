/* SPDX-License-Identifier: MIT */
/* One arena: sizes, pages, blocks, reset, mark and rewind. */
#include "unit.h"

#define PAGE 4096

struct piece {
	unsigned char *bytes;
	size_t size;
};

static struct piece take(struct magpool_arena *arena, size_t size, size_t stamp)
{
	struct piece piece = { magpool_alloc(arena, size), size };

	cr_assert_not_null(piece.bytes, "size %zu: errno %d", size, errno);
	cr_assert_eq((uintptr_t)piece.bytes % 16, 0);
	memset(piece.bytes, (int)(stamp & 0xff), size);
	return piece;
}

static void intact(struct piece piece, size_t stamp)
{
	cr_assert(unit_all(piece.bytes, piece.size, (int)(stamp & 0xff)),
		  "piece %zu of %zu bytes was overwritten", stamp, piece.size);
}

Test(arena, sizes_do_not_overlap)
{
	static const size_t sizes[] = { 0,    1,    15,      16,   17, 100,
					4095, 4096, 4097,    8192, 3,  1 << 16,
					0,    4080, 1 << 20, 4096, 16, 5000 };
	struct piece pieces[LENGTH(sizes)];
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);

	for (size_t i = 0; i < LENGTH(sizes); i++)
		pieces[i] = take(arena, sizes[i], i);
	for (size_t i = 0; i < LENGTH(sizes); i++)
		intact(pieces[i], i);
	magpool_return(arena);
	unit_end(pool);
}

Test(arena, empty_allocations_are_distinct)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);
	char *found[600];

	for (size_t i = 0; i < LENGTH(found); i++) {
		found[i] = magpool_alloc(arena, 0);
		cr_assert_not_null(found[i]);
		for (size_t j = 0; j < i; j++)
			cr_assert_neq(found[i], found[j]);
	}
	magpool_return(arena);
	unit_end(pool);
}

Test(arena, impossible_sizes)
{
	static const size_t sizes[] = { SIZE_MAX,        SIZE_MAX - 14,
					SIZE_MAX - 15,   SIZE_MAX - 16,
					SIZE_MAX - PAGE, SIZE_MAX / 2 + 1,
					PTRDIFF_MAX };
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);
	struct piece before = take(arena, 100, 1);

	for (size_t i = 0; i < LENGTH(sizes); i++) {
		size_t size = hide_size(sizes[i]);

		unit_refused(arena, magpool_alloc(arena, size), ENOMEM);
		unit_refused(arena, magpool_zalloc(arena, size), ENOMEM);
		unit_refused(arena, magpool_alloc_slow(arena, size), ENOMEM);
	}
	intact(take(arena, 100, 2), 2);
	intact(before, 1);
	magpool_return(arena);
	unit_end(pool);
}

Test(arena, a_page_holds_its_size)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);

	for (size_t i = 0; i < PAGE / 16; i++)
		take(arena, 16, i);
	cr_assert_eq(sums_read(pool).chained, 0);
	take(arena, 1, 0);
	cr_assert_eq(sums_read(pool).chained, 1);
	cr_assert_eq(magpool_used(arena), PAGE + 16);
	magpool_reset(arena);
	take(arena, PAGE, 0);
	cr_assert_eq(magpool_used(arena), PAGE);
	cr_assert_eq(sums_read(pool).chained, 1, "a whole page fits the first");
	magpool_return(arena);
	unit_end(pool);
}

/* However pages are kept for the next use: none is out after the return. */
Test(arena, chains_of_any_length_go_back)
{
	struct magpool *pool = unit_pool(0);

	for (size_t length = 0; length < 50; length++) {
		struct magpool_arena *arena = unit_get(pool);

		for (size_t i = 0; i <= length; i++)
			take(arena, 4000, i);
		if (length & 1)
			magpool_reset(arena);
		unit_sums(pool);
		magpool_return(arena);
		cr_assert_eq(sums_read(pool).pages_out, 0);
		unit_sums(pool);
	}
	/* Fewer: it got a larger first page on the way. */
	cr_assert_lt(sums_read(pool).pages_created, 50);
	cr_assert_eq(sums_read(pool).blocks_mapped, 1);
	unit_end(pool);
}

static void use_pages(struct magpool *pool, size_t pages)
{
	struct magpool_arena *arena = unit_get(pool);

	for (size_t i = 0; i < pages; i++)
		take(arena, 4000, i);
	cr_assert_eq(magpool_used(arena), pages * 4000);
	unit_sums(pool);
	magpool_return(arena);
}

Test(arena, one_that_outgrows_its_page_often_gets_a_larger_one)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_stats before;

	for (int i = 0; i < 10; i++)
		use_pages(pool, 5);
	before = sums_read(pool);
	cr_assert_eq(before.blocks_mapped, 1);
	for (int i = 0; i < 10; i++)
		use_pages(pool, 5);
	cr_assert_eq(sums_read(pool).chained, before.chained);
	cr_assert_eq(sums_read(pool).misses, before.misses);
	/* What it does not hold goes where it went before. */
	use_pages(pool, 30);
	cr_assert_gt(sums_read(pool).chained, before.chained);
	unit_end(pool);
}

Test(arena, a_larger_first_page_takes_marks_resets_and_large_blocks)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena;
	char *block;
	void *mark;

	for (int i = 0; i < 10; i++)
		use_pages(pool, 5);
	arena = unit_get(pool);
	for (size_t i = 0; i < 4; i++)
		take(arena, 4000, i);
	mark = magpool_mark(arena);
	block = magpool_alloc(arena, 100000);
	cr_assert_not_null(block);
	memset(block, 1, 100000);
	for (size_t i = 0; i < 30; i++)
		take(arena, 4000, i);
	unit_sums(pool);
	magpool_rewind(arena, mark);
	cr_assert_eq(magpool_used(arena), 16000);
	cr_assert_eq(magpool_mark(arena), mark);
	magpool_reset(arena);
	cr_assert_eq(magpool_used(arena), 0);
	cr_assert_eq(sums_read(pool).misuse, 0);
	magpool_return(arena);
	magpool_thread_flush(pool);
	magpool_trim(pool);
	/* It went with its page. */
	use_pages(pool, 1);
	cr_assert_leq(sums_read(pool).bytes_mapped, 262144 + 65536);
	unit_end(pool);
}

Test(arena, above_a_page_is_a_block)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);

	take(arena, PAGE, 0);
	cr_assert_eq(sums_read(pool).blocks_mapped, 0);
	take(arena, PAGE + 1, 0);
	cr_assert_eq(sums_read(pool).blocks_mapped, 1);
	magpool_return(arena);
	unit_end(pool);
}

Test(arena, a_chain_goes_back)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);

	for (size_t i = 0; i < 100; i++)
		take(arena, 4000, i);
	cr_assert_eq(sums_read(pool).chained, 99);
	unit_sums(pool);
	magpool_return(arena);
	cr_assert_eq(sums_read(pool).unchained, 99);
	cr_assert_eq(sums_read(pool).pages_out, 0);
	unit_end(pool);
}

Test(arena, reset_starts_again)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);
	void *first = magpool_alloc(arena, 10);

	for (size_t round = 0; round < 100; round++) {
		for (size_t i = 0; i < 10; i++)
			take(arena, 1000 * i, i);
		magpool_reset(arena);
		cr_assert_eq(magpool_used(arena), 0);
		cr_assert_eq(magpool_alloc(arena, 10), first);
	}
	magpool_return(arena);
	unit_end(pool);
}

Test(arena, used_counts_rounded_bytes)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);

	cr_assert_eq(magpool_used(arena), 0);
	take(arena, 1, 0);
	cr_assert_eq(magpool_used(arena), 16);
	take(arena, 33, 0);
	cr_assert_eq(magpool_used(arena), 16 + 48);
	take(arena, 10000, 0);
	cr_assert_geq(magpool_used(arena), 16 + 48 + 10000);
	magpool_return(arena);
	unit_end(pool);
}

Test(arena, rewind_takes_the_same_place_again)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);
	struct piece kept = take(arena, 200, 7);
	void *mark = magpool_mark(arena);
	void *next = magpool_alloc(arena, 10);

	for (size_t round = 0; round < 20; round++) {
		take(arena, 5000, round);
		take(arena, 4000, round);
		take(arena, 100000, round);
		magpool_rewind(arena, mark);
		cr_assert_eq(magpool_used(arena), 208);
		cr_assert_eq(magpool_alloc(arena, 10), next);
	}
	intact(kept, 7);
	cr_assert_eq(sums_read(pool).misuse, 0);
	magpool_return(arena);
	unit_end(pool);
}

/* A block leaves room in the page: a mark behind it must not free it. */
Test(arena, rewind_keeps_the_block_before_the_mark)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);

	for (size_t full = 0; full < 2; full++) {
		struct piece block;
		size_t used;
		void *mark;

		take(arena, full ? PAGE : 16, 0);
		block = take(arena, 50000, 1);
		used = magpool_used(arena);
		mark = magpool_mark(arena);
		take(arena, 50000, 2);
		take(arena, 64, 2);
		magpool_rewind(arena, mark);
		cr_assert_eq(magpool_used(arena), used);
		take(arena, 50000, 3);
		intact(block, 1);
		magpool_reset(arena);
	}
	cr_assert_eq(sums_read(pool).misuse, 0);
	magpool_return(arena);
	unit_end(pool);
}

#define DEPTH 40

struct frame {
	void *mark;
	size_t used;
	struct piece piece; /* the last one before the mark */
};

static size_t random_size(uint64_t *random)
{
	static const size_t bounds[] = { 2, 64, 1000, 4097, 4097, 20000 };

	return (size_t)random_below(
		random, bounds[random_below(random, LENGTH(bounds))]);
}

/* Any order of allocations and marks: a rewind brings back exactly the mark. */
Test(arena, random_marks_and_rewinds)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);
	struct frame frames[DEPTH];
	uint64_t random = 20240607;
	size_t depth = 0;

	for (size_t step = 0; step < 20000; step++) {
		if (depth < DEPTH && random_below(&random, 2)) {
			struct frame *f = &frames[depth];

			f->piece = take(arena, random_size(&random), depth);
			f->mark = magpool_mark(arena);
			f->used = magpool_used(arena);
			depth++;
			take(arena, random_size(&random), 0xee);
		} else if (depth) {
			depth = (size_t)random_below(&random, depth);
			magpool_rewind(arena, frames[depth].mark);
			cr_assert_eq(magpool_used(arena), frames[depth].used);
			for (size_t i = 0; i <= depth; i++)
				intact(frames[i].piece, i);
			magpool_return(unit_get(pool));
			depth++;
			depth -= random_below(&random, 2) != 0;
		}
	}
	cr_assert_eq(sums_read(pool).misuse, 0);
	magpool_return(arena);
	unit_end(pool);
}

static void ignore(void *context, int error, const char *message)
{
	(void)context;
	(void)error;
	(void)message;
}

Test(arena, marks_that_are_none)
{
	struct magpool *pool = unit_pool(.on_error = ignore);
	struct magpool_arena *arena = unit_get(pool);
	struct magpool_arena *other = unit_get(pool);
	char *early, *late;
	void *marks[6];
	size_t used;

	take(other, 64, 0);
	take(arena, 64, 0);
	early = magpool_mark(arena);
	take(arena, 4000, 0);
	take(arena, 4000, 0);
	late = magpool_mark(arena);
	magpool_rewind(arena, early);
	used = magpool_used(arena);
	marks[0] = late;                /* in a page that has gone back */
	marks[1] = early + 16;          /* ahead of the cursor */
	marks[2] = early - 8;           /* no multiple of 16 */
	marks[3] = magpool_mark(other); /* of another arena */
	marks[4] = NULL;
	marks[5] = marks; /* of no arena */
	for (size_t i = 0; i < LENGTH(marks); i++) {
		errno = UNTOUCHED;
		magpool_rewind(arena, hide(marks[i]));
		cr_assert_eq(errno, UNTOUCHED);
		cr_assert_eq(magpool_used(arena), used, "mark %zu", i);
		cr_assert_eq(sums_read(pool).misuse, i + 1, "mark %zu", i);
	}
	take(arena, 4000, 0);
	magpool_return(arena);
	magpool_return(other);
	unit_end(pool);
}

Test(arena, a_returned_arena_has_no_words)
{
	struct magpool *pool = unit_pool(.on_error = ignore);
	struct magpool_arena *arena = unit_get(pool);
	struct magpool_arena *stale = hide(arena);

	take(arena, 64, 0);
	magpool_return(arena);
	cr_assert_null(stale->cursor);
	cr_assert_null(stale->limit);
	errno = 0;
	cr_assert_null(magpool_alloc(stale, 16));
	cr_assert_eq(errno, EINVAL);
	cr_assert_eq(sums_read(pool).misuse, 1);
	cr_assert_null(magpool_alloc(stale, 0));
	cr_assert_null(magpool_zalloc(stale, 100000));
	cr_assert_eq(sums_read(pool).misuse, 3);
	unit_end(pool);
}

Test(arena, small_and_large_pages)
{
	static const size_t sizes[] = { 256, 512, 1024, 16384, 65536, 1 << 20 };

	for (size_t i = 0; i < LENGTH(sizes); i++) {
		struct magpool *pool = unit_pool(.page_size = sizes[i]);
		struct magpool_arena *arena = unit_get(pool);

		cr_assert_eq(sums_read(pool).page_size, sizes[i]);
		take(arena, sizes[i], 1);
		cr_assert_eq(sums_read(pool).chained, 0);
		take(arena, sizes[i], 2);
		cr_assert_eq(sums_read(pool).chained, 1);
		cr_assert_eq(sums_read(pool).blocks_mapped, 0);
		take(arena, sizes[i] + 1, 3);
		cr_assert_eq(sums_read(pool).blocks_mapped, 1);
		magpool_return(arena);
		unit_end(pool);
	}
}
