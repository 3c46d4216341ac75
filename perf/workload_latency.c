/* SPDX-License-Identifier: MIT */
#include "workload.h"
#include "connect.h"

const struct perf_workload perf_workload_latency = {
	.name = "latency",
	.text = "how long get and return take, percentiles",
	.most = PERF_SMALL_BYTES,
	.is_latency = true,
	.variant = {
		{
			.label = "small",
			.loop = PERF_LOOP_LATENCY,
			.threads = { PERF_CORES },
		},
		{
			.label = "handoff",
			.loop = PERF_LOOP_LATENCY_HANDOFF,
			.threads_step = 2,
			.least_threads = 2,
			.connect = perf_connect_pairs,
			.threads = { 8 },
		},
	},
};
