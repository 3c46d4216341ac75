/* SPDX-License-Identifier: MIT */
/*
 * `small` on one thread, two, four ...: what more threads bring, beside what
 * they bring to the bump limit, which shares nothing at all.
 */
#include "workload.h"

const struct perf_workload perf_workload_scaling = {
	.name = "scaling",
	.text = "small on 1, 2, 4 ... threads with arenas of their own",
	.most = PERF_SMALL_BYTES,
	.is_usual = true,
	.variant = {
		{
			.label = "",
			.loop = PERF_LOOP_SMALL,
			.threads = { PERF_SWEEP },
		},
	},
};
