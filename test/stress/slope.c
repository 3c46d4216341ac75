/* SPDX-License-Identifier: MIT */
/*
 * Does the process grow?  Slices of a fraction of a second with a random number
 * of threads that borrow, trim, flush, start short-lived threads and fork.
 * After each one all is back and trimmed, so what is resident then must not
 * rise.  Judged only over an hour or more: a page more in a minute is 240 KiB
 * an hour, and means nothing.
 */
#include "loan.h"
#include "sums.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HOLD = 8, SAMPLES = 1000, HOUR = 3600 };

/* Of the run that belongs to the warm-up. */
#define WARM_UP 0.1
/* KiB an hour. */
#define BOUND 1.0

struct sample {
	double time, kib;
};

static struct {
	_Atomic uint64_t forks, threads, trims;
} done;

/* ---- what is resident ---------------------------------------------------- */

/* Exact, unlike statm: the kernel counts that a processor at a time. */
static double resident_kib(void)
{
	int file = open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC);
	char text[2048];
	ssize_t size = file < 0 ? -1 : read(file, text, sizeof(text) - 1);
	const char *rss;

	if (size < 0)
		stress_unable("smaps_rollup", errno);
	close(file);
	text[size] = '\0';
	rss = strstr(text, "\nRss:");
	if (!rss)
		stress_unable("smaps_rollup without Rss", ENOENT);
	return strtod(rss + strlen("\nRss:"), NULL);
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

/*
 * The median of the slopes of all pairs (Theil and Sen), in KiB an hour: a
 * single step up, as of one page that libc touches late, does not move it.
 */
static double slope_of(const struct sample *sample, size_t count)
{
	size_t pairs = 0;
	double *slope, median;

	if (count < 2)
		return 0;
	slope = stress_allocate(count * (count - 1) / 2, sizeof(*slope));
	for (size_t i = 0; i < count; i++) {
		for (size_t j = i + 1; j < count; j++)
			slope[pairs++] = (sample[j].kib - sample[i].kib) *
					 HOUR /
					 (sample[j].time - sample[i].time);
	}
	qsort(slope, pairs, sizeof(*slope), compare);
	median = slope[pairs / 2];
	free(slope);
	return median;
}

/* ---- the load ------------------------------------------------------------ */

static void burst(struct stress_worker *worker)
{
	struct loan loans[HOLD];

	loan_burst(worker, worker->context, loans,
		   1 + stress_below(worker, HOLD));
}

static void *live(void *argument)
{
	struct stress_worker worker;

	stress_worker_init(&worker, argument);
	for (unsigned i = stress_below(&worker, 20); i; i--)
		burst(&worker);
	stress_worker_fini(&worker);
	return NULL;
}

static void start_thread(struct stress_worker *worker)
{
	pthread_t thread;

	stress_thread(&thread, live, worker->context);
	pthread_join(thread, NULL);
	done.threads++;
}

static void fork_once(struct stress_worker *worker)
{
	pid_t child = fork();

	if (child == 0) {
		stress_watchdog(1);
		for (int i = 0; i < 20; i++)
			burst(worker);
		magpool_trim(NULL);
		_exit(EXIT_SUCCESS);
	}
	if (child < 0)
		stress_unable("fork", errno);
	stress_wait(child);
	done.forks++;
}

static void body(struct stress_worker *worker)
{
	while (stress_running(worker)) {
		burst(worker);
		if (stress_one_in(worker, 256))
			magpool_thread_flush(worker->context);
		if (stress_one_in(worker, 512)) {
			magpool_trim(stress_one_in(worker, 2)
					     ? NULL
					     : worker->context);
			done.trims++;
		}
		if (stress_one_in(worker, 512))
			start_thread(worker);
		if (worker->index == 0 && stress_one_in(worker, 4096))
			fork_once(worker);
	}
}

/* One slice; what is resident after it. */
static double run_slice(struct magpool *pool, struct stress_worker *chance)
{
	unsigned most = stress_options.threads;

	stress_options.threads = 1 + stress_below(chance, most);
	stress_options.seconds = 0.05 + stress_below(chance, 400) * 1e-3;
	stress_team(body, pool);
	stress_options.threads = most;
	magpool_trim(NULL);
	sums_check(pool, 0);
	return resident_kib();
}

/* ---- the run ------------------------------------------------------------- */

static void judge(const struct sample *sample, size_t count, double seconds)
{
	double slope = slope_of(sample, count);

	printf("slope: %+.2f KiB/h, from %.0f to %.0f KiB, %zu samples over "
	       "%.0f s, %" PRIu64 " forks, %" PRIu64 " trims, %" PRIu64
	       " threads\n",
	       slope, sample[0].kib, sample[count - 1].kib, count,
	       sample[count - 1].time - sample[0].time, done.forks, done.trims,
	       done.threads);
	stress_check(seconds < HOUR || slope < BOUND,
		     "the process grows by %.2f KiB/h", slope);
}

static void run(void)
{
	static struct sample sample[SAMPLES];
	double seconds = stress_options.seconds, start = stress_now();
	double every = seconds * (1 - WARM_UP) / SAMPLES, now = 0;
	struct magpool *pool = sums_pool();
	struct stress_worker chance;
	size_t count = 0;

	stress_worker_init(&chance, NULL);
	/* What is not ours is there from the start, or is in one place. */
	mallopt(M_ARENA_MAX, 1);
	loan_touch_owners();
	memset(sample, 0xff, sizeof(sample));
	while (now < seconds) {
		double kib = run_slice(pool, &chance);

		now = stress_now() - start;
		if (count < SAMPLES &&
		    now >= seconds * WARM_UP + (double)count * every)
			sample[count++] = (struct sample){ now, kib };
	}
	stress_options.seconds = seconds;
	judge(sample, count, seconds);
	sums_finish(pool);
}

int main(int argc, char **argv)
{
	static const struct stress_scenario scenario = {
		.name = "slope",
		.text = "Whether the process grows, under trim, fork and churn",
		.defaults = { .seconds = 3, .threads = 4 },
		.run = run,
	};

	return stress_main(&scenario, argc, argv);
}
