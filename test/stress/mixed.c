/* SPDX-License-Identifier: MIT */
/*
 * Everything at once, for long runs: threads that pick at random what to do
 * next, with the default pool and one with options, under signals in every
 * second thread, with forks in between.
 *
 * A child of fork uses arenas only: other threads of its parent may have been
 * inside a walk (statistics, trim) at the fork.
 */
#include "storm.h"
#include "sums.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { POOLS = 2, HOLD = 8, BURST = 48, CALLS = 100 };

struct shared {
	struct magpool *pool[POOLS];
	struct magpool_cache *cache[POOLS]; /* used by several at once */
	struct loan_boxes boxes;
};

static struct magpool *any_pool(struct stress_worker *worker)
{
	const struct shared *shared = worker->context;

	return shared->pool[stress_below(worker, POOLS)];
}

static void burst(struct stress_worker *worker, unsigned most)
{
	struct loan loans[BURST];

	loan_burst(worker, any_pool(worker), loans,
		   1 + stress_below(worker, most));
}

static void pass(struct stress_worker *worker)
{
	struct shared *shared = worker->context;

	loan_pass(&shared->boxes, worker,
		  stress_one_in(worker, 4) ? NULL : any_pool(worker));
}

static void use_cache(struct stress_worker *worker)
{
	struct shared *shared = worker->context;
	struct magpool_cache *cache =
		shared->cache[stress_below(worker, POOLS)];
	struct loan loan;

	loan_open(&loan, worker, magpool_cache_get(cache));
	loan_fill(&loan, worker);
	magpool_cache_return(cache, loan_close(&loan, worker));
	if (stress_one_in(worker, 64))
		magpool_cache_flush(cache);
}

static void keep_house(struct stress_worker *worker)
{
	struct magpool *pool = stress_one_in(worker, 2) ? NULL
							: any_pool(worker);
	struct magpool_stats before = sums_read(pool), after;

	if (stress_one_in(worker, 2))
		magpool_trim(pool);
	else
		magpool_thread_flush(pool);
	after = sums_read(pool);
	sums_check_rise(&before, &after);
}

static void *short_life(void *argument)
{
	struct stress_worker *worker = argument;
	unsigned calls = 1 + stress_below(worker, CALLS);

	while (calls--)
		if (stress_one_in(worker, 3))
			pass(worker);
		else
			burst(worker, HOLD);
	stress_worker_fini(worker);
	return NULL;
}

static void use_thread(struct stress_worker *worker)
{
	struct stress_worker child;
	pthread_t thread;

	stress_worker_init(&child, worker->context);
	/* The thread sanitizer hangs when a handler comes while it makes or
	 * buries a thread. */
	storm_pause();
	stress_thread(&thread, short_life, &child);
	pthread_join(thread, NULL);
	storm_go_on();
}

/* A pool of this thread alone, ended with or without an arena out. */
static void use_pool(struct stress_worker *worker)
{
	struct magpool *pool = sums_pool();
	struct loan loans[HOLD], last;

	loan_get(&last, worker, pool);
	loan_burst(worker, pool, loans, HOLD);
	if (stress_one_in(worker, 2)) {
		magpool_abandon(&pool);
		loan_return(&last, worker);
		return;
	}
	loan_return(&last, worker);
	stress_check(magpool_destroy(&pool) == 0, "a quiet pool is busy");
}

static void use_fork(struct stress_worker *worker)
{
	pid_t child = fork();

	if (child < 0)
		stress_unable("fork", errno);
	if (child == 0) {
		stress_watchdog(1);
		for (unsigned i = 0; i < CALLS; i++)
			burst(worker, HOLD);
		magpool_thread_flush(any_pool(worker));
		_exit(EXIT_SUCCESS);
	}
	stress_wait(child);
}

static void do_something(struct stress_worker *worker)
{
	unsigned choice = stress_below(worker, 1000);

	if (choice < 600)
		burst(worker, HOLD);
	else if (choice < 800)
		pass(worker);
	else if (choice < 900)
		use_cache(worker);
	else if (choice < 950)
		burst(worker, BURST);
	else if (choice < 980)
		keep_house(worker);
	else if (choice < 990)
		use_thread(worker);
	else if (choice < 999)
		use_pool(worker);
	else
		use_fork(worker);
}

static void body(struct stress_worker *worker)
{
	struct shared *shared = worker->context;
	struct storm storm;
	bool stormy = worker->index % 2;

	if (stormy) {
		struct loan loan;

		loan_get(&loan, worker, shared->pool[0]);
		loan_return(&loan, worker);
		storm_start(&storm, shared->pool[0]);
	}
	while (stress_running(worker))
		do_something(worker);
	if (stormy)
		storm_stop(&storm);
}

static void set_up(struct shared *shared)
{
	shared->pool[0] = magpool_default();
	shared->pool[1] = sums_pool();
	for (unsigned i = 0; i < POOLS; i++) {
		shared->cache[i] = magpool_cache_create(shared->pool[i]);
		stress_check(shared->cache[i], "no explicit cache: %s",
			     strerrordesc_np(errno));
	}
}

static void run(void)
{
	struct shared *shared = stress_allocate(1, sizeof(*shared));
	struct magpool_stats stats;
	struct stress_worker rest;

	set_up(shared);
	stress_team(body, shared);
	stress_worker_init(&rest, NULL);
	loan_drain(&shared->boxes, &rest);
	stress_worker_fini(&rest);
	for (unsigned i = 0; i < POOLS; i++) {
		sums_check(shared->pool[i], 0);
		magpool_cache_destroy(&shared->cache[i]);
		sums_check(shared->pool[i], 0);
	}
	stress_check(magpool_destroy(&shared->pool[1]) == 0,
		     "a quiet pool is busy");
	stats = sums_read(NULL);
	stress_totals.exchanges = stats.exchanges;
	stress_totals.cas_failures = stats.cas_failures;
	sums_check_all(NULL);
	free(shared);
}

int main(int argc, char **argv)
{
	static const struct stress_scenario scenario = {
		.name = "mixed",
		.text = "Everything at once",
		.defaults = { .seconds = 3, .threads = 8, .depot_kib = 1024 },
		.run = run,
	};

	return stress_main(&scenario, argc, argv);
}
