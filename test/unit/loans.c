/* SPDX-License-Identifier: MIT */
/* How long arenas have been out: a trim is a look. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "unit.h"

/* The clock has steps of some milliseconds. */
enum { STEP = 10, HELD = 50, MANY = 200 };

TestSuite(loans, .timeout = 60);

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static void hold(void)
{
	struct timespec time = { 0, HELD * 1000000L };

	while (nanosleep(&time, &time) != 0)
		;
}

/* After a look. */
static uint64_t longest(struct magpool *pool)
{
	magpool_trim(pool);
	unit_sums(pool);
	return sums_read(pool).longest_out;
}

/* Since the first look that finds it out. */
struct loan {
	struct magpool *pool;
	struct magpool_arena *arena;
	uint64_t start;
};

static struct loan take(struct magpool *pool)
{
	struct loan loan = { pool, unit_get(pool), 0 };

	cr_assert_eq(longest(pool), 0);
	loan.start = now();
	return loan;
}

static void check_age(struct loan *loan)
{
	uint64_t least = now() - loan->start;
	uint64_t age = longest(loan->pool);

	cr_assert_geq(age + STEP, least, "%lu of %lu ms", (unsigned long)age,
		      (unsigned long)least);
	cr_assert_leq(age, now() - loan->start + STEP);
	cr_assert_gt(age, 0);
}

/* What was out for long is back, by the way of `back`; and out again. */
static void check_end(struct magpool *pool,
		      void (*use)(struct magpool_arena *arena),
		      void (*back)(struct magpool_arena *arena))
{
	struct loan loan = take(pool);

	if (use)
		use(loan.arena);
	/* Growth has ended the first mark. */
	longest(pool);
	hold();
	cr_assert_gt(longest(pool), 0);
	back(loan.arena);
	loan.arena = unit_get(pool);
	cr_assert_eq(longest(pool), 0, "the next loan is another one");
	magpool_return(loan.arena);
	cr_assert_eq(longest(pool), 0);
}

Test(loans, held_over_two_looks)
{
	struct magpool *pool = unit_pool(0);
	struct loan loan = take(pool);
	struct magpool_arena *other;

	for (int i = 0; i < 3; i++) {
		hold();
		other = unit_get(pool);
		check_age(&loan);
		magpool_return(other);
	}
	magpool_return(loan.arena);
	cr_assert_eq(longest(pool), 0);
	unit_end(pool);
}

Test(loans, short_ones_are_not_old)
{
	struct magpool *pool = unit_pool(0);
	uint64_t end = now() + 200;
	struct magpool_arena *arena[40];

	while (now() < end) {
		for (size_t i = 0; i < LENGTH(arena); i++)
			arena[i] = unit_get(pool);
		cr_assert_eq(longest(pool), 0);
		for (size_t i = 0; i < LENGTH(arena); i++)
			magpool_return(arena[i]);
		cr_assert_eq(longest(pool), 0);
	}
	unit_end(pool);
}

/* ---- ends ---------------------------------------------------------------- */

static struct magpool *home;
static struct magpool_cache *cache;

static void grow(struct magpool_arena *arena)
{
	for (int i = 0; i < 4; i++)
		cr_assert_not_null(magpool_alloc(arena, 3000));
}

static void take_block(struct magpool_arena *arena)
{
	cr_assert_not_null(magpool_alloc(arena, 100000));
}

static void return_by_cache(struct magpool_arena *arena)
{
	magpool_cache_return(cache, arena);
	magpool_cache_flush(cache);
}

static void *return_it(void *arena)
{
	magpool_return(arena);
	return NULL;
}

static void return_by_thread(struct magpool_arena *arena)
{
	pthread_t thread;

	pthread_create(&thread, NULL, return_it, arena);
	pthread_join(thread, NULL);
}

/* The magazines are full: a miss. */
static void return_when_full(struct magpool_arena *arena)
{
	struct magpool_arena *other[40];

	for (size_t i = 0; i < LENGTH(other); i++)
		other[i] = unit_get(home);
	for (size_t i = 0; i < 32; i++)
		magpool_return(other[i]);
	magpool_return(arena);
	for (size_t i = 32; i < LENGTH(other); i++)
		magpool_return(other[i]);
}

Test(loans, ends)
{
	static void (*const uses[])(struct magpool_arena *
				    arena) = { NULL, grow, take_block };
	static void (*const backs[])(struct magpool_arena *
				     arena) = { magpool_return, return_by_cache,
						return_by_thread,
						return_when_full };

	for (size_t i = 0; i < LENGTH(uses); i++) {
		for (size_t j = 0; j < LENGTH(backs); j++) {
			home = unit_pool(0);
			cache = magpool_cache_create(home);
			check_end(home, uses[i], backs[j]);
			magpool_cache_destroy(&cache);
			unit_end(home);
		}
	}
}

Test(loans, ends_of_guarded_ones)
{
	struct magpool *pool = unit_pool(.flags = MAGPOOL_ZERO_ON_RETURN);

	check_end(pool, NULL, magpool_return);
	check_end(pool, grow, magpool_return);
	unit_end(pool);
}

static void set_debug(void)
{
	setenv("MAGPOOL_DEBUG", "2", 1);
}

Test(loans, ends_of_debug_arenas, .init = set_debug)
{
	struct magpool *pool = unit_pool(0);
	struct loan loan = take(pool);

	hold();
	check_age(&loan);
	magpool_return(loan.arena);
	cr_assert_eq(longest(pool), 0);
	unit_end(pool);
}

/* ---- what is no end ------------------------------------------------------ */

static void reset(struct magpool_arena *arena)
{
	cr_assert_not_null(magpool_alloc(arena, 100));
	magpool_reset(arena);
}

static void rewind_it(struct magpool_arena *arena)
{
	void *mark = magpool_mark(arena);

	cr_assert_not_null(magpool_alloc(arena, 100));
	magpool_rewind(arena, mark);
}

static void reserve(struct magpool_arena *arena)
{
	cr_assert_not_null(magpool_reserve(arena, 100));
	cr_assert_not_null(magpool_commit(arena, 10));
}

static void block_and_reset(struct magpool_arena *arena)
{
	take_block(arena);
	magpool_reset(arena);
}

Test(loans, go_on)
{
	static void (*const uses[])(struct magpool_arena * arena) = {
		reset, rewind_it, reserve, take_block, block_and_reset
	};

	for (size_t i = 0; i < LENGTH(uses); i++) {
		struct magpool *pool = unit_pool(0);
		struct loan loan = take(pool);

		hold();
		uses[i](loan.arena);
		check_age(&loan);
		magpool_return(loan.arena);
		cr_assert_eq(longest(pool), 0);
		unit_end(pool);
	}
}

/* It looks younger: nothing is said of how long it has been out before. */
Test(loans, begin_anew_at_growth)
{
	struct magpool *pool = unit_pool(0);
	struct loan loan = take(pool);

	hold();
	grow(loan.arena);
	cr_assert_eq(longest(pool), 0);
	loan.start = now();
	hold();
	check_age(&loan);
	magpool_return(loan.arena);
	unit_end(pool);
}

static int look_in_child(void *argument)
{
	struct loan *loan = argument;

	check_age(loan);
	magpool_return(loan->arena);
	return longest(loan->pool) == 0 ? 0 : 1;
}

Test(loans, in_a_fork_child)
{
	struct magpool *pool = unit_pool(0);
	struct loan loan = take(pool);

	hold();
	cr_assert_eq(child_fork(look_in_child, &loan), 0);
	check_age(&loan);
	magpool_return(loan.arena);
	unit_end(pool);
}

/* ---- who looks, and what is shown ---------------------------------------- */

static void print(struct magpool *pool)
{
	int null = open("/dev/null", O_WRONLY);

	cr_assert_eq(magpool_stats_print(pool, null), 0);
	close(null);
}

Test(loans, printing_looks)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);

	print(pool);
	hold();
	cr_assert_eq(sums_read(pool).longest_out, 0, "reading does not");
	print(NULL);
	cr_assert_geq(sums_read(pool).longest_out, HELD - STEP);
	magpool_return(arena);
	print(pool);
	cr_assert_eq(sums_read(pool).longest_out, 0);
	unit_end(pool);
}

Test(loans, of_all_pools_the_longest)
{
	struct magpool *first = unit_pool(0), *second = unit_pool(0);
	struct loan loan = take(first), other;

	hold();
	other = take(second);
	hold();
	check_age(&loan);
	check_age(&other);
	cr_assert_lt(sums_read(second).longest_out,
		     sums_read(first).longest_out);
	cr_assert_eq(sums_read(NULL).longest_out, sums_read(first).longest_out);
	unit_sums(NULL);
	magpool_return(other.arena);
	magpool_return(loan.arena);
	unit_end(second);
	unit_end(first);
}

static void set_interval(void)
{
	setenv("MAGPOOL_TRIM_INTERVAL", "20ms", 1);
}

/* More pages than a look at the end of an interval is at once. */
Test(loans, intervals_look, .init = set_interval)
{
	struct magpool *pool = unit_pool(.page_size = 256);
	struct magpool_arena *held = unit_get(pool);
	static struct magpool_arena *arena[20000];
	uint64_t end = now() + 10000;

	do {
		for (size_t i = 0; i < LENGTH(arena); i++)
			arena[i] = unit_get(pool);
		for (size_t i = 0; i < LENGTH(arena); i++)
			magpool_return(arena[i]);
	} while (sums_read(pool).longest_out < 200 && now() < end);
	cr_assert_geq(sums_read(pool).longest_out, 200);
	magpool_return(held);
	unit_end(pool);
}

/* ---- under load ---------------------------------------------------------- */

enum { WORKERS = 3 };

struct load {
	struct magpool *pool;
	atomic_size_t role, running;
	/* A worker may lose its processor in the middle of a loan. */
	struct {
		_Atomic uint64_t start, longest;
	} loan[WORKERS];
};

static void work(struct load *load, size_t worker)
{
	for (size_t i = 0; i < 300 * MANY; i++) {
		uint64_t start = now(), length;

		atomic_store(&load->loan[worker].start, start);
		magpool_return(unit_get(load->pool));
		length = now() - start;
		if (length > atomic_load(&load->loan[worker].longest))
			atomic_store(&load->loan[worker].longest, length);
	}
	atomic_store(&load->loan[worker].start, UINT64_MAX);
	atomic_fetch_sub(&load->running, 1);
}

/* No loan was longer, or is by now. */
static uint64_t longest_loan(struct load *load)
{
	uint64_t most = 0;

	for (size_t i = 0; i < WORKERS; i++) {
		uint64_t start = atomic_load(&load->loan[i].start);
		uint64_t length = atomic_load(&load->loan[i].longest);
		uint64_t end = now();

		if (start && start < end && end - start > length)
			length = end - start;
		if (length > most)
			most = length;
	}
	return most;
}

/* Marks that come just after a return do not make the next loans old. */
static void look_or_work(void *argument)
{
	struct load *load = argument;
	size_t role = atomic_fetch_add(&load->role, 1);
	uint64_t before = now(), between;

	if (role) {
		work(load, role - 1);
		return;
	}
	while (atomic_load(&load->running)) {
		uint64_t start = now(), age;

		magpool_trim(load->pool);
		age = sums_read(load->pool).longest_out;
		between = now() - before;
		before = start;
		cr_assert_leq(age, longest_loan(load) + between + STEP);
	}
}

Test(loans, short_ones_of_threads)
{
	struct load load = { .pool = unit_pool(0), .running = WORKERS };

	crowd_run(1 + WORKERS, look_or_work, &load);
	cr_assert_eq(longest(load.pool), 0);
	unit_end(load.pool);
}
