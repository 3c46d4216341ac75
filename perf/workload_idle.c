/* SPDX-License-Identifier: MIT */
#include "workload.h"

/* The threads live until the group ends, and sleep when they have no work. */
const struct perf_workload perf_workload_idle = {
	.name = "idle",
	.text = "1000 threads have 32 small out at once, then sleep",
	.most = PERF_SMALL_BYTES,
	.is_series = true,
	.variant = {
		{
			.label = "",
			.loop = PERF_LOOP_BURST,
			.amount = 32,
			.unit = 32,
			.sleeps = true,
			.threads = { 1000 },
		},
	},
};
