/* SPDX-License-Identifier: MIT */
/*
 * The depot's statistics: a column for each group, a row for each figure.
 * Counters are what the group added; gauges are what they were at its end,
 * with its threads idle and their magazines loaded.
 */
#include "report.h"

#include <inttypes.h>

#include "depot.h"
#include "group.h"
#include "tool_table.h"

/* What fits beside each other on a page. */
enum { MOST_COLUMNS = 6 };

static void add_value(struct tool_table *table,
		      const struct perf_figure *figure, uint64_t value)
{
	if (figure->kind == PERF_BYTES)
		tool_table_add(table, TOOL_PLAIN, "%.1f MiB",
			       (double)value / (1 << 20));
	else
		tool_table_add(table, TOOL_PLAIN, "%" PRIu64, value);
}

static void add_figure(struct tool_table *table,
		       const struct perf_depot *depots, size_t count,
		       const struct perf_figure *figure)
{
	uint64_t any = 0;

	for (size_t i = 0; i < count; i++)
		any |= perf_figure_value(figure, &depots[i].stats);
	/* A counter that nothing added to is no news. */
	if (!any && figure->kind == PERF_COUNTER)
		return;
	tool_table_add(table, TOOL_PLAIN, "%s", figure->text);
	for (size_t i = 0; i < count; i++)
		add_value(table, figure,
			  perf_figure_value(figure, &depots[i].stats));
}

static void add_rates(struct tool_table *table, const struct perf_depot *depots,
		      size_t count)
{
	tool_table_add(table, TOOL_STRONG, "hit rate of the magazines");
	for (size_t i = 0; i < count; i++)
		tool_table_add(table, TOOL_STRONG, "%.4f %%",
			       perf_depot_hit_rate(&depots[i].stats));
	tool_table_add(table, TOOL_STRONG, "failed CAS per exchange");
	for (size_t i = 0; i < count; i++)
		tool_table_add(table, TOOL_STRONG, "%.4f",
			       perf_depot_contention(&depots[i].stats));
}

static void add_all(struct tool_table *table, const struct perf_depot *depots,
		    size_t count)
{
	static const struct perf_figure resident = {
		.text = "resident memory of the process",
		.kind = PERF_BYTES,
	};

	add_rates(table, depots, count);
	for (size_t i = 0; i < perf_figure_count; i++)
		add_figure(table, depots, count, &perf_figures[i]);
	tool_table_add(table, TOOL_PLAIN, "%s", resident.text);
	for (size_t i = 0; i < count; i++)
		add_value(table, &resident, depots[i].resident);
}

/* "full / empty", of the default pool. */
static void add_shards(struct tool_table *table,
		       const struct perf_depot *depots, size_t count)
{
	for (size_t s = 0; s < depots[0].shards; s++) {
		tool_table_add(table, TOOL_PLAIN,
			       "shard %zu: magazines full / empty", s + 1);
		for (size_t i = 0; i < count; i++)
			tool_table_add(table, TOOL_PLAIN,
				       "%" PRIu64 " / %" PRIu64,
				       depots[i].shard[s].full,
				       depots[i].shard[s].empty);
	}
}

static void print_settings(const struct magpool_stats *stats, FILE *out)
{
	fprintf(out,
		"shards %" PRIu64 ", arenas in a magazine %" PRIu64
		", page size %" PRIu64 ", membarrier %s\n",
		stats->shards, stats->magazine_rounds, stats->page_size,
		stats->membarrier ? "yes" : "no");
}

static void print_part(const struct perf_group *group, size_t count, FILE *out)
{
	const char *heads[1 + MOST_COLUMNS] = { "<depot" };
	struct perf_depot depots[MOST_COLUMNS];
	struct tool_table *table;

	for (size_t i = 0; i < count; i++) {
		heads[i + 1] = group[i].label;
		depots[i] = perf_depot_added(&group[i].before, &group[i].after);
	}
	table = tool_table_create(heads, count + 1);
	add_all(table, depots, count);
	add_shards(table, depots, count);
	tool_table_print(table, out);
	tool_table_destroy(table);
	fputc('\n', out);
}

void perf_report_depot(const struct perf_plan *plan, FILE *out)
{
	for (size_t at = 0; at < plan->count; at += MOST_COLUMNS) {
		size_t left = plan->count - at;

		print_part(&plan->group[at],
			   left < MOST_COLUMNS ? left : MOST_COLUMNS, out);
	}
	print_settings(&plan->group[0].after.stats, out);
}
