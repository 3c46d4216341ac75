/* SPDX-License-Identifier: MIT */
/* What was not needed for an interval goes back, and nothing else does. */
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

/* Long ones for steady loads: to be off the processor for two of them is to be
 * idle. */
enum { INTERVAL = 80, LONG = 300, BURST = 10000, PAGE = 4096 };

static struct magpool_arena *arenas[BURST];

static void set_interval(void)
{
	setenv("MAGPOOL_TRIM_INTERVAL", "80ms", 1);
}

TestSuite(interval, .init = set_interval, .timeout = 60);

static void sleep_for(unsigned intervals)
{
	struct timespec time = { 0, (long)intervals * INTERVAL * 1000000 +
					    5000000 };

	while (nanosleep(&time, &time) != 0)
		;
}

static void get_some(struct magpool *pool, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		arenas[i] = unit_get(pool);
		memset(magpool_alloc(arenas[i], PAGE), (int)i, PAGE);
	}
}

static void return_in_any_order(size_t count)
{
	uint64_t state = 42;

	while (count) {
		size_t i = random_below(&state, count);

		magpool_return(arenas[i]);
		arenas[i] = arenas[--count];
	}
}

/* A miss: as many as there are never in a cache at once. */
static void make_a_trip(struct magpool *pool)
{
	get_some(pool, 40);
	return_in_any_order(40);
}

static unsigned long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
	return (unsigned long long)time.tv_sec * 1000 +
	       (unsigned long long)time.tv_nsec / 1000000;
}

static void work_for(struct magpool *pool, size_t count, unsigned milliseconds)
{
	unsigned long long end = now() + milliseconds;

	while (now() < end) {
		get_some(pool, count);
		return_in_any_order(count);
	}
}

/* ---- what goes ----------------------------------------------------------- */

Test(interval, gives_a_burst_back)
{
	struct magpool *pool = unit_pool(0);
	size_t before, full, after;

	before = unit_resident();
	get_some(pool, BURST);
	full = unit_resident();
	return_in_any_order(BURST);
	sleep_for(2);
	make_a_trip(pool);
	after = unit_resident();
	cr_assert_geq(full, before + (size_t)BURST * PAGE);
	cr_assert(SANITIZED || after <= before + before / 20 + (1 << 20),
		  "%zu before, %zu full, %zu after", before, full, after);
	cr_assert_gt(sums_read(pool).intervals, 0);
	unit_end(pool);
}

/* Half of it was needed all the time. */
Test(interval, gives_only_the_rest_back)
{
	struct magpool *pool = unit_pool(0);
	uint64_t held;

	get_some(pool, 1000);
	return_in_any_order(1000);
	work_for(pool, 500, 3 * INTERVAL);
	held = sums_read(pool).pages_created - sums_read(pool).pages_given_back;
	cr_assert_geq(held, 500);
	cr_assert_leq(held, 600);
	unit_end(pool);
}

static void *burst_and_wait(void *argument)
{
	struct magpool_arena *mine[30];
	pthread_barrier_t *turn = argument;

	for (size_t i = 0; i < LENGTH(mine); i++)
		mine[i] = unit_get(magpool_default());
	for (size_t i = 0; i < LENGTH(mine); i++)
		magpool_return(mine[i]);
	pthread_barrier_wait(turn);
	pthread_barrier_wait(turn);
	return NULL;
}

/* What is in the caches of sleeping threads goes with the time, too. */
Test(interval, drains_idle_threads)
{
	struct magpool *pool = magpool_default();
	pthread_barrier_t turn;
	pthread_t thread;

	pthread_barrier_init(&turn, NULL, 2);
	cr_assert_eq(pthread_create(&thread, NULL, burst_and_wait, &turn), 0);
	pthread_barrier_wait(&turn);
	cr_assert_geq(sums_read(pool).pages_cached, 16);
	for (size_t i = 0; i < 3; i++) {
		sleep_for(1);
		make_a_trip(pool);
	}
	magpool_thread_flush(pool);
	cr_assert_eq(sums_read(pool).pages_cached, 0);
	cr_assert_eq(sums_read(pool).drains, 1);
	pthread_barrier_wait(&turn);
	pthread_join(thread, NULL);
}

/* ---- what stays ---------------------------------------------------------- */

static void set_long(void)
{
	setenv("MAGPOOL_TRIM_INTERVAL", "300ms", 1);
}

Test(interval, takes_nothing_from_steady_load, .init = set_long)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_stats before, after;

	work_for(pool, 200, 2 * LONG);
	before = sums_read(pool);
	work_for(pool, 200, 10 * LONG);
	after = sums_read(pool);
	cr_assert_geq(after.intervals, before.intervals + 3);
	cr_assert_gt(after.exchanges, before.exchanges);
	cr_assert_eq(after.pages_created, before.pages_created);
	cr_assert_eq(after.pages_given_back, before.pages_given_back);
	cr_assert_eq(after.trimmed_bytes, before.trimmed_bytes);
	cr_assert_eq(after.bytes_mapped, before.bytes_mapped);
	unit_end(pool);
}

/* The system ends a process that calls it in this mode, but for _exit(2). */
static int work_without_the_system(void *argument)
{
	work_for(argument, 200, 2 * LONG);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
		return 0;
	work_for(argument, 200, 10 * LONG);
	syscall(SYS_exit, 0);
	return 1;
}

Test(interval, makes_no_system_call_under_steady_load, .init = set_long)
{
	struct magpool *pool = unit_pool(0);

	work_for(pool, 200, LONG);
	cr_assert_eq(child_fork(work_without_the_system, pool), 0);
	unit_end(pool);
}

static void set_off(void)
{
	setenv("MAGPOOL_TRIM_INTERVAL", "off", 1);
}

Test(interval, is_off, .init = set_off)
{
	struct magpool *pool = unit_pool(0);

	get_some(pool, 1000);
	return_in_any_order(1000);
	for (size_t i = 0; i < 3; i++) {
		sleep_for(1);
		make_a_trip(pool);
	}
	cr_assert_eq(sums_read(pool).intervals, 0);
	cr_assert_eq(sums_read(pool).pages_given_back, 0);
	unit_end(pool);
}
