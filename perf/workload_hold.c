/* SPDX-License-Identifier: MIT */
#include "workload.h"

const struct perf_workload perf_workload_hold = {
	.name = "hold",
	.text = "small, held for a random time while 63 others come and go",
	.most = PERF_SMALL_BYTES,
	.variant = {
		{
			.label = "",
			.loop = PERF_LOOP_HOLD,
			.amount = 64,
			.threads = { PERF_CORES },
		},
	},
};
