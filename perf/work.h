/* SPDX-License-Identifier: MIT */
/* What a thread is told to do in one batch, and the loops that do it. */
#ifndef PERF_WORK_H
#define PERF_WORK_H

#include <stdbool.h>
#include <stdint.h>

struct perf_latency;
struct perf_ring;
struct perf_sequence;

struct perf_work {
	uint64_t cycles;
	unsigned amount;                   /* of what the loop's text says */
	const struct perf_sequence *calls; /* CALLS, MIXED */
	struct perf_latency *latency;      /* LATENCY, LATENCY_HANDOFF */
	struct perf_ring **rings; /* HANDOFF, in turn; MIXED: out, in */
	unsigned ring_count;
	bool gives; /* gets and puts into the rings; else takes and returns */
};

/* Each is compiled once for each peer, from the loop_<x>.h of that name. */
enum perf_loop_id {
	PERF_LOOP_CYCLE,
	PERF_LOOP_SMALL,
	PERF_LOOP_MULTIPAGE,
	PERF_LOOP_CALLS,
	PERF_LOOP_NESTED, /* amount: arenas held at once */
	PERF_LOOP_HOLD,   /* amount: arenas held at once */
	PERF_LOOP_BURST,  /* amount: arenas held at once */
	PERF_LOOP_GROWTH, /* amount: system pages of the largest call */
	PERF_LOOP_CHURN,  /* amount: most calls in a thread's life */
	PERF_LOOP_HANDOFF,
	PERF_LOOP_MIXED,
	PERF_LOOP_LATENCY,
	PERF_LOOP_LATENCY_HANDOFF,
	PERF_LOOPS
};

/* Runs a batch: one call through a pointer for all of its cycles. */
typedef void perf_loop(void *state, const struct perf_work *work);

#endif
