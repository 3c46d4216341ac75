/* SPDX-License-Identifier: MIT */
/*
 * Each thread works like in `cycle`, under a storm of signals whose handler
 * uses the same pool.
 */
#include "storm.h"
#include "sums.h"

enum { HOLD = 8 };

static _Atomic uint64_t signals;

static void work(struct stress_worker *worker)
{
	struct loan loans[HOLD];

	loan_burst(worker, worker->context, loans,
		   1 + stress_below(worker, HOLD));
	if (stress_one_in(worker, 64))
		magpool_thread_flush(worker->context);
}

static void body(struct stress_worker *worker)
{
	struct storm storm;

	work(worker);
	storm_start(&storm, worker->context);
	while (stress_running(worker))
		work(worker);
	storm_stop(&storm);
	atomic_fetch_add_explicit(&signals, storm.signals,
				  memory_order_relaxed);
}

static void run(void)
{
	struct magpool *pool = sums_pool();
	uint64_t threads = stress_options.threads;

	stress_team(body, pool);
	stress_check(signals, "no signal came");
	/*
	 * The handler holds up to two beside those of its thread; and what the
	 * interrupted call has in its hands, a page and two magazines, nobody
	 * can find meanwhile.
	 */
	sums_check_bound(pool,
			 threads * ((HOLD + 2) * loan_pages() + 1 +
				    2 * stress_options.rounds),
			 threads);
	sums_finish(pool);
}

int main(int argc, char **argv)
{
	static const struct stress_scenario scenario = {
		.name = "signals",
		.text = "Signal handlers that get and return",
		.defaults = { .seconds = 2, .threads = 4 },
		.run = run,
	};

	return stress_main(&scenario, argc, argv);
}
