/* SPDX-License-Identifier: MIT */
/* Explicit caches. */
#include <stdatomic.h>

#include "unit.h"

static struct magpool_cache *unit_cache(struct magpool *pool)
{
	struct magpool_cache *cache = magpool_cache_create(pool);

	cr_assert_not_null(cache, "errno %d", errno);
	return cache;
}

static struct magpool_arena *get(struct magpool_cache *cache)
{
	struct magpool_arena *arena = magpool_cache_get(cache);

	cr_assert_not_null(arena, "errno %d", errno);
	return arena;
}

Test(cache, of_no_pool)
{
	struct magpool_cache *none = NULL;

	errno = 0;
	cr_assert_null(magpool_cache_create(NULL));
	cr_assert_eq(errno, EINVAL);
	magpool_cache_destroy(&none);
	magpool_cache_destroy(NULL);
	cr_assert_eq(sums_read(NULL).misuse, 0);
}

Test(cache, of_the_default_pool)
{
	struct magpool_cache *cache = unit_cache(magpool_default());

	magpool_return(get(cache));
	magpool_cache_return(cache, magpool_get());
	magpool_cache_destroy(&cache);
	unit_sums(magpool_default());
}

Test(cache, get_and_return)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_cache *cache = unit_cache(pool);
	struct magpool_arena *first = get(cache), *second = get(cache);

	cr_assert_neq(first, second);
	cr_assert_not_null(magpool_alloc(first, 10000));
	cr_assert_eq(sums_read(pool).arenas_out, 2);
	magpool_cache_return(cache, first);
	magpool_cache_return(cache, hide(second));
	magpool_cache_return(cache, NULL);
	cr_assert_eq(get(cache), second, "the warm one first");
	magpool_cache_return(cache, second);
	cr_assert_eq(sums_read(pool).misuse, 0);
	magpool_cache_destroy(&cache);
	cr_assert_null(cache);
	unit_end(pool);
}

Test(cache, serves_itself)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_cache *cache = unit_cache(pool);
	struct magpool_arena *arenas[20];
	struct magpool_stats before;

	for (size_t i = 0; i < LENGTH(arenas); i++)
		arenas[i] = get(cache);
	for (size_t i = 0; i < LENGTH(arenas); i++)
		magpool_cache_return(cache, arenas[i]);
	before = sums_read(pool);
	for (size_t round = 0; round < 1000; round++) {
		for (size_t i = 0; i < 10; i++)
			arenas[i] = get(cache);
		for (size_t i = 0; i < 10; i++)
			magpool_cache_return(cache, arenas[i]);
	}
	cr_assert_eq(sums_read(pool).underflows, before.underflows);
	cr_assert_eq(sums_read(pool).overflows, before.overflows);
	cr_assert_eq(sums_read(pool).pages_created, LENGTH(arenas));
	magpool_cache_destroy(&cache);
	unit_end(pool);
}

Test(cache, any_return_call)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_cache *one = unit_cache(pool), *two = unit_cache(pool);

	for (size_t i = 0; i < 200; i++) {
		magpool_return(get(one));
		magpool_cache_return(two, get(one));
		magpool_cache_return(one, unit_get(pool));
	}
	cr_assert_eq(sums_read(pool).misuse, 0);
	unit_sums(pool);
	magpool_cache_destroy(&one);
	magpool_cache_destroy(&two);
	unit_end(pool);
}

Test(cache, batches)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_cache *cache = unit_cache(pool);
	static const size_t counts[] = { 0, 1, 16, 17, 33, 300 };
	struct magpool_arena *arenas[300];

	for (size_t i = 0; i < LENGTH(counts); i++) {
		size_t n = magpool_cache_get_batch(cache, arenas, counts[i]);

		cr_assert_eq(n, counts[i]);
		cr_assert_eq(sums_read(pool).arenas_out, n);
		for (size_t j = 0; j < n; j++) {
			char *p = magpool_alloc(arenas[j], 2000);

			cr_assert_not_null(p);
			memset(p, (int)j, 2000);
			for (size_t k = 0; k < j; k++)
				cr_assert_neq(arenas[j], arenas[k]);
		}
		magpool_cache_return_batch(cache, arenas, n);
		cr_assert_eq(sums_read(pool).arenas_out, 0);
		unit_sums(pool);
	}
	magpool_cache_destroy(&cache);
	unit_end(pool);
}

Test(cache, batches_with_gaps)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_cache *cache = unit_cache(pool);
	struct magpool_arena *arenas[50] = { NULL };

	for (size_t i = 0; i < LENGTH(arenas); i += 3)
		arenas[i] = get(cache);
	magpool_cache_return_batch(cache, arenas, LENGTH(arenas));
	cr_assert_eq(sums_read(pool).arenas_out, 0);
	cr_assert_eq(sums_read(pool).misuse, 0);
	magpool_cache_destroy(&cache);
	unit_end(pool);
}

Test(cache, a_batch_that_memory_cuts_short)
{
	struct magpool *pool = unit_pool(.max_bytes = 1 << 20);
	struct magpool_cache *cache = unit_cache(pool);
	struct magpool_arena *arenas[1000];
	size_t n, again;

	errno = 0;
	n = magpool_cache_get_batch(cache, arenas, LENGTH(arenas));
	cr_assert_eq(errno, ENOMEM);
	cr_assert_gt(n, 100);
	cr_assert_lt(n, LENGTH(arenas));
	cr_assert_eq(sums_read(pool).arenas_out, n);
	magpool_cache_return_batch(cache, arenas, n);
	again = magpool_cache_get_batch(cache, arenas, LENGTH(arenas));
	cr_assert_eq(again, n);
	magpool_cache_return_batch(cache, arenas, n);
	magpool_cache_destroy(&cache);
	unit_end(pool);
}

Test(cache, flush_gives_to_others)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_cache *one = unit_cache(pool), *two = unit_cache(pool);
	struct magpool_arena *arena = get(one);

	magpool_cache_return(one, hide(arena));
	magpool_cache_flush(one);
	cr_assert_eq(sums_read(pool).pages_cached, 0);
	cr_assert_eq(get(two), arena);
	magpool_cache_return(two, arena);
	magpool_cache_destroy(&one);
	magpool_cache_destroy(&two);
	unit_end(pool);
}

Test(cache, destroy_with_arenas_out)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_cache *cache = unit_cache(pool);
	struct magpool_arena *arenas[40];

	for (size_t i = 0; i < LENGTH(arenas); i++)
		arenas[i] = get(cache);
	magpool_cache_return(cache, arenas[0]);
	magpool_cache_destroy(&cache);
	for (size_t i = 1; i < LENGTH(arenas); i++) {
		cr_assert_not_null(magpool_alloc(arenas[i], 6000));
		magpool_return(arenas[i]);
	}
	cr_assert_eq(sums_read(pool).caches, 1, "this thread's own");
	unit_end(pool);
}

Test(cache, create_and_destroy_for_ever)
{
	struct magpool *pool = unit_pool(0);
	uint64_t made = 0, mapped = 0;

	for (size_t i = 0; i < 3000; i++) {
		struct magpool_cache *cache = unit_cache(pool);

		magpool_cache_return(cache, get(cache));
		magpool_cache_destroy(&cache);
		if (i == 10) {
			made = sums_read(pool).magazines_made;
			mapped = sums_read(pool).bytes_mapped;
		}
	}
	cr_assert_eq(sums_read(pool).magazines_made, made);
	cr_assert_eq(sums_read(pool).bytes_mapped, mapped);
	cr_assert_eq(sums_read(pool).caches, 0);
	unit_end(pool);
}

Test(cache, an_arena_of_another_pool_goes_home)
{
	struct magpool *home = unit_pool(0), *away = unit_pool(0);
	struct magpool_cache *cache = unit_cache(away);
	struct magpool_arena *arenas[40];

	for (size_t i = 0; i < LENGTH(arenas); i++)
		arenas[i] = unit_get(i & 1 ? home : away);
	magpool_cache_return(cache, arenas[0]);
	magpool_cache_return(cache, arenas[1]);
	magpool_cache_return_batch(cache, arenas + 2, LENGTH(arenas) - 2);
	cr_assert_eq(sums_read(home).returns, 20);
	cr_assert_eq(sums_read(away).returns, 20);
	cr_assert_eq(sums_read(home).misuse + sums_read(away).misuse, 0);
	magpool_cache_destroy(&cache);
	unit_end(home);
	unit_end(away);
}

/* ---- two threads at the same moment -------------------------------------- */

/*
 * thread 1    | get   alloc, stamp      check, return
 * thread 2    |   get      alloc, stamp      check, return
 *
 * No arena is ever in two hands: a stamp is what its owner wrote.
 */
#define ROUNDS 100000ul

struct shared {
	struct magpool_cache *cache;
	atomic_size_t next_stamp;
};

static void use_together(void *argument)
{
	struct shared *shared = argument;

	for (size_t i = 0; i < ROUNDS; i++) {
		struct magpool_arena *arena = get(shared->cache);
		size_t stamp = atomic_fetch_add(&shared->next_stamp, 1);
		size_t *words = magpool_alloc_array(arena, 40, sizeof *words);

		cr_assert_not_null(words);
		for (size_t j = 0; j < 40; j++)
			words[j] = stamp;
		for (size_t j = 0; j < 40; j++)
			cr_assert_eq(words[j], stamp);
		magpool_cache_return(shared->cache, arena);
	}
}

Test(cache, two_threads_at_once, .timeout = 30)
{
	struct magpool *pool = unit_pool(.magazine_rounds = 2);
	struct shared shared = { .cache = unit_cache(pool) };

	crowd_run(3, use_together, &shared);
	unit_sums(pool);
	cr_assert_eq(sums_read(pool).gets, 3 * ROUNDS);
	cr_assert_eq(sums_read(pool).misuse, 0);
	magpool_cache_destroy(&shared.cache);
	unit_end(pool);
}

/* One thread after another is how a runtime with its own scheduler does it. */
static void use_alone(void *cache)
{
	struct magpool_arena *arena = get(cache);

	cr_assert_not_null(magpool_alloc(arena, 100));
	magpool_cache_return(cache, arena);
}

Test(cache, migrates)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_cache *cache = unit_cache(pool);

	for (size_t i = 0; i < 200; i++)
		crowd_one(use_alone, cache);
	cr_assert_eq(sums_read(pool).pages_created, 1);
	cr_assert_eq(sums_read(pool).caches, 1, "no thread got its own");
	magpool_cache_destroy(&cache);
	unit_end(pool);
}
