/* SPDX-License-Identifier: MIT */
#include "workload.h"
#include "connect.h"

const struct perf_workload perf_workload_growth = {
	.name = "growth",
	.text = "what must not grow: handoff, calls that get larger",
	.most = PERF_GROWTH_BYTES,
	.is_series = true,
	.variant = {
		{
			.label = "handoff",
			.loop = PERF_LOOP_HANDOFF,
			.unit = 10000,
			.threads_step = 2,
			.least_threads = 2,
			.connect = perf_connect_pairs,
			.threads = { 2 },
		},
		{
			.label = "calls",
			.loop = PERF_LOOP_GROWTH,
			.amount = 64,
			.unit = 64,
			.threads = { 1 },
		},
	},
};
