/* SPDX-License-Identifier: MIT */
/* A host that reads and writes the two frozen words by itself. */
#include "unit.h"

static void check_words(const struct magpool_arena *arena)
{
	cr_assert_eq((uintptr_t)arena->cursor % 16, 0);
	cr_assert_eq((uintptr_t)(arena->limit - arena->cursor) % 16, 0);
	cr_assert_leq(arena->cursor, arena->limit);
}

/* Rule (a), as another language would write it. */
static void *host_alloc(struct magpool_arena *arena, size_t size)
{
	size_t room = (uintptr_t)arena->limit - (uintptr_t)arena->cursor;
	char *address = arena->cursor;

	if (size - 1 >= room)
		return magpool_alloc_slow(arena, size);
	arena->cursor += (size + 15) / 16 * 16;
	return address;
}

Test(words, are_multiples_of_16)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);

	check_words(arena);
	for (size_t size = 0; size < 9000; size += 13) {
		cr_assert_not_null(magpool_alloc(arena, size));
		check_words(arena);
		cr_assert_not_null(magpool_alloc_aligned(arena, size, 256));
		check_words(arena);
		cr_assert_not_null(magpool_reserve(arena, size));
		check_words(arena);
		cr_assert_not_null(magpool_commit(arena, size / 2));
		check_words(arena);
	}
	magpool_reset(arena);
	check_words(arena);
	magpool_return(arena);
	unit_end(pool);
}

Test(words, leave_room_after_get)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);

	if (SANITIZED)
		cr_skip_test("a sanitized host has no inline allocation");
	cr_assert_eq(arena->limit - arena->cursor, 4096);
	magpool_return(arena);
	unit_end(pool);
}

Test(words, host_and_library_take_turns)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);
	unsigned char *pieces[2000];
	size_t sizes[LENGTH(pieces)];
	uint64_t random = 5;

	for (size_t i = 0; i < LENGTH(pieces); i++) {
		sizes[i] = (size_t)random_below(&random, i % 50 ? 300 : 9000);
		pieces[i] = i & 1 ? host_alloc(arena, sizes[i])
				  : magpool_alloc(arena, sizes[i]);
		cr_assert_not_null(pieces[i]);
		memset(pieces[i], (int)(i & 0xff), sizes[i]);
		check_words(arena);
	}
	for (size_t i = 0; i < LENGTH(pieces); i++)
		cr_assert(unit_all(pieces[i], sizes[i], (int)(i & 0xff)));
	magpool_return(arena);
	unit_end(pool);
}

Test(words, library_counts_what_the_host_took)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);
	void *mark, *next;

	cr_assert_not_null(host_alloc(arena, 100));
	cr_assert_eq(magpool_used(arena), 112);
	mark = magpool_mark(arena);
	next = host_alloc(arena, 1000);
	cr_assert_not_null(host_alloc(arena, 4000));
	magpool_rewind(arena, mark);
	cr_assert_eq(magpool_used(arena), 112);
	cr_assert_eq(host_alloc(arena, 1), next);
	magpool_return(arena);
	unit_end(pool);
}

Test(words, saved_words_are_a_reset)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);
	char *cursor = arena->cursor, *limit = arena->limit;

	if (cursor == limit)
		cr_skip_test("a guarded arena has no words to save");
	for (size_t round = 0; round < 1000; round++) {
		size_t room = (size_t)(limit - cursor);

		while (room >= 16) {
			size_t size = room < 160 ? room : 160;

			memset(arena->cursor, 'h', size);
			arena->cursor += size;
			room -= size;
		}
		arena->cursor = cursor;
		arena->limit = limit;
	}
	cr_assert_eq(magpool_used(arena), 0);
	cr_assert_eq(magpool_alloc(arena, 64), cursor);
	cr_assert_not_null(magpool_alloc(arena, 50000));
	magpool_return(arena);
	unit_end(pool);
}

/* Rule (b): an arena without room is legal from the first moment. */
Test(words, guarded_arenas_go_the_slow_way)
{
	struct magpool *pool = unit_pool(.flags = MAGPOOL_ZERO_ON_RETURN);
	struct magpool_arena *arena = unit_get(pool);

	for (size_t size = 0; size < 9000; size += 100) {
		cr_assert_eq(arena->cursor, arena->limit);
		cr_assert_not_null(host_alloc(arena, size));
	}
	magpool_reset(arena);
	cr_assert_eq(arena->cursor, arena->limit);
	magpool_return(arena);
	unit_end(pool);
}
