/* SPDX-License-Identifier: MIT */
/*
 * Arenas that are got in one thread and returned in another, through boxes
 * that all threads share.  A third of the threads only get, a third only
 * return: their magazines fill and empty in one direction.
 */
#include "loan.h"
#include "sums.h"

#include <sched.h>
#include <stdlib.h>

struct shared {
	struct magpool *pool;
	struct loan_boxes boxes;
};

static void body(struct stress_worker *worker)
{
	struct shared *shared = worker->context;
	unsigned role = worker->index % 3;

	while (stress_running(worker)) {
		bool give = role == 0 ||
			    (role == 1 && stress_one_in(worker, 2));

		loan_pass(&shared->boxes, worker, give ? shared->pool : NULL);
		/* Who only takes should not spin on empty boxes. */
		if (role == 2 && stress_one_in(worker, LOAN_BOXES))
			sched_yield();
	}
}

static void run(void)
{
	struct shared *shared = stress_allocate(1, sizeof(*shared));
	unsigned threads = stress_options.threads;
	struct stress_worker rest;

	shared->pool = sums_pool();
	stress_team(body, shared);
	stress_worker_init(&rest, shared);
	loan_drain(&shared->boxes, &rest);
	stress_worker_fini(&rest);
	sums_check_bound(shared->pool,
			 (uint64_t)(LOAN_BOXES + threads) * loan_pages(),
			 threads + 1);
	sums_finish(shared->pool);
	free(shared);
}

int main(int argc, char **argv)
{
	static const struct stress_scenario scenario = {
		.name = "handoff",
		.text = "Get in one thread, return in another",
		.defaults = { .seconds = 1, .threads = 8, .depot_kib = 1024 },
		.run = run,
	};

	return stress_main(&scenario, argc, argv);
}
