/* SPDX-License-Identifier: MIT */
#include "workload.h"
#include "connect.h"

const struct perf_workload perf_workload_handoff = {
	.name = "handoff",
	.text = "small, got in one thread and returned in another",
	.most = PERF_SMALL_BYTES,
	.is_usual = true,
	.variant = {
		{
			.label = "1:1",
			.loop = PERF_LOOP_HANDOFF,
			.threads_step = 2,
			.least_threads = 2,
			.connect = perf_connect_pairs,
			.threads = { PERF_CORES },
		},
		{
			.label = "1:n",
			.loop = PERF_LOOP_HANDOFF,
			.least_threads = 4,
			.is_unusual = true,
			.connect = perf_connect_fan_out,
			.threads = { PERF_CORES },
		},
		{
			.label = "n:1",
			.loop = PERF_LOOP_HANDOFF,
			.least_threads = 4,
			.is_unusual = true,
			.connect = perf_connect_fan_in,
			.threads = { PERF_CORES },
		},
	},
};
