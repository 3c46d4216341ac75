/* SPDX-License-Identifier: MIT */
#include "workload.h"

const struct perf_workload perf_workload_calls = {
	.name = "calls",
	.text = "the parameters of native calls, by weight, from the CSV",
	.is_usual = true,
	.has_mixes = true,
	.variant = {
		{
			.label = "",
			.loop = PERF_LOOP_CALLS,
			.threads = { PERF_CORES },
		},
	},
};
