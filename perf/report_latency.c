/* SPDX-License-Identifier: MIT */
/* How long single steps took: percentiles, beside those of an empty step. */
#include "report.h"

#include <inttypes.h>

#include "group.h"
#include "latency.h"
#include "peer.h"
#include "tool_table.h"
#include "util.h"

static void add_step(struct tool_table *table, const struct perf_group *group,
		     const struct perf_trial *trial, enum perf_step step)
{
	const struct perf_recorder *recorder = &trial->latency->step[step];
	static const double shares[] = { 0.5, 0.99, 0.999 };

	tool_table_add(table, TOOL_STRONG, "%s", group->label);
	tool_table_add(table, TOOL_PLAIN, "%u", trial->threads);
	tool_table_add(table, TOOL_PLAIN, "%s", trial->peer->name);
	tool_table_add(table, TOOL_PLAIN, "%s", perf_step_name(step));
	for (size_t i = 0; i < sizeof(shares) / sizeof(*shares); i++)
		tool_table_add(table, TOOL_STRONG, "%" PRIu64,
			       perf_recorder_percentile(recorder, shares[i]));
	tool_table_add(table, TOOL_PLAIN, "%" PRIu64, recorder->most);
	tool_table_add(table, TOOL_PLAIN, "%" PRIu64, recorder->count);
}

static size_t add_group(struct tool_table *table,
			const struct perf_group *group)
{
	size_t added = 0;

	for (size_t i = 0; i < group->rows * group->peers; i++) {
		if (!group->trial[i].latency)
			continue;
		for (int step = 0; step < PERF_STEPS; step++, added++)
			add_step(table, group, &group->trial[i],
				 (enum perf_step)step);
	}
	return added;
}

void perf_report_latency(const struct perf_plan *plan, FILE *out)
{
	static const char *const heads[] = { "<workload", "threads", "<peer",
					     "<step",     "p50 ns",  "p99",
					     "p99.9",     "most",    "steps" };
	struct tool_table *table =
		tool_table_create(heads, sizeof(heads) / sizeof(*heads));
	size_t added = 0;

	for (size_t i = 0; i < plan->count; i++)
		added += add_group(table, &plan->group[i]);
	if (added) {
		tool_table_print(table, out);
		fprintf(out,
			"\nget: until the first parameter has its memory; "
			"(empty): two readings of the clock; cores %u\n\n",
			perf_cores());
	}
	tool_table_destroy(table);
}
