/* SPDX-License-Identifier: MIT */
/* MAGPOOL_ZERO_ON_RETURN: nothing of a call's parameters stays behind. */
#include "unit.h"
#include "upstream.h"

static const char secret[] = "SECRET-16-BYTES!";
#define SECRET_LENGTH (sizeof secret - 1)

static struct upstream upstream = UPSTREAM_INIT;
static struct magpool *pool;

static void begin(void)
{
	pool = unit_pool(.flags = MAGPOOL_ZERO_ON_RETURN,
			 .retain_bytes = MAGPOOL_NONE,
			 UPSTREAM_OPTIONS(&upstream));
}

static void end(void)
{
	unit_end(pool);
	cr_assert_eq(upstream.bytes, 0);
}

TestSuite(zero, .init = begin, .fini = end);

static bool left_behind(void)
{
	return upstream_holds(&upstream, secret, SECRET_LENGTH);
}

static void write_secrets(struct magpool_arena *arena, size_t size)
{
	char *bytes = magpool_alloc(arena, size);

	cr_assert_not_null(bytes);
	for (size_t i = 0; i + SECRET_LENGTH <= size; i += SECRET_LENGTH)
		memcpy(bytes + i, secret, SECRET_LENGTH);
	cr_assert(left_behind(), "the test itself must see it");
}

static const size_t sizes[] = { 16, 1000, 4096, 5000, 100000, 300000 };

Test(zero, on_return)
{
	for (size_t i = 0; i < LENGTH(sizes); i++) {
		struct magpool_arena *arena = unit_get(pool);

		write_secrets(arena, sizes[i]);
		write_secrets(arena, sizes[i]);
		magpool_return(arena);
		cr_assert(!left_behind(), "size %zu", sizes[i]);
	}
}

Test(zero, on_reset)
{
	struct magpool_arena *arena = unit_get(pool);

	for (size_t i = 0; i < LENGTH(sizes); i++) {
		write_secrets(arena, sizes[i]);
		write_secrets(arena, sizes[i]);
		magpool_reset(arena);
		cr_assert(!left_behind(), "size %zu", sizes[i]);
	}
	magpool_return(arena);
}

Test(zero, of_many_pages)
{
	struct magpool_arena *arena = unit_get(pool);

	for (size_t i = 0; i < 50; i++)
		write_secrets(arena, 3000);
	magpool_return(arena);
	cr_assert(!left_behind());
}

/* Rewound memory was taken too. */
Test(zero, of_what_was_rewound)
{
	struct magpool_arena *arena = unit_get(pool);
	void *mark = magpool_mark(arena);

	write_secrets(arena, 2000);
	write_secrets(arena, 4000);
	write_secrets(arena, 50000);
	magpool_rewind(arena, mark);
	magpool_return(arena);
	cr_assert(!left_behind());
}

/* So was what a reservation offered, committed or not. */
Test(zero, of_reservations)
{
	static const size_t used[] = { 0, 16, 1000 };

	for (size_t i = 0; i < LENGTH(used); i++) {
		struct magpool_arena *arena = unit_get(pool);
		char *bytes = magpool_reserve(arena, 1000);

		cr_assert_not_null(bytes);
		memcpy(bytes + 960, secret, SECRET_LENGTH);
		cr_assert(left_behind());
		cr_assert_not_null(magpool_commit(arena, used[i]));
		magpool_return(arena);
		cr_assert(!left_behind(), "committed %zu", used[i]);
	}
}

/* A format of which only the head fits is written twice. */
Test(zero, of_formats)
{
	struct magpool_arena *arena = unit_get(pool);

	cr_assert_not_null(magpool_alloc(arena, 4000));
	cr_assert_not_null(magpool_asprintf(arena, "%s%200d", secret, 1));
	cr_assert(left_behind());
	magpool_return(arena);
	cr_assert(!left_behind());
}

Test(zero, in_a_batch)
{
	struct magpool_cache *cache = magpool_cache_create(pool);
	struct magpool_arena *arenas[40];

	cr_assert_eq(magpool_cache_get_batch(cache, arenas, 40), 40);
	for (size_t i = 0; i < LENGTH(arenas); i++)
		write_secrets(arenas[i], 1000);
	magpool_cache_return_batch(cache, arenas, 40);
	cr_assert(!left_behind());
	magpool_cache_destroy(&cache);
}

/* The other way round: without the flag it stays, so the tests above see. */
Test(zero, off_by_default)
{
	struct magpool *plain = unit_pool(UPSTREAM_OPTIONS(&upstream));
	struct magpool_arena *arena = unit_get(plain);

	write_secrets(arena, 1000);
	magpool_return(arena);
	cr_assert(left_behind());
	unit_end(plain);
}
