/* SPDX-License-Identifier: MIT */
#include "workload.h"

const struct perf_workload perf_workload_multipage = {
	.name = "multipage",
	.text = "get, 10 parameters of 1000 bytes, return",
	.most = 10 * 1008,
	.is_usual = true,
	.variant = {
		{
			.label = "",
			.loop = PERF_LOOP_MULTIPAGE,
			.threads = { PERF_CORES },
		},
	},
};
