/* SPDX-License-Identifier: MIT */
#include "report.h"

#include "group.h"
#include "peer.h"
#include "settings.h"
#include "summary.h"
#include "tool_table.h"
#include "verdict.h"
#include "workload.h"

static void add_ratio(struct tool_table *table, const struct perf_trial *base,
		      const struct perf_trial *trial, size_t repeats)
{
	if (base)
		tool_table_add(table, TOOL_STRONG, "%.2f x",
			       perf_median_ratio(base->ns, trial->ns, repeats));
	else
		tool_table_add(table, TOOL_PLAIN, "-");
}

static void add_trial(struct tool_table *table, const struct perf_group *group,
		      const struct perf_trial *trial,
		      const struct perf_trial *base, size_t repeats)
{
	struct perf_summary ns = perf_summarise(trial->ns, repeats);
	char verdict[PERF_VERDICT_ROOM];

	perf_verdict(group, trial, repeats, verdict);
	tool_table_add(table, TOOL_PLAIN, "%s", trial->peer->name);
	tool_table_add(table, TOOL_STRONG, "%.2f", ns.median);
	tool_table_add(table, TOOL_PLAIN, "%.2f", ns.least);
	tool_table_add(table, TOOL_PLAIN, "%.1f %%", ns.spread * 100);
	tool_table_add(table, TOOL_PLAIN, "%.2f M",
		       trial->lanes / ns.median * 1e3);
	add_ratio(table, base, trial, repeats);
	tool_table_add(table, TOOL_WARN, "%s", verdict);
}

static void add_row(struct tool_table *table,
		    const struct perf_settings *settings,
		    const struct perf_group *group, size_t row)
{
	const struct perf_trial *trial = &group->trial[row * group->peers];
	const struct perf_trial *base =
		perf_group_find(group, row, settings->baseline);

	for (size_t i = 0; i < group->peers; i++) {
		/* Named once, above a block of peers. */
		tool_table_add(table, TOOL_STRONG, "%s", i ? "" : group->label);
		if (i)
			tool_table_add(table, TOOL_PLAIN, "%s", "");
		else
			tool_table_add(table, TOOL_PLAIN, "%u", trial->threads);
		add_trial(table, group, &trial[i], base, settings->repeats);
	}
}

static size_t add_group(struct tool_table *table,
			const struct perf_settings *settings,
			const struct perf_group *group)
{
	/* The clock is most of what these took. */
	if (group->workload->is_latency)
		return 0;
	for (size_t row = 0; row < group->rows; row++)
		add_row(table, settings, group, row);
	return group->rows;
}

void perf_report_results(const struct perf_settings *settings,
			 const struct perf_plan *plan, FILE *out)
{
	char versus[64];
	const char *const heads[] = { "<workload", "threads", "<peer",
				      "ns/cycle",  "least",   "spread",
				      "calls/s",   versus,    "<" };
	struct tool_table *table;
	size_t added = 0;

	snprintf(versus, sizeof(versus), "vs %s", settings->baseline->name);
	table = tool_table_create(heads, sizeof(heads) / sizeof(*heads));
	for (size_t i = 0; i < plan->count; i++)
		added += add_group(table, settings, &plan->group[i]);
	if (added) {
		tool_table_print(table, out);
		fprintf(out,
			"\nns/cycle: get, allocations and return, as a thread "
			"sees it; median of the repeats\nspread: 10th to 90th "
			"percentile, of the median; calls/s: of all threads\n"
			"vs %s: how many times faster, median of the ratios "
			"repeat by repeat\n\n",
			settings->baseline->name);
	}
	tool_table_destroy(table);
}
