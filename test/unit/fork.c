/* SPDX-License-Identifier: MIT */
/* fork() with running threads: both sides go on, the sums hold in both. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/wait.h>

#include "unit.h"

#define WORKERS 3

static struct magpool *pool;

/*
 * What a child finds is its exit status: Criterion belongs to the parent.
 * A text on stderr says which one it was.
 */
#define CHECK(condition)                                                   \
	do {                                                               \
		if (!(condition)) {                                        \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, \
				#condition);                               \
			return 1;                                          \
		}                                                          \
	} while (0)

static int sums_hold_in_child(void)
{
	const char *fault = sums_fault_in_child(pool);

	if (fault)
		fprintf(stderr, "in the child: %s\n", fault);
	return !fault;
}

/* Without statistics: other threads may be at it too. */
static int work_in_child(void)
{
	struct magpool_arena *arenas[100];

	for (size_t round = 0; round < 20; round++) {
		for (size_t i = 0; i < LENGTH(arenas); i++) {
			char *p;

			arenas[i] = magpool_get_from(pool);
			CHECK(arenas[i]);
			p = magpool_alloc(arenas[i], 6000);
			CHECK(p);
			memset(p, (int)i, 6000);
		}
		for (size_t i = 0; i < LENGTH(arenas); i++)
			magpool_return(arenas[i]);
		magpool_thread_flush(pool);
	}
	return 0;
}

static int child(void *argument)
{
	(void)argument;
	CHECK(sums_hold_in_child());
	CHECK(work_in_child() == 0);
	CHECK(sums_hold_in_child());
	magpool_trim(NULL);
	CHECK(sums_hold_in_child());
	CHECK(work_in_child() == 0);
	CHECK(sums_hold_in_child());
	return 0;
}

static int child_with_a_child(void *argument)
{
	CHECK(child(argument) == 0);
	CHECK(child_fork(child, argument) == 0);
	CHECK(child(argument) == 0);
	return 0;
}

static void thread_in_child(void *failed)
{
	if (work_in_child() != 0)
		atomic_store((atomic_bool *)failed, true);
}

/*
 * New threads may lie where threads of the parent did: they find nothing of
 * theirs, and leave nothing behind.
 */
static int child_with_threads(void *argument)
{
	atomic_bool failed = false;

	CHECK(child(argument) == 0);
	for (size_t i = 0; i < 5; i++) {
		crowd_one(thread_in_child, &failed);
		crowd_run(4, thread_in_child, &failed);
		CHECK(!failed);
	}
	magpool_thread_flush(pool);
	CHECK(sums_read(pool).pages_cached == 0);
	CHECK(sums_hold_in_child());
	return 0;
}

static void begin(void)
{
	pool = unit_pool(0);
}

TestSuite(fork, .init = begin, .timeout = 60);

Test(fork, of_a_quiet_process)
{
	magpool_return(unit_get(pool));
	for (size_t i = 0; i < 5; i++) {
		cr_assert_eq(child_fork(child, NULL), 0);
		cr_assert_eq(child_fork(child_with_a_child, NULL), 0);
		cr_assert_eq(child_fork(child_with_threads, NULL), 0);
		magpool_return(unit_get(pool));
	}
	unit_end(pool);
}

Test(fork, before_the_first_call)
{
	cr_assert_eq(child_fork(child, NULL), 0);
	cr_assert_eq(child_fork(child_with_a_child, NULL), 0);
	unit_end(pool);
}

static int return_copy(void *arena)
{
	magpool_return(arena);
	CHECK(sums_read(pool).arenas_out == 0);
	CHECK(sums_hold_in_child());
	return work_in_child();
}

Test(fork, both_sides_own_what_was_out)
{
	struct magpool_arena *arena = unit_get(pool);
	char *text = magpool_strdup(arena, "of the parent");

	cr_assert_eq(child_fork(return_copy, arena), 0);
	cr_assert_str_eq(text, "of the parent");
	cr_assert_not_null(magpool_alloc(arena, 10000));
	magpool_return(arena);
	unit_end(pool);
}

static int destroy_in_child(void *argument)
{
	(void)argument;
	CHECK(magpool_destroy(&pool) == 0);
	CHECK(!pool);
	pool = magpool_create(NULL);
	CHECK(pool);
	CHECK(work_in_child() == 0);
	return 0;
}

Test(fork, a_child_may_end_a_pool)
{
	magpool_return(unit_get(pool));
	cr_assert_eq(child_fork(destroy_in_child, NULL), 0);
	magpool_return(unit_get(pool));
	unit_end(pool);
}

/* ---- with a thread inside an explicit cache ------------------------------ */

static struct magpool_cache *cache;
static pthread_barrier_t inside, go_on;
static atomic_bool stop_next;
static int forked_status;

static int use_cache_in_child(void *argument)
{
	struct magpool_arena *arena = magpool_cache_get(cache);

	(void)argument;
	CHECK(arena);
	CHECK(magpool_alloc(arena, 100));
	magpool_cache_return(cache, arena);
	magpool_cache_flush(cache);
	return work_in_child();
}

static int nothing_in_child(void *argument)
{
	(void)argument;
	return 0;
}

/* Stops, or forks, in the middle of the first get that needs memory. */
static void *stopping_map(void *context, size_t size, size_t alignment)
{
	bool forks = *(bool *)context;

	if (atomic_exchange(&stop_next, false)) {
		if (forks) {
			forked_status = child_fork(nothing_in_child, NULL);
		} else {
			pthread_barrier_wait(&inside);
			pthread_barrier_wait(&go_on);
		}
	}
	return aligned_alloc(alignment, size);
}

static void stopping_unmap(void *context, void *address, size_t size)
{
	(void)context;
	(void)size;
	free(address);
}

static void make_stopping(bool *forks)
{
	struct magpool_options options = { .size = sizeof options,
					   .map = stopping_map,
					   .unmap = stopping_unmap,
					   .context = forks };

	pool = magpool_create(&options);
	cr_assert_not_null(pool);
	cache = magpool_cache_create(pool);
	cr_assert_not_null(cache);
	atomic_store(&stop_next, true);
}

static void *use_cache(void *argument)
{
	magpool_cache_return(cache, magpool_cache_get(cache));
	return argument;
}

/* The child finds a cache in which a thread is that it does not have. */
Test(fork, with_a_thread_inside_an_explicit_cache)
{
	bool forks = false;
	pthread_t thread;

	pthread_barrier_init(&inside, NULL, 2);
	pthread_barrier_init(&go_on, NULL, 2);
	make_stopping(&forks);
	cr_assert_eq(pthread_create(&thread, NULL, use_cache, NULL), 0);
	pthread_barrier_wait(&inside);
	cr_expect_eq(child_fork(use_cache_in_child, NULL), 0);
	pthread_barrier_wait(&go_on);
	pthread_join(thread, NULL);
	use_cache(NULL);
	magpool_cache_destroy(&cache);
	unit_end(pool);
}

/* The thread that forks is inside itself: its cache is not another's. */
Test(fork, from_inside_an_explicit_cache)
{
	bool forks = true;

	forked_status = -1;
	make_stopping(&forks);
	use_cache(NULL);
	cr_assert_eq(forked_status, 0);
	use_cache(NULL);
	magpool_cache_destroy(&cache);
	unit_end(pool);
}

static void use_cache_in_thread(void *argument)
{
	use_cache(argument);
}

/* The same in one that threads share, which has another word to say so. */
Test(fork, from_inside_a_shared_explicit_cache)
{
	struct magpool_arena *arenas[200];
	bool forks = true;

	forked_status = -1;
	make_stopping(&forks);
	atomic_store(&stop_next, false);
	use_cache(NULL);
	crowd_one(use_cache_in_thread, NULL);
	atomic_store(&stop_next, true);
	for (size_t i = 0; i < LENGTH(arenas); i++) {
		arenas[i] = magpool_cache_get(cache);
		cr_assert_not_null(arenas[i]);
	}
	cr_assert_eq(forked_status, 0);
	for (size_t i = 0; i < LENGTH(arenas); i++)
		magpool_cache_return(cache, arenas[i]);
	magpool_cache_destroy(&cache);
	unit_end(pool);
}

/* ---- with running threads ------------------------------------------------ */

static atomic_bool leave;

static void *busy(void *argument)
{
	struct magpool_arena *arenas[40];

	(void)argument;
	while (!atomic_load_explicit(&leave, memory_order_relaxed)) {
		for (size_t i = 0; i < LENGTH(arenas); i++) {
			arenas[i] = unit_get(pool);
			cr_assert_not_null(magpool_alloc(arenas[i], 5000));
		}
		for (size_t i = 0; i < LENGTH(arenas); i++)
			magpool_return(arenas[i]);
	}
	return NULL;
}

static void fork_among(void *(*work)(void *), size_t forks, int (*call)(void *))
{
	pthread_t threads[WORKERS];

	for (size_t i = 0; i < WORKERS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, work, NULL), 0);
	for (size_t i = 0; i < forks; i++) {
		int status = child_fork(call, NULL);

		cr_assert_eq(status, 0, "fork %zu: status %#x", i, status);
		magpool_return(unit_get(pool));
	}
	atomic_store(&leave, true);
	for (size_t i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	unit_end(pool);
}

Test(fork, with_busy_threads)
{
	fork_among(busy, 60, child);
}

Test(fork, with_busy_threads_and_grandchildren)
{
	fork_among(busy, 15, child_with_a_child);
}

Test(fork, with_busy_threads_and_threads_in_the_child)
{
	fork_among(busy, 15, child_with_threads);
}

static void one_cycle(void *argument)
{
	(void)argument;
	magpool_return(unit_get(pool));
}

static void *come_and_go(void *argument)
{
	while (!atomic_load_explicit(&leave, memory_order_relaxed))
		crowd_one(one_cycle, argument);
	return NULL;
}

/* fork() while others attach and detach. */
Test(fork, with_threads_that_come_and_go)
{
	fork_among(come_and_go, 60, child);
}

static void *make_and_end(void *argument)
{
	(void)argument;
	while (!atomic_load_explicit(&leave, memory_order_relaxed)) {
		struct magpool *other = unit_pool(0);

		magpool_return(unit_get(other));
		cr_assert_eq(magpool_destroy(&other), 0);
		magpool_trim(NULL);
	}
	return NULL;
}

static int child_without_walks(void *argument)
{
	(void)argument;
	return work_in_child();
}

/*
 * fork() while others make pools, end them and trim: a walker may then hold
 * what liburcu locks, so a child of it only does what never walks.
 */
Test(fork, with_pools_that_come_and_go)
{
	fork_among(make_and_end, 100, child_without_walks);
}
