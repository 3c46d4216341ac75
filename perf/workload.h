/* SPDX-License-Identifier: MIT */
/* A workload: which loops run, with how many threads, told what. */
#ifndef PERF_WORKLOAD_H
#define PERF_WORKLOAD_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "work.h"

/* Numbers of threads that depend on the machine. */
enum {
	PERF_CORES = INT_MAX,    /* as many as there are cores */
	PERF_SWEEP = INT_MAX - 1 /* 1, 2, 4 ... and as many as cores */
};

/* A call of small, each parameter rounded up to 16. */
enum { PERF_SMALL_BYTES = 16 + 16 + 112 + 1008 };
/* The largest call of growth. */
enum { PERF_GROWTH_PAGE = 4096, PERF_GROWTH_BYTES = 64 * PERF_GROWTH_PAGE };

/* One way to run the workload; each is a group of measurements. */
struct perf_variant {
	const char *label; /* NULL after the last */
	enum perf_loop_id loop;
	unsigned amount;       /* for work->amount */
	unsigned unit;         /* cycles come in multiples of it; 0 = 1 */
	unsigned threads[5];   /* when none are asked for; 0 after the last */
	unsigned threads_step; /* numbers of threads are multiples; 0 = 1 */
	unsigned least_threads;
	bool sleeps; /* its threads wait, so they need no core of their own */
	bool is_unusual; /* not run when no workload is named */
	/* Connects the threads of a batch with rings; NULL = apart. */
	void (*connect)(struct perf_work *work, unsigned threads);
};

struct perf_workload {
	const char *name;
	const char *text;
	size_t most;     /* bytes of a call, each parameter rounded up to 16 */
	bool is_usual;   /* run when no workload is named */
	bool has_mixes;  /* once for each mix of call shapes */
	bool is_latency; /* records times of steps; no figure of its own */
	bool is_series;  /* also: the memory of the process over time */
	struct perf_variant variant[4];
};

extern const struct perf_workload perf_workload_cycle;
extern const struct perf_workload perf_workload_small;
extern const struct perf_workload perf_workload_multipage;
extern const struct perf_workload perf_workload_calls;
extern const struct perf_workload perf_workload_nested;
extern const struct perf_workload perf_workload_scaling;
extern const struct perf_workload perf_workload_handoff;
extern const struct perf_workload perf_workload_hold;
extern const struct perf_workload perf_workload_churn;
extern const struct perf_workload perf_workload_oversubscribed;
extern const struct perf_workload perf_workload_burst;
extern const struct perf_workload perf_workload_idle;
extern const struct perf_workload perf_workload_growth;
extern const struct perf_workload perf_workload_mixed;
extern const struct perf_workload perf_workload_latency;

/* All of them, in the order in which they run; NULL after the last. */
extern const struct perf_workload *const perf_workloads[];

/* NULL when there is no workload of that name. */
const struct perf_workload *perf_workload_find(const char *name);

#endif
