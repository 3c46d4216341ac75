/* SPDX-License-Identifier: MIT */
/* Caches that nobody uses are emptied, without their owners. */
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "unit.h"

/* ---- a thread that stops where we say ------------------------------------ */

struct actor {
	pthread_barrier_t turn;
	pthread_t thread;
	struct magpool *pool;
	size_t count;
};

static void fill_cache(struct magpool *pool, size_t count)
{
	struct magpool_arena *arenas[64];

	for (size_t i = 0; i < count; i++) {
		arenas[i] = unit_get(pool);
		memset(magpool_alloc(arenas[i], 4000), (int)i, 4000);
	}
	for (size_t i = 0; i < count; i++)
		magpool_return(arenas[i]);
}

/* Works once each time it is its turn, until `count` is 0. */
static void *act(void *argument)
{
	struct actor *actor = argument;

	for (;;) {
		pthread_barrier_wait(&actor->turn);
		if (!actor->count)
			return NULL;
		fill_cache(actor->pool, actor->count);
		pthread_barrier_wait(&actor->turn);
	}
}

static void actor_start(struct actor *actor, struct magpool *pool)
{
	actor->pool = pool;
	pthread_barrier_init(&actor->turn, NULL, 2);
	cr_assert_eq(pthread_create(&actor->thread, NULL, act, actor), 0);
}

static void actor_work(struct actor *actor, size_t count)
{
	actor->count = count;
	pthread_barrier_wait(&actor->turn);
	if (count)
		pthread_barrier_wait(&actor->turn);
}

static void actor_end(struct actor *actor)
{
	actor_work(actor, 0);
	pthread_join(actor->thread, NULL);
	pthread_barrier_destroy(&actor->turn);
}

/* ---- tests --------------------------------------------------------------- */

Test(drain, of_a_thread_that_sleeps, .timeout = 60)
{
	struct magpool *pool = unit_pool(0);
	struct actor actor;
	struct magpool_stats stats;

	actor_start(&actor, pool);
	for (size_t round = 1; round <= 3; round++) {
		actor_work(&actor, 40);
		cr_assert_geq(sums_read(pool).pages_cached, 16);
		magpool_trim(pool);
		cr_assert_geq(sums_read(pool).pages_cached, 16,
			      "it worked since the last trim");
		magpool_trim(pool);
		stats = sums_read(pool);
		cr_assert_eq(stats.drains, round);
		cr_assert_eq(stats.pages_cached, 0);
		cr_assert_eq(stats.pages_created, stats.pages_given_back);
		unit_sums(pool);
	}
	actor_end(&actor);
	unit_end(pool);
}

/* Its arena has further pages, which it keeps while it lies in the slot. */
Test(drain, of_spare_pages)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);

	for (size_t i = 0; i < 3; i++)
		cr_assert_not_null(magpool_alloc(arena, 3000));
	magpool_return(arena);
	cr_assert_eq(sums_read(pool).pages_cached, 3);
	magpool_trim(pool);
	magpool_trim(pool);
	cr_assert_eq(sums_read(pool).pages_cached, 0);
	cr_assert_eq(sums_read(pool).chained, sums_read(pool).unchained);
	arena = unit_get(pool);
	cr_assert_not_null(magpool_alloc(arena, 3000));
	cr_assert_not_null(magpool_alloc(arena, 3000));
	magpool_return(arena);
	unit_end(pool);
}

/* Afterwards all is as fast as before: its calls are hits. */
Test(drain, leaves_a_cache_that_works)
{
	struct magpool *pool = unit_pool(0);
	uint64_t misses;

	fill_cache(pool, 10);
	magpool_trim(pool);
	magpool_trim(pool);
	cr_assert_eq(sums_read(pool).drains, 1);
	fill_cache(pool, 10);
	misses = sums_read(pool).misses;
	for (size_t i = 0; i < 1000; i++)
		fill_cache(pool, 10);
	cr_assert_leq(sums_read(pool).misses, misses + 1);
	cr_assert_eq(sums_read(pool).direct_gets, 0);
	cr_assert_eq(sums_read(pool).direct_returns, 0);
	unit_end(pool);
}

/* An arena that was out when the cache was drained comes back into it. */
Test(drain, while_an_arena_is_out)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena;

	fill_cache(pool, 10);
	arena = unit_get(pool);
	magpool_trim(pool);
	magpool_trim(pool);
	cr_assert_eq(sums_read(pool).pages_cached, 0);
	magpool_return(arena);
	cr_assert_eq(sums_read(pool).pages_cached, 1);
	cr_assert_eq(sums_read(pool).direct_returns, 0);
	unit_end(pool);
}

Test(drain, of_explicit_caches)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_cache *cache = magpool_cache_create(pool);
	struct magpool_arena *arena;

	cr_assert_not_null(cache);
	for (uint64_t round = 1; round <= 3; round++) {
		arena = magpool_cache_get(cache);
		magpool_cache_return(cache, arena);
		magpool_trim(pool);
		magpool_trim(pool);
		cr_assert_eq(sums_read(pool).drains, round);
		cr_assert_eq(sums_read(pool).pages_cached, 0);
		unit_sums(pool);
	}
	magpool_cache_flush(cache);
	magpool_cache_destroy(&cache);
	unit_end(pool);
}

static void use_in_common(void *argument)
{
	struct magpool_cache *cache = argument;
	struct magpool_arena *arena = magpool_cache_get(cache);

	cr_assert_not_null(arena);
	magpool_cache_return(cache, arena);
}

Test(drain, of_a_shared_cache)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_cache *cache = magpool_cache_create(pool);

	cr_assert_not_null(cache);
	for (uint64_t round = 1; round <= 3; round++) {
		use_in_common(cache);
		crowd_one(use_in_common, cache);
		magpool_trim(pool);
		magpool_trim(pool);
		cr_assert_eq(sums_read(pool).pages_cached, 0);
	}
	use_in_common(cache);
	cr_assert_eq(sums_read(pool).pages_cached, 1);
	magpool_cache_destroy(&cache);
	unit_end(pool);
}

/* ---- ends ---------------------------------------------------------------- */

Test(drain, before_its_thread_ends, .timeout = 60)
{
	struct magpool *pool = unit_pool(0);
	struct actor actor;

	for (size_t round = 0; round < 3; round++) {
		actor_start(&actor, pool);
		actor_work(&actor, 20);
		magpool_trim(pool);
		magpool_trim(pool);
		cr_assert_eq(sums_read(pool).pages_cached, 0);
		actor_end(&actor);
		cr_assert_eq(sums_read(pool).caches, 0);
	}
	/* The next one gets the same record. */
	fill_cache(pool, 20);
	cr_assert_eq(sums_read(pool).direct_gets, 0);
	unit_end(pool);
}

static int go_on_in_child(void *argument)
{
	struct magpool *pool = argument;
	uint64_t direct = sums_read(pool).direct_gets;

	fill_cache(pool, 20);
	if (sums_read(pool).direct_gets != direct)
		return 1;
	return sums_fault_in_child(pool) ? 2 : 0;
}

Test(drain, before_a_fork, .timeout = 60)
{
	struct magpool *pool = unit_pool(0);
	struct actor actor;

	actor_start(&actor, pool);
	actor_work(&actor, 20);
	fill_cache(pool, 20);
	magpool_trim(pool);
	magpool_trim(pool);
	cr_assert_eq(sums_read(pool).drains, 2);
	cr_assert_eq(child_fork(go_on_in_child, pool), 0);
	actor_end(&actor);
	unit_end(pool);
}

/* ---- a thousand of them -------------------------------------------------- */

enum { THREADS = 1000, STACK = 128 << 10, ARENAS = 32 };

static struct magpool *crowd_pool;
static pthread_barrier_t step;

static void *burst_and_sleep(void *unused)
{
	/* Attaches, and has its stack. */
	fill_cache(crowd_pool, 1);
	pthread_barrier_wait(&step);
	pthread_barrier_wait(&step);
	fill_cache(crowd_pool, ARENAS);
	pthread_barrier_wait(&step);
	pthread_barrier_wait(&step);
	fill_cache(crowd_pool, ARENAS);
	return unused;
}

static void start_crowd(pthread_t *threads)
{
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK);
	for (size_t i = 0; i < THREADS; i++)
		cr_assert_eq(pthread_create(&threads[i], &attributes,
					    burst_and_sleep, NULL),
			     0);
	pthread_attr_destroy(&attributes);
}

/*
 * They hold nothing while they sleep, and their next calls work.  The last test
 * by its name: Criterion loses 48 bytes of its own when a test that began
 * before another ends after all, and LeakSanitizer says so.
 */
Test(drain, with_a_thousand_threads, .timeout = 100)
{
	static pthread_t threads[THREADS];
	size_t before, full, after;
	struct magpool_stats stats;

	crowd_pool = unit_pool(0);
	pthread_barrier_init(&step, NULL, THREADS + 1);
	start_crowd(threads);
	pthread_barrier_wait(&step);
	/* They are attached, and hold nothing. */
	magpool_trim(crowd_pool);
	magpool_trim(crowd_pool);
	cr_assert_eq(sums_read(crowd_pool).pages_cached, 0);
	before = unit_resident();
	pthread_barrier_wait(&step);
	pthread_barrier_wait(&step);
	full = unit_resident();
	magpool_trim(crowd_pool);
	magpool_trim(crowd_pool);
	after = unit_resident();
	stats = sums_read(crowd_pool);
	cr_assert_eq(stats.pages_cached, 0);
	cr_assert_geq(stats.drains, 2 * (THREADS - 1));
	cr_assert_geq(full, before + (size_t)THREADS * 16 * 4096);
	cr_assert(SANITIZED || after <= before + before / 20 + (1 << 20),
		  "%zu before, %zu full, %zu after", before, full, after);
	pthread_barrier_wait(&step);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	unit_end(crowd_pool);
}
