/* SPDX-License-Identifier: MIT */
#include "workload.h"

const struct perf_workload perf_workload_oversubscribed = {
	.name = "oversubscribed",
	.text = "small on 16, 32 and 64 threads, however few the cores",
	.most = PERF_SMALL_BYTES,
	.variant = {
		{
			.label = "",
			.loop = PERF_LOOP_SMALL,
			.threads = { PERF_CORES, 16, 32, 64 },
		},
	},
};
