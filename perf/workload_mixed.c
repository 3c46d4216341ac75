/* SPDX-License-Identifier: MIT */
#include "workload.h"
#include "connect.h"

const struct perf_workload perf_workload_mixed = {
	.name = "mixed",
	.text = "a call, small, multipage, nested, hold and a handoff in turn",
	.most = 10 * 1008,
	.has_mixes = true,
	.variant = {
		{
			.label = "",
			.loop = PERF_LOOP_MIXED,
			.unit = 1024,
			.connect = perf_connect_circle,
			.threads = { PERF_CORES },
		},
	},
};
