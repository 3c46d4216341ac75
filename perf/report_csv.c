/* SPDX-License-Identifier: MIT */
#include "report.h"

#include "group.h"
#include "peer.h"
#include "settings.h"
#include "summary.h"
#include "verdict.h"
#include "workload.h"

static void print_trial(const struct perf_group *group,
			const struct perf_trial *trial,
			const struct perf_trial *base, size_t repeats,
			FILE *out)
{
	struct perf_summary ns = perf_summarise(trial->ns, repeats);
	char verdict[PERF_VERDICT_ROOM];

	perf_verdict(group, trial, repeats, verdict);
	fprintf(out, "%s,%u,%s,%.4f,%.4f,%.4f,%.4f,%.0f,", group->label,
		trial->threads, trial->peer->name, ns.median, ns.least, ns.low,
		ns.high, trial->lanes / ns.median * 1e9);
	if (base)
		fprintf(out, "%.4f",
			perf_median_ratio(base->ns, trial->ns, repeats));
	fprintf(out, ",%s\n", verdict);
}

void perf_report_csv(const struct perf_settings *settings,
		     const struct perf_plan *plan, FILE *out)
{
	fputs("workload,threads,peer,ns_median,ns_least,ns_p10,ns_p90,"
	      "calls_per_second,ratio,not_clean\n",
	      out);
	for (size_t i = 0; i < plan->count; i++) {
		const struct perf_group *group = &plan->group[i];

		if (group->workload->is_latency)
			continue;
		for (size_t k = 0; k < group->rows * group->peers; k++)
			print_trial(group, &group->trial[k],
				    perf_group_find(group, k / group->peers,
						    settings->baseline),
				    settings->repeats, out);
	}
}
