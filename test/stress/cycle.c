/* SPDX-License-Identifier: MIT */
/*
 * The main job: each thread borrows one to eight arenas, allocates in them
 * from nothing up to several pages and blocks, and returns them in any order.
 */
#include "loan.h"
#include "sums.h"

enum { HOLD = 8 };

static void body(struct stress_worker *worker)
{
	struct loan loans[HOLD];

	while (stress_running(worker))
		loan_burst(worker, worker->context, loans,
			   1 + stress_below(worker, HOLD));
}

static void run(void)
{
	struct magpool *pool = sums_pool();
	unsigned threads = stress_options.threads;

	stress_team(body, pool);
	sums_check_bound(pool, (uint64_t)threads * HOLD * loan_pages(),
			 threads);
	sums_finish(pool);
}

int main(int argc, char **argv)
{
	static const struct stress_scenario scenario = {
		.name = "cycle",
		.text = "Get, allocate, return, from many threads",
		.defaults = { .seconds = 1, .threads = 8 },
		.run = run,
	};

	return stress_main(&scenario, argc, argv);
}
