/* SPDX-License-Identifier: MIT */
#include "workload.h"

const struct perf_workload perf_workload_burst = {
	.name = "burst",
	.text = "10000 arenas out at once, then none; what memory does",
	.most = PERF_SMALL_BYTES,
	.is_series = true,
	.variant = {
		{
			.label = "",
			.loop = PERF_LOOP_BURST,
			.amount = 10000,
			.unit = 10000,
			.threads = { 1 },
		},
	},
};
