/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <math.h>

#include "settings.h"
#include "show.h"
#include "tool_table.h"

enum { FIXED = 4 }; /* columns that are always there */

static size_t count_pools(const struct stat_snapshot *snapshot)
{
	size_t count = 0;

	for (size_t i = 0; i < snapshot->parts; i++)
		count += snapshot->part[i].type == MP_LIVE_POOL;
	return count;
}

static const char *const usual[] = { "bytes_mapped", "gets", "hit_rate", NULL };

static void add_numbers(struct tool_table *table,
			const struct stat_columns *columns,
			const struct stat_sample *sample)
{
	char number[STAT_NUMBER_ROOM];

	for (size_t i = 0; i < columns->count; i++) {
		struct stat_field field;
		double value = NAN;

		/* Another library may have other rows. */
		if (stat_field_find(sample->segment, columns->field[i].name,
				    &field))
			value = stat_field_number(&field, sample, NULL);
		tool_table_add(table, TOOL_PLAIN, "%s",
			       stat_show(number, &columns->field[i], value,
					 STAT_SHORT));
	}
}

static void add_process(struct tool_table *table,
			const struct stat_columns *columns,
			const struct stat_target *target)
{
	/* A line for each library that it has. */
	for (size_t i = 0; i < target->found.count; i++) {
		const struct stat_sample *sample = &target->sample[i];

		tool_table_add(table, TOOL_PLAIN, "%d", (int)target->pid);
		tool_table_add(table, TOOL_PLAIN, "%s", target->command);
		tool_table_add(table, TOOL_PLAIN, "%s",
			       sample->segment->library);
		tool_table_add(table, TOOL_PLAIN, "%zu",
			       count_pools(&sample->now) +
				       (size_t)sample->now.hidden_pools);
		add_numbers(table, columns, sample);
	}
}

static void choose(const struct stat_settings *settings,
		   const struct stat_segment *segment,
		   struct stat_columns *columns)
{
	/* Without a process it is the table that was built in. */
	if (settings->fields[0])
		stat_settings_columns(settings, segment, columns);
	else
		stat_columns_choose(columns, segment, usual);
}

void stat_report_list(const struct stat_target *targets, size_t count,
		      const struct stat_settings *settings, FILE *out)
{
	const char *heads[FIXED + STAT_MOST_FIELDS] = { "PID", "<command",
							"<library", "pools" };
	char head[STAT_MOST_FIELDS][STAT_NUMBER_ROOM];
	struct stat_columns columns;
	struct tool_table *table;

	choose(settings, count ? &targets[0].found.segment[0] : NULL, &columns);
	for (size_t i = 0; i < columns.count; i++)
		heads[FIXED + i] = stat_show_head(head[i], &columns.field[i]);
	table = tool_table_create(heads, FIXED + columns.count);
	for (size_t i = 0; i < count; i++)
		add_process(table, &columns, &targets[i]);
	tool_table_print(table, out);
	tool_table_destroy(table);
}
