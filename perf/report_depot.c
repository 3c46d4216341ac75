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
#include "table.h"

/* What fits beside each other on a page. */
enum { MOST_COLUMNS = 6 };

static void add_value(struct perf_table *table,
		      const struct perf_figure *figure, uint64_t value)
{
	if (figure->kind == PERF_BYTES)
		perf_table_add(table, PERF_PLAIN, "%.1f MiB",
			       (double)value / (1 << 20));
	else
		perf_table_add(table, PERF_PLAIN, "%" PRIu64, value);
}

static void add_figure(struct perf_table *table,
		       const struct perf_depot *depots, size_t count,
		       const struct perf_figure *figure)
{
	uint64_t any = 0;

	for (size_t i = 0; i < count; i++)
		any |= perf_figure_value(figure, &depots[i].stats);
	/* A counter that nothing added to is no news. */
	if (!any && figure->kind == PERF_COUNTER)
		return;
	perf_table_add(table, PERF_PLAIN, "%s", figure->text);
	for (size_t i = 0; i < count; i++)
		add_value(table, figure,
			  perf_figure_value(figure, &depots[i].stats));
}

static void add_rates(struct perf_table *table, const struct perf_depot *depots,
		      size_t count)
{
	perf_table_add(table, PERF_STRONG, "hit rate of the magazines");
	for (size_t i = 0; i < count; i++)
		perf_table_add(table, PERF_STRONG, "%.4f %%",
			       perf_depot_hit_rate(&depots[i].stats));
	perf_table_add(table, PERF_STRONG, "failed CAS per exchange");
	for (size_t i = 0; i < count; i++)
		perf_table_add(table, PERF_STRONG, "%.4f",
			       perf_depot_contention(&depots[i].stats));
}

static void add_all(struct perf_table *table, const struct perf_depot *depots,
		    size_t count)
{
	static const struct perf_figure resident = {
		.text = "resident memory of the process",
		.kind = PERF_BYTES,
	};

	add_rates(table, depots, count);
	for (size_t i = 0; i < perf_figure_count; i++)
		add_figure(table, depots, count, &perf_figures[i]);
	perf_table_add(table, PERF_PLAIN, "%s", resident.text);
	for (size_t i = 0; i < count; i++)
		add_value(table, &resident, depots[i].resident);
}

/* "full / empty", of the default pool. */
static void add_shards(struct perf_table *table,
		       const struct perf_depot *depots, size_t count)
{
	for (size_t s = 0; s < depots[0].shards; s++) {
		perf_table_add(table, PERF_PLAIN,
			       "shard %zu: magazines full / empty", s + 1);
		for (size_t i = 0; i < count; i++)
			perf_table_add(table, PERF_PLAIN,
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
	struct perf_table *table;

	for (size_t i = 0; i < count; i++) {
		heads[i + 1] = group[i].label;
		depots[i] = perf_depot_added(&group[i].before, &group[i].after);
	}
	table = perf_table_create(heads, count + 1);
	add_all(table, depots, count);
	add_shards(table, depots, count);
	perf_table_print(table, out);
	perf_table_destroy(table);
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
