/* SPDX-License-Identifier: MIT */
/* Arenas that go from thread to thread, and threads that come and go. */
#include <pthread.h>
#include <stdatomic.h>

#include "unit.h"

#define ROUNDS 16

static struct magpool *pool;

static void begin(void)
{
	pool = unit_pool(0);
}

static void end(void)
{
	cr_assert_eq(sums_read(pool).misuse, 0);
	unit_end(pool);
}

TestSuite(threads, .init = begin, .fini = end);

struct handful {
	struct magpool_arena *arenas[200];
	size_t count;
};

static void get_them(void *argument)
{
	struct handful *handful = argument;

	for (size_t i = 0; i < handful->count; i++) {
		handful->arenas[i] = unit_get(pool);
		memset(magpool_alloc(handful->arenas[i], 6000), (int)i, 6000);
	}
}

static void return_them(void *argument)
{
	struct handful *handful = argument;

	for (size_t i = 0; i < handful->count; i++)
		magpool_return(handful->arenas[i]);
}

static void get_and_return(void *argument)
{
	struct handful handful = { .count = argument ? 40 : 1 };

	get_them(&handful);
	return_them(&handful);
}

/* Also by a thread that never got one, and so has no cache of its own. */
Test(threads, returned_by_another)
{
	static const size_t counts[] = { 1, 15, 16, 17, 40, 200 };

	for (size_t i = 0; i < LENGTH(counts); i++) {
		struct handful handful = { .count = counts[i] };

		get_them(&handful);
		crowd_one(return_them, &handful);
		cr_assert_eq(sums_read(pool).arenas_out, 0);
		unit_sums(pool);
	}
	cr_assert_leq(sums_read(pool).pages_created, 200 + 2 * 2 * ROUNDS);
}

Test(threads, returned_after_the_getter_ended)
{
	struct handful handful = { .count = 100 };

	for (size_t i = 0; i < 20; i++) {
		crowd_one(get_them, &handful);
		for (size_t j = 0; j < handful.count; j++)
			cr_assert_not_null(
				magpool_alloc(handful.arenas[j], 6000));
		return_them(&handful);
		unit_sums(pool);
	}
	cr_assert_eq(sums_read(pool).arenas_out, 0);
}

Test(threads, got_and_returned_by_two_that_ended)
{
	struct handful handful = { .count = 100 };

	for (size_t i = 0; i < 20; i++) {
		crowd_one(get_them, &handful);
		crowd_one(return_them, &handful);
	}
	cr_assert_eq(sums_read(pool).caches, 0);
	cr_assert_eq(sums_read(pool).pages_cached, 0);
}

Test(threads, exit_flushes)
{
	crowd_one(get_and_return, NULL);
	cr_assert_eq(sums_read(pool).pages_cached, 0);
	cr_assert_eq(sums_read(pool).magazines_loaded, 0);
	cr_assert_eq(sums_read(pool).caches, 0);
	unit_sums(pool);
	for (size_t i = 0; i < 100; i++)
		crowd_one(get_and_return, pool);
	cr_assert_eq(sums_read(pool).pages_cached, 0);
	cr_assert_leq(sums_read(pool).pages_created, 80 + 2 * ROUNDS,
		      "what a thread leaves is found by the next one");
}

static void flush_without_a_cache(void *argument)
{
	magpool_thread_flush(argument);
}

Test(threads, flush_keeps_nothing_back)
{
	get_and_return(pool);
	cr_assert_gt(sums_read(pool).pages_cached, 0);
	magpool_thread_flush(pool);
	cr_assert_eq(sums_read(pool).pages_cached, 0);
	unit_sums(pool);
	get_and_return(pool);
	magpool_thread_flush(NULL);
	cr_assert_eq(sums_read(pool).pages_cached, 0);
	crowd_one(flush_without_a_cache, pool);
	unit_sums(pool);
}

/* design.md, section 6: carved <= in use + caches x 2 x rounds + depot. */
Test(threads, ten_thousand_one_after_another, .timeout = 30)
{
	struct magpool_stats stats;

	for (size_t i = 0; i < 10000; i++)
		crowd_one(get_and_return, NULL);
	stats = sums_read(pool);
	cr_assert_eq(stats.gets, 10000);
	cr_assert_leq(stats.pages_created - stats.pages_given_back,
		      2 + 2 * ROUNDS);
	cr_assert_leq(stats.magazines_made, 100);
	cr_assert_leq(stats.bytes_mapped, 1 << 20);
	cr_assert_eq(stats.caches, 0);
}

static void churn(void *argument)
{
	for (size_t i = 0; i < 200; i++)
		crowd_one(get_and_return, argument);
}

Test(threads, generations_side_by_side, .timeout = 30)
{
	struct magpool_stats stats;

	crowd_run(4, churn, pool);
	stats = sums_read(pool);
	cr_assert_leq(stats.pages_created, 4 * 80 + 4 * 2 * ROUNDS);
	cr_assert_eq(stats.caches, 0);
}

static void loop(void *argument)
{
	for (size_t i = 0; i < 300; i++)
		get_and_return(argument);
}

Test(threads, many_at_once, .timeout = 30)
{
	crowd_run(16, loop, pool);
	cr_assert_eq(sums_read(pool).gets, 192000);
	cr_assert_eq(sums_read(pool).caches, 0);
}

/* ---- pools with threads -------------------------------------------------- */

static void use_many_pools(void *argument)
{
	struct magpool **pools = argument;
	struct magpool_arena *arenas[8];

	for (size_t round = 0; round < 500; round++) {
		for (size_t i = 0; i < LENGTH(arenas); i++)
			arenas[i] = unit_get(pools[i]);
		for (size_t i = 0; i < LENGTH(arenas); i++)
			magpool_return(arenas[(i * 3) % LENGTH(arenas)]);
	}
}

Test(threads, with_several_pools)
{
	struct magpool *pools[8];

	for (size_t i = 0; i < LENGTH(pools); i++)
		pools[i] = unit_pool(0);
	crowd_run(4, use_many_pools, pools);
	for (size_t i = 0; i < LENGTH(pools); i++) {
		cr_assert_eq(sums_read(pools[i]).gets, 2000);
		unit_end(pools[i]);
	}
}

/* A thread that used a pool may end while, or after, the pool is destroyed. */
struct outlive {
	struct magpool *pool;
	pthread_barrier_t used, destroyed;
};

static void *outlive(void *argument)
{
	struct outlive *outlive = argument;

	magpool_return(unit_get(outlive->pool));
	pthread_barrier_wait(&outlive->used);
	pthread_barrier_wait(&outlive->destroyed);
	magpool_return(unit_get(pool));
	return NULL;
}

Test(threads, that_outlive_a_pool)
{
	for (size_t i = 0; i < 200; i++) {
		struct outlive it = { .pool = unit_pool(0) };
		pthread_t thread;

		pthread_barrier_init(&it.used, NULL, 2);
		pthread_barrier_init(&it.destroyed, NULL, 2);
		cr_assert_eq(pthread_create(&thread, NULL, outlive, &it), 0);
		pthread_barrier_wait(&it.used);
		if (i & 1)
			pthread_barrier_wait(&it.destroyed);
		cr_assert_eq(magpool_destroy(&it.pool), 0);
		if (!(i & 1))
			pthread_barrier_wait(&it.destroyed);
		pthread_join(thread, NULL);
		pthread_barrier_destroy(&it.used);
		pthread_barrier_destroy(&it.destroyed);
	}
	cr_assert_eq(sums_read(pool).caches, 0);
}

/* ---- destructors of the host --------------------------------------------- */

static pthread_key_t key;
static atomic_size_t rounds;

/* The value of the key: how often it is still to be armed, as an address. */
static char times[8];

/* As a host that frees its own things in the destructor of a key. */
static void late(void *argument)
{
	char *left = argument;

	rounds++;
	get_and_return(pool);
	if (left > &times[1])
		pthread_setspecific(key, left - 1);
}

static void use_then_end(void *argument)
{
	get_and_return(pool);
	pthread_setspecific(key, argument);
}

static void only_late(void *argument)
{
	pthread_setspecific(key, argument);
}

static void check_destructors(void (*work)(void *), size_t armed)
{
	size_t before = rounds;
	struct magpool_stats stats;

	for (size_t i = 0; i < 50; i++)
		crowd_one(work, &times[armed]);
	cr_assert_geq(rounds - before, 50 * (armed < 4 ? armed : 4));
	stats = sums_read(pool);
	cr_assert_eq(stats.arenas_out, 0);
	cr_assert_eq(stats.caches, 0, "a dying thread made a cache again");
	cr_assert_eq(stats.pages_cached, 0);
	cr_assert_leq(stats.pages_created, 200);
	unit_sums(pool);
}

static void check_all_destructors(void)
{
	for (size_t armed = 1; armed <= 6; armed++) {
		check_destructors(use_then_end, armed);
		check_destructors(only_late, armed);
	}
}

Test(threads, destructors_after_ours)
{
	crowd_one(get_and_return, pool);
	cr_assert_eq(pthread_key_create(&key, late), 0);
	check_all_destructors();
}

static void make_key(void)
{
	cr_assert_eq(pthread_key_create(&key, late), 0);
	begin();
}

/* This key is older than the library's, so its destructor runs first. */
Test(threads, destructors_before_ours, .init = make_key)
{
	check_all_destructors();
}

/* No keys left: calls still work, without a cache. */
static void use_up_keys(void)
{
	pthread_key_t last;

	while (pthread_key_create(&last, NULL) == 0)
		;
	begin();
}

Test(threads, without_a_key, .init = use_up_keys)
{
	get_and_return(pool);
	crowd_one(get_and_return, pool);
	crowd_run(4, loop, NULL);
	cr_assert_eq(sums_read(pool).arenas_out, 0);
}
