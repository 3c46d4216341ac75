/* SPDX-License-Identifier: MIT */
#include "workload.h"

const struct perf_workload perf_workload_cycle = {
	.name = "cycle",
	.text = "get and return, and nothing between them",
	.most = 16,
	.variant = {
		{
			.label = "",
			.loop = PERF_LOOP_CYCLE,
			.threads = { PERF_CORES },
		},
	},
};
