/* SPDX-License-Identifier: MIT */
#include "workload.h"

#include <string.h>

const struct perf_workload *const perf_workloads[] = {
	&perf_workload_cycle,     &perf_workload_small,
	&perf_workload_multipage, &perf_workload_calls,
	&perf_workload_nested,    &perf_workload_scaling,
	&perf_workload_handoff,   &perf_workload_hold,
	&perf_workload_churn,     &perf_workload_oversubscribed,
	&perf_workload_burst,     &perf_workload_idle,
	&perf_workload_growth,    &perf_workload_mixed,
	&perf_workload_latency,   NULL,
};

const struct perf_workload *perf_workload_find(const char *name)
{
	for (size_t i = 0; perf_workloads[i]; i++)
		if (strcmp(perf_workloads[i]->name, name) == 0)
			return perf_workloads[i];
	return NULL;
}
