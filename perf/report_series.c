/* SPDX-License-Identifier: MIT */
/* What a workload did to the memory of the process. */
#include "report.h"

#include "group.h"
#include "peer.h"
#include "series.h"
#include "tool_table.h"

static void add_bytes(struct tool_table *table, uint64_t bytes)
{
	tool_table_add(table, TOOL_PLAIN, "%.1f", (double)bytes / (1 << 20));
}

static void add_series(struct tool_table *table, const char *label,
		       const char *peer, const struct perf_series *series)
{
	tool_table_add(table, TOOL_PLAIN, "%s", label);
	tool_table_add(table, TOOL_PLAIN, "%s", peer);
	add_bytes(table, series->peak);
	for (size_t i = 0; i < PERF_PARTS; i++)
		add_bytes(table, series->part[i].resident);
	for (size_t i = 0; i < PERF_PARTS; i++)
		add_bytes(table, series->part[i].mapped);
}

void perf_report_series(const struct perf_plan *plan, FILE *out)
{
	static const char *const heads[] = {
		"<MiB", "<",    "RSS peak", "before",
		"busy", "idle", "trimmed",  "mapped before",
		"busy", "idle", "trimmed"
	};
	struct tool_table *table =
		tool_table_create(heads, sizeof(heads) / sizeof(*heads));
	size_t added = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct perf_group *group = &plan->group[i];

		for (size_t k = 0; group->series && k < group->peers; k++) {
			if (!group->series[k].count)
				continue;
			add_series(table, group->label,
				   group->trial[k].peer->name,
				   &group->series[k]);
			added++;
		}
	}
	if (added) {
		tool_table_print(table, out);
		fputs("\nRSS: of the whole process; mapped: by the library\n\n",
		      out);
	}
	tool_table_destroy(table);
}
