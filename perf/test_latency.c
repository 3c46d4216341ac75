/* SPDX-License-Identifier: MIT */
/* The recorder against a sorted list of the same times. */
#include "latency.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { TIMES = 100000 };

static uint64_t times[TIMES];
static struct perf_recorder recorder;
static int failed;

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

/* Never shorter than the truth, and at most 1/64 longer. */
static void expect_near(const char *what, uint64_t got, uint64_t truth)
{
	if (got >= truth && got <= truth + truth / 64)
		return;
	printf("not ok: %s: %" PRIu64 ", expected %" PRIu64 "\n", what, got,
	       truth);
	failed = 1;
}

/* Every bucket begins right after the one before ends. */
static void check_edges(void)
{
	for (size_t i = 0; i + 1 < PERF_RECORDER_BUCKETS; i++) {
		uint64_t edge = perf_recorder_edge(i);

		if (perf_recorder_bucket(edge) != i ||
		    perf_recorder_bucket(edge + 1) != i + 1) {
			printf("not ok: bucket %zu ends at %" PRIu64 "\n", i,
			       edge);
			failed = 1;
		}
	}
}

static void check_percentiles(void)
{
	uint64_t state = 1;

	for (size_t i = 0; i < TIMES; i++) {
		state = state * UINT64_C(6364136223846793005) + 1;
		/* From one nanosecond to 2^37 of them, short ones often. */
		times[i] = (state >> 27) >> (state >> 58) % 37;
		perf_recorder_add(&recorder, times[i]);
	}
	qsort(times, TIMES, sizeof(*times), compare);
	expect_near("p50", perf_recorder_percentile(&recorder, 0.5),
		    times[TIMES / 2 - 1]);
	expect_near("p99", perf_recorder_percentile(&recorder, 0.99),
		    times[TIMES / 100 * 99 - 1]);
	expect_near("p99.9", perf_recorder_percentile(&recorder, 0.999),
		    times[TIMES / 1000 * 999 - 1]);
	if (recorder.most != times[TIMES - 1] || recorder.count != TIMES) {
		printf("not ok: the most or the count\n");
		failed = 1;
	}
}

static void check_ends(void)
{
	if (perf_recorder_bucket(UINT64_MAX) != PERF_RECORDER_BUCKETS - 1 ||
	    perf_recorder_bucket(0) != 0) {
		printf("not ok: the first or the last bucket\n");
		failed = 1;
	}
}

int main(void)
{
	check_edges();
	check_ends();
	check_percentiles();
	if (!failed)
		puts("ok");
	return failed;
}
