/* SPDX-License-Identifier: MIT */
#include "workload.h"

const struct perf_workload perf_workload_churn = {
	.name = "churn",
	.text = "threads that live for 1 call, and for 1 to 100",
	.most = PERF_SMALL_BYTES,
	.variant = {
		{
			.label = "1",
			.loop = PERF_LOOP_CHURN,
			.amount = 1,
			.sleeps = true,
			.threads = { 1 },
		},
		{
			.label = "1-100",
			.loop = PERF_LOOP_CHURN,
			.amount = 100,
			.sleeps = true,
			.threads = { 1 },
		},
	},
};
