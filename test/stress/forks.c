/* SPDX-License-Identifier: MIT */
/*
 * fork from a process whose threads are busy in the pool.  The child goes on
 * with the pool: it returns its copies of arenas that were out, works, starts
 * threads of its own, forks again, and its sums hold.  The parent goes on too.
 */
#include "loan.h"
#include "sums.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

enum { HOLD = 4, KEPT = 8, GENERATIONS = 3 };

struct shared {
	struct magpool *pool;
	struct loan_boxes boxes;
	struct loan kept[KEPT]; /* of the thread that forks */
	struct stress_worker forker;
	uint64_t forks;
	unsigned generation;
};

static void work(struct stress_worker *worker, struct shared *shared)
{
	struct loan loans[HOLD];

	if (stress_one_in(worker, 4))
		loan_pass(&shared->boxes, worker, shared->pool);
	else
		loan_burst(worker, shared->pool, loans,
			   1 + stress_below(worker, HOLD));
}

/* ---- in the child -------------------------------------------------------- */

static void *child_thread(void *argument)
{
	struct shared *shared = argument;
	struct stress_worker worker;

	stress_worker_init(&worker, NULL);
	for (unsigned i = 0; i < 50; i++)
		work(&worker, shared);
	return NULL;
}

/* ThreadSanitizer cannot follow threads of a child of a threaded process. */
static void child_threads(struct shared *shared)
{
	pthread_t threads[2];

	if (STRESS_TSAN)
		return;
	for (unsigned i = 0; i < 2; i++)
		stress_thread(&threads[i], child_thread, shared);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

/* The arenas that other threads had in hand at the fork stay out for ever. */
static void child_check(const struct shared *shared)
{
	struct magpool_stats stats = sums_read(shared->pool);
	uint64_t threads = stress_options.threads;

	sums_check_child(shared->pool, threads * (HOLD + 2));
	stress_check(
		stats.pages_leaked <= threads *
					      (3 * stats.rounds_peak +
					       (uint64_t)HOLD * loan_pages()) *
					      shared->generation,
		"%" PRIu64 " pages are leaked in a child", stats.pages_leaked);
}

static void fork_once(struct shared *shared);

static _Noreturn void child_run(struct shared *shared)
{
	struct stress_worker *worker = &shared->forker;

	stress_watchdog(1);
	shared->generation++;
	for (unsigned i = 0; i < KEPT; i++)
		loan_return(&shared->kept[i], worker);
	loan_drain(&shared->boxes, worker);
	child_check(shared);
	for (unsigned i = 0; i < 100; i++)
		work(worker, shared);
	child_threads(shared);
	loan_drain(&shared->boxes, worker);
	magpool_trim(shared->pool);
	child_check(shared);
	for (unsigned i = 0; i < KEPT; i++)
		loan_get(&shared->kept[i], worker, shared->pool);
	if (shared->generation < GENERATIONS && stress_one_in(worker, 2))
		fork_once(shared);
	_exit(EXIT_SUCCESS);
}

/* ---- in the parent ------------------------------------------------------- */

static void fork_once(struct shared *shared)
{
	pid_t child;

	/* Or all children would make the same choices. */
	stress_random(&shared->forker);
	child = fork();
	if (child == 0)
		child_run(shared);
	if (child < 0)
		stress_unable("fork", errno);
	stress_wait(child);
	shared->forks++;
}

static void fork_some(struct shared *shared, const struct stress_worker *worker)
{
	stress_worker_init(&shared->forker, NULL);
	for (unsigned i = 0; i < KEPT; i++)
		loan_get(&shared->kept[i], &shared->forker, shared->pool);
	while (stress_running(worker))
		fork_once(shared);
	for (unsigned i = 0; i < KEPT; i++)
		loan_return(&shared->kept[i], &shared->forker);
	stress_worker_fini(&shared->forker);
}

static void body(struct stress_worker *worker)
{
	struct shared *shared = worker->context;

	if (worker->index == 0)
		fork_some(shared, worker);
	while (stress_running(worker))
		work(worker, shared);
}

static void run(void)
{
	struct shared *shared = stress_allocate(1, sizeof(*shared));
	struct stress_worker rest;

	/* Memory goes back all the time, and caches are drained. */
	setenv("MAGPOOL_TRIM_INTERVAL", "7ms", 0);
	shared->pool = sums_pool();
	stress_team(body, shared);
	stress_worker_init(&rest, NULL);
	loan_drain(&shared->boxes, &rest);
	stress_worker_fini(&rest);
	stress_check(shared->forks, "no fork was made");
	stress_check(sums_read(shared->pool).pages_leaked == 0,
		     "pages are leaked in the parent");
	sums_finish(shared->pool);
	free(shared);
}

int main(int argc, char **argv)
{
	static const struct stress_scenario scenario = {
		.name = "forks",
		.text = "fork while threads are busy",
		.defaults = { .seconds = 2, .threads = 4 },
		.run = run,
	};

	return stress_main(&scenario, argc, argv);
}
