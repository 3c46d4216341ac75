/* SPDX-License-Identifier: MIT */
/*
 * Trim, flush and the statistics called from several threads while others
 * work, quietly or in bursts that fill the depot.  The system zeroes pages
 * behind arenas, slabs come and go, and no counter ever falls.
 */
#include "loan.h"
#include "sums.h"

#include <inttypes.h>

enum { HOLD = 8, BURST = 96 };

static void work(struct stress_worker *worker)
{
	struct loan loans[HOLD];

	loan_burst(worker, worker->context, loans,
		   1 + stress_below(worker, HOLD));
	if (stress_one_in(worker, 64))
		magpool_thread_flush(worker->context);
}

static void burst(struct stress_worker *worker)
{
	static _Thread_local struct loan loans[BURST];

	loan_burst(worker, worker->context, loans, BURST);
	if (stress_one_in(worker, 2))
		magpool_thread_flush(NULL);
	stress_sleep(0.0005);
}

static void trim(struct stress_worker *worker)
{
	struct magpool_stats before = sums_read(worker->context), after;

	magpool_trim(stress_one_in(worker, 4) ? NULL : worker->context);
	work(worker);
	after = sums_read(worker->context);
	sums_check_rise(&before, &after);
	if (stress_one_in(worker, 4))
		stress_sleep(0.0002);
}

static void body(struct stress_worker *worker)
{
	while (stress_running(worker)) {
		if (worker->index % 4 == 0)
			trim(worker);
		else if (worker->index % 4 == 1)
			burst(worker);
		else
			work(worker);
	}
}

/*
 * All threads have ended: nothing is cached, so a trim finds every page.  Where
 * a pop may miss before a wrap fence, it takes more than one.
 */
static void check_all_trimmed(struct magpool *pool)
{
	struct magpool_stats stats;
	unsigned trims = 0;

	do {
		magpool_trim(pool);
		stats = sums_read(pool);
	} while (stats.fences_refused && stats.pages_depot && ++trims < 10000);
	stress_check(stats.pages_depot + stats.pages_loose == 0,
		     "%" PRIu64 " pages in the depot after a trim",
		     stats.pages_depot + stats.pages_loose);
	stress_check(stats.pages_created ==
			     stats.pages_given_back + stats.pages_quarantined,
		     "%" PRIu64 " pages are held after a trim",
		     stats.pages_created - stats.pages_given_back);
}

static void run(void)
{
	struct magpool *pool = sums_pool();

	stress_team(body, pool);
	sums_check_all(pool);
	check_all_trimmed(pool);
	sums_finish(pool);
}

int main(int argc, char **argv)
{
	static const struct stress_scenario scenario = {
		.name = "trim",
		.text = "Trim and flush while others work",
		.defaults = { .seconds = 2, .threads = 8 },
		.run = run,
	};

	return stress_main(&scenario, argc, argv);
}
