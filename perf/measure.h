/* SPDX-License-Identifier: MIT */
#ifndef PERF_MEASURE_H
#define PERF_MEASURE_H

#include <stddef.h>
#include <stdint.h>

struct perf_plan;
struct perf_progress;

/*
 * Measures the group with that number: warms every trial up, finds out how
 * many cycles take about `slice` ns, then runs all trials one after another,
 * `repeats` times.
 */
void perf_measure(struct perf_plan *plan, size_t number, unsigned repeats,
		  uint64_t slice, struct perf_progress *progress);

#endif
