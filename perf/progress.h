/* SPDX-License-Identifier: MIT */
/* A line on stderr that says how far the run is; only on a terminal. */
#ifndef PERF_PROGRESS_H
#define PERF_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct perf_progress {
	size_t steps, done;
	uint64_t shown; /* when, in ns */
	bool is_on;
};

/* 0 steps: shows nothing. */
void perf_progress_init(struct perf_progress *progress, size_t steps);
void perf_progress_step(struct perf_progress *progress, const char *what);
/* Clears the line. */
void perf_progress_fini(struct perf_progress *progress);

#endif
