/* SPDX-License-Identifier: MIT */
/*
 * One thread trims without a pause, and so drains each cache that did nothing
 * between two of its trims, while the others start to work in theirs: a few
 * calls, and a rest.  Some share an explicit cache, some start threads that
 * leave their caches full for a moment and then end.
 */
#include "loan.h"
#include "sums.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { HOLD = 6, RESTS = 400, OF_A_THREAD = 20 };

struct shared {
	struct magpool *pool;
	struct magpool_cache *common;
};

/* As long as a trim or so, or not at all. */
static void rest(struct stress_worker *worker)
{
	unsigned spins = stress_below(worker, RESTS);

	if (stress_one_in(worker, 64))
		stress_sleep(0.0001);
	else if (stress_one_in(worker, 4))
		return;
	while (spins--)
		atomic_signal_fence(memory_order_seq_cst);
}

/* The cache is drained while the arena is out, and takes further pages. */
static void use_slowly(struct stress_worker *worker, struct loan *loan)
{
	const struct shared *shared = worker->context;

	loan_open(loan, worker, magpool_get_from(shared->pool));
	rest(worker);
	loan_fill(loan, worker);
	rest(worker);
	loan_return(loan, worker);
}

static void work(struct stress_worker *worker)
{
	const struct shared *shared = worker->context;
	struct loan loans[HOLD];

	/* One arena alone stays in the slot, more use the magazines. */
	if (stress_one_in(worker, 4))
		loan_burst(worker, shared->pool, loans,
			   2 + stress_below(worker, HOLD - 1));
	else if (stress_one_in(worker, 2))
		loan_burst(worker, shared->pool, loans, 1);
	else
		use_slowly(worker, &loans[0]);
	if (stress_one_in(worker, 256))
		magpool_thread_flush(shared->pool);
}

static void work_in_common(struct stress_worker *worker)
{
	const struct shared *shared = worker->context;
	struct loan loan;

	loan_open(&loan, worker, magpool_cache_get(shared->common));
	loan_fill(&loan, worker);
	rest(worker);
	magpool_cache_return(shared->common, loan_close(&loan, worker));
}

static void *live(void *argument)
{
	struct stress_worker worker;

	stress_worker_init(&worker, argument);
	for (unsigned i = stress_below(&worker, OF_A_THREAD); i; i--) {
		work(&worker);
		rest(&worker);
	}
	stress_worker_fini(&worker);
	return NULL;
}

static void body(struct stress_worker *worker)
{
	struct shared *shared = worker->context;

	while (stress_running(worker)) {
		if (worker->index == 0) {
			magpool_trim(shared->pool);
		} else if (stress_one_in(worker, 200)) {
			pthread_t thread;

			stress_thread(&thread, live, shared);
			pthread_join(thread, NULL);
		} else if (stress_one_in(worker, 4)) {
			work_in_common(worker);
		} else {
			work(worker);
		}
		if (worker->index)
			rest(worker);
	}
}

static void run(void)
{
	struct shared *shared = stress_allocate(1, sizeof(*shared));
	struct magpool_stats stats;

	shared->pool = sums_pool();
	shared->common = magpool_cache_create(shared->pool);
	stress_check(shared->common, "no explicit cache: %s",
		     strerrordesc_np(errno));
	stress_team(body, shared);
	stats = sums_read(shared->pool);
	stress_check(stats.drains || !stats.membarrier, "no cache was drained");
	magpool_cache_destroy(&shared->common);
	sums_finish(shared->pool);
	free(shared);
}

int main(int argc, char **argv)
{
	static const struct stress_scenario scenario = {
		.name = "drain",
		.text = "Caches are drained while their owners start to work",
		.defaults = { .seconds = 2, .threads = 4 },
		.run = run,
	};

	return stress_main(&scenario, argc, argv);
}
