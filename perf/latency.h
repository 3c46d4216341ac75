/* SPDX-License-Identifier: MIT */
/*
 * Recorders of times, in the manner of HdrHistogram: buckets that are wider
 * for longer times, each at most 1/64 of its time wide, so that recording is
 * a few instructions and any percentile is right to 2 %.
 */
#ifndef PERF_LATENCY_H
#define PERF_LATENCY_H

#include <stddef.h>
#include <stdint.h>

enum {
	PERF_RECORDER_BITS = 6, /* 64 buckets for each power of two */
	PERF_RECORDER_TOP = 40, /* times from 2^40 ns share the last bucket */
	PERF_RECORDER_BUCKETS = (PERF_RECORDER_TOP - PERF_RECORDER_BITS + 1)
				<< PERF_RECORDER_BITS
};

struct perf_recorder {
	uint64_t count, most; /* most: exact */
	uint64_t bucket[PERF_RECORDER_BUCKETS];
};

enum perf_step { PERF_STEP_GET, PERF_STEP_RETURN, PERF_STEP_EMPTY, PERF_STEPS };

struct perf_latency {
	struct perf_recorder step[PERF_STEPS];
};

static inline size_t perf_recorder_bucket(uint64_t ns)
{
	unsigned shift;

	if (ns >> PERF_RECORDER_BITS == 0)
		return (size_t)ns;
	if (ns >> PERF_RECORDER_TOP)
		return PERF_RECORDER_BUCKETS - 1;
	/* 63 - clz is the highest bit; so many low bits are dropped. */
	shift = 63 - (unsigned)__builtin_clzll(ns) - PERF_RECORDER_BITS;
	return ((size_t)shift << PERF_RECORDER_BITS) + (size_t)(ns >> shift);
}

static inline void perf_recorder_add(struct perf_recorder *recorder,
				     uint64_t ns)
{
	recorder->count++;
	recorder->bucket[perf_recorder_bucket(ns)]++;
	if (recorder->most < ns)
		recorder->most = ns;
}

/* The longest time that falls into a bucket. */
uint64_t perf_recorder_edge(size_t bucket);

/* That share of the times (0..1) was no longer. */
uint64_t perf_recorder_percentile(const struct perf_recorder *recorder,
				  double share);

/* Adds what source holds, and clears source. */
void perf_latency_move(struct perf_latency *to, struct perf_latency *source);

/* "get", "return", "(empty)". */
const char *perf_step_name(enum perf_step step);

#endif
