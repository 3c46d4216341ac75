/* SPDX-License-Identifier: MIT */
/* What more threads bring, beside what they bring to the bump limit. */
#include "report.h"

#include <stdlib.h>

#include "group.h"
#include "peer.h"
#include "settings.h"
#include "summary.h"
#include "tool_table.h"
#include "util.h"
#include "workload.h"

/* Calls a second in that row against the first one, repeat by repeat. */
static double *speed_up(const struct perf_group *group, size_t row,
			const struct perf_peer *peer, size_t repeats)
{
	const struct perf_trial *one = perf_group_find(group, 0, peer);
	const struct perf_trial *more = perf_group_find(group, row, peer);
	double *factor;

	if (!one || !more)
		return NULL;
	factor = tool_zalloc(repeats, sizeof(*factor));
	for (size_t i = 0; i < repeats; i++)
		factor[i] =
			one->ns[i] / one->threads / more->ns[i] * more->threads;
	return factor;
}

static void add_peer(struct tool_table *table, const struct perf_group *group,
		     size_t row, size_t peer, size_t repeats)
{
	const struct perf_trial *trial =
		&group->trial[row * group->peers + peer];
	double *mine = speed_up(group, row, trial->peer, repeats);
	double *limit = speed_up(group, row, &perf_peer_limit, repeats);

	tool_table_add(table, TOOL_STRONG, "%s", group->label);
	tool_table_add(table, TOOL_PLAIN, "%u against %u", trial->threads,
		       group->trial[0].threads);
	tool_table_add(table, TOOL_PLAIN, "%s", trial->peer->name);
	tool_table_add(table, TOOL_STRONG, "%.3f",
		       perf_summarise(mine, repeats).median);
	if (limit)
		tool_table_add(table, TOOL_STRONG, "%.1f %%",
			       perf_median_ratio(mine, limit, repeats) * 100);
	else
		tool_table_add(table, TOOL_PLAIN, "-");
	free(mine);
	free(limit);
}

static size_t add_group(struct tool_table *table,
			const struct perf_group *group, size_t repeats)
{
	size_t added = 0;

	if (group->workload->is_latency)
		return 0;
	for (size_t row = 1; row < group->rows; row++)
		for (size_t i = 0; i < group->peers; i++, added++)
			add_peer(table, group, row, i, repeats);
	return added;
}

void perf_report_scaling(const struct perf_settings *settings,
			 const struct perf_plan *plan, FILE *out)
{
	static const char *const heads[] = { "<workload", "<threads", "<peer",
					     "speed-up", "of the limit's" };
	struct tool_table *table =
		tool_table_create(heads, sizeof(heads) / sizeof(*heads));
	size_t added = 0;

	for (size_t i = 0; i < plan->count; i++)
		added += add_group(table, &plan->group[i], settings->repeats);
	if (added) {
		tool_table_print(table, out);
		fputc('\n', out);
	}
	tool_table_destroy(table);
}
