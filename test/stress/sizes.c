/* SPDX-License-Identifier: MIT */
/*
 * Magazines that follow the need.  Threads that only get and threads that only
 * return meet at one list of the depot, and are stopped in its windows (see
 * meson.build).  Once with magazines that keep their first size, once with
 * magazines that may get larger: then fewer compare-and-swaps fail for each
 * exchange.  When it is quiet again, they get small again.
 *
 * Each thread lets the others go on after each step, so that between its load
 * and its compare-and-swap each other thread has made one.  How many of these
 * are exchanges is up to the size of magazines.  Every second step is none, or
 * all magazines would be full at the same moment.
 */
#include "loan.h"
#include "sums.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	FIRST = 4,
	PAGE = 512,
	FALLS = 5,
	STEPS = 60000,
	GROWING = 20,
	FILL = 20000
};

struct shared {
	struct magpool *pool;
	struct loan_boxes boxes;
	_Atomic uint64_t steps; /* of all threads, still to do */
	uint64_t half;
	bool looked; /* at what was in the first half */
	struct magpool_stats before;
};

static void use_at_once(struct magpool *pool, unsigned count)
{
	struct magpool_arena **arena = stress_allocate(count, sizeof(void *));

	for (unsigned i = 0; i < count; i++)
		arena[i] = magpool_get_from(pool);
	for (unsigned i = 0; i < count; i++)
		magpool_return(arena[i]);
	free(arena);
}

/* With enough pages to fill all magazines: none is made later on. */
static struct magpool *make_pool(bool grow)
{
	struct magpool_options options = {
		.size = sizeof(options),
		.page_size = PAGE,
		.magazine_rounds = FIRST,
		.cache_bytes = grow ? 0 : (size_t)2 * FIRST * PAGE,
	};
	struct magpool *pool = magpool_create(&options);

	stress_check(pool, "no pool");
	use_at_once(pool, FILL);
	return pool;
}

/* By the first thread, when half of the work is done. */
static void look(struct shared *shared, uint64_t left)
{
	if (shared->looked || left > shared->half)
		return;
	shared->before = sums_read(shared->pool);
	shared->looked = true;
}

/* Counts a step, gives what is left. */
static uint64_t count_step(struct shared *shared)
{
	uint64_t left =
		atomic_load_explicit(&shared->steps, memory_order_relaxed);

	while (left && !atomic_compare_exchange_weak_explicit(
			       &shared->steps, &left, left - 1,
			       memory_order_relaxed, memory_order_relaxed))
		;
	return left;
}

static void body(struct stress_worker *worker)
{
	struct shared *shared = worker->context;
	uint64_t left;

	while (stress_running(worker) && (left = count_step(shared))) {
		if (worker->index == 0)
			look(shared, left);
		if (stress_one_in(worker, 2))
			loan_pass(&shared->boxes, worker,
				  worker->index % 2 ? NULL : shared->pool);
		sched_yield();
	}
}

/* Failures in a thousand exchanges, in the second half of the work. */
static double work(struct shared *shared, uint64_t steps)
{
	struct magpool_stats after;
	uint64_t exchanges, failures;

	shared->steps = steps;
	shared->half = steps / 2;
	shared->looked = false;
	stress_team(body, shared);
	stress_check(shared->looked, "not even half was done in time");
	after = sums_read(shared->pool);
	exchanges = after.exchanges - shared->before.exchanges;
	failures = after.cas_failures - shared->before.cas_failures;
	printf("sizes: rounds %" PRIu64 " to %" PRIu64 ": %" PRIu64
	       " exchanges, %" PRIu64 " failures\n",
	       shared->before.magazine_rounds, after.magazine_rounds, exchanges,
	       failures);
	stress_check(exchanges, "nothing was exchanged");
	stress_totals.exchanges += exchanges;
	stress_totals.cas_failures += failures;
	return 1000.0 * (double)failures / (double)exchanges;
}

static void end(struct shared *shared)
{
	struct stress_worker rest;
	struct magpool_stats stats = sums_read(shared->pool);

	stress_worker_init(&rest, shared);
	loan_drain(&shared->boxes, &rest);
	stress_worker_fini(&rest);
	sums_check_bound(shared->pool,
			 FILL + (uint64_t)stress_options.threads * loan_pages(),
			 stress_options.threads + 1);
	sums_check(shared->pool, 0);
	stress_check(stats.rounds_grown >= stats.rounds_shrunk,
		     "more often smaller than larger");
	stress_check(magpool_destroy(&shared->pool) == 0,
		     "a quiet pool is busy");
}

/* One thread alone, with more arenas than two magazines hold. */
static void calm_down(struct magpool *pool)
{
	for (unsigned round = 0; round < 500; round++) {
		if (sums_read(pool).magazine_rounds == FIRST)
			return;
		use_at_once(pool, FILL);
	}
	stress_violation("magazines stay as large as they are");
}

static void run(void)
{
	struct shared *shared = stress_allocate(1, sizeof(*shared));
	double fixed, grown;
	struct magpool_stats stats;

	stress_options.light = true;
	shared->pool = make_pool(false);
	fixed = work(shared, STEPS);
	stress_check(sums_read(shared->pool).rounds_grown == 0,
		     "magazines got larger than cache_bytes allows");
	end(shared);
	shared->pool = make_pool(true);
	/* Until all of them are large, and filled. */
	grown = work(shared, (uint64_t)GROWING * STEPS);
	calm_down(shared->pool);
	stats = sums_read(shared->pool);
	printf("sizes: of 1000 exchanges failed %.1f, with growth %.1f; "
	       "%" PRIu64 " times larger, up to %" PRIu64 " rounds, %" PRIu64
	       " times smaller\n",
	       fixed, grown, stats.rounds_grown, stats.rounds_peak,
	       stats.rounds_shrunk);
	fflush(stdout);
	stress_check(grown * FALLS <= fixed,
		     "of 1000 exchanges failed %.1f, with growth %.1f", fixed,
		     grown);
	end(shared);
	free(shared);
}

int main(int argc, char **argv)
{
	static const struct stress_scenario scenario = {
		.name = "sizes",
		.text = "Magazines that get larger and smaller",
		.defaults = { .seconds = 100, .threads = 64 },
		.run = run,
	};

	/* All threads meet, on any machine. NOLINTNEXTLINE(concurrency*) */
	setenv("MAGPOOL_SHARDS", "1", 0);
	return stress_main(&scenario, argc, argv);
}
