/* SPDX-License-Identifier: MIT */
#include "workload.h"

const struct perf_workload perf_workload_small = {
	.name = "small",
	.text = "get, 4 parameters of 1, 10, 100 and 1000 bytes, return",
	.most = PERF_SMALL_BYTES,
	.is_usual = true,
	.variant = {
		{
			.label = "",
			.loop = PERF_LOOP_SMALL,
			.threads = { PERF_CORES },
		},
	},
};
