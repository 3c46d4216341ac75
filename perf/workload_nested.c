/* SPDX-License-Identifier: MIT */
#include "workload.h"

const struct perf_workload perf_workload_nested = {
	.name = "nested",
	.text = "2 and 8 arenas held at once, 2 parameters in each",
	.most = 8 * (48 + 32),
	.variant = {
		{
			.label = "2",
			.loop = PERF_LOOP_NESTED,
			.amount = 2,
			.threads = { PERF_CORES },
		},
		{
			.label = "8",
			.loop = PERF_LOOP_NESTED,
			.amount = 8,
			.threads = { PERF_CORES },
		},
	},
};
