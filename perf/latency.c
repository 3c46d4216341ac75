/* SPDX-License-Identifier: MIT */
#include "latency.h"

#include <string.h>

uint64_t perf_recorder_edge(size_t bucket)
{
	size_t width_bits = bucket >> PERF_RECORDER_BITS;
	uint64_t low;

	/* The first two rows are single nanoseconds. */
	if (width_bits <= 1)
		return bucket;
	width_bits--;
	low = (bucket - (width_bits << PERF_RECORDER_BITS)) << width_bits;
	return low + (UINT64_C(1) << width_bits) - 1;
}

uint64_t perf_recorder_percentile(const struct perf_recorder *recorder,
				  double share)
{
	double wanted = share * (double)recorder->count;
	uint64_t seen = 0;

	for (size_t i = 0; i < PERF_RECORDER_BUCKETS; i++) {
		seen += recorder->bucket[i];
		if (seen && (double)seen >= wanted) {
			uint64_t edge = perf_recorder_edge(i);

			return edge < recorder->most ? edge : recorder->most;
		}
	}
	return recorder->most;
}

static void move(struct perf_recorder *to, struct perf_recorder *source)
{
	to->count += source->count;
	if (to->most < source->most)
		to->most = source->most;
	for (size_t i = 0; i < PERF_RECORDER_BUCKETS; i++)
		to->bucket[i] += source->bucket[i];
	memset(source, 0, sizeof(*source));
}

void perf_latency_move(struct perf_latency *to, struct perf_latency *source)
{
	for (size_t i = 0; i < PERF_STEPS; i++)
		move(&to->step[i], &source->step[i]);
}

const char *perf_step_name(enum perf_step step)
{
	static const char *const names[] = {
		[PERF_STEP_GET] = "get",
		[PERF_STEP_RETURN] = "return",
		[PERF_STEP_EMPTY] = "(empty)",
	};

	return names[step];
}
