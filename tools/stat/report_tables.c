/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <inttypes.h>
#include <stdlib.h>

#include "settings.h"
#include "show.h"
#include "tool_table.h"

static void print_heading(const struct stat_target *target,
			  const struct stat_sample *sample, FILE *out)
{
	char age[STAT_NUMBER_ROOM], over[STAT_NUMBER_ROOM];

	fprintf(out, "magpool %s in %d (%s), first used %s ago\n",
		sample->segment->library, (int)target->pid, target->command,
		stat_show_time(age, stat_sample_age(sample)));
	if (sample->has_before)
		fprintf(out, "rates of the last %.3g s\n", sample->seconds);
	else
		fprintf(out, "rates since then: %s\n",
			stat_show_time(over, sample->seconds));
	if (sample->now.is_torn)
		fputs("its pools changed all the time: sums may not fit\n",
		      out);
	if (sample->now.hidden_pools || sample->now.hidden_caches)
		fprintf(out,
			"not shown, for want of room: %" PRIu64
			" pools, %" PRIu64 " caches\n",
			sample->now.hidden_pools, sample->now.hidden_caches);
}

/* Is there a number in any of the lines? */
static bool is_used(const struct stat_field *field,
		    const struct stat_sample *sample,
		    const struct stat_line *line, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		double number = stat_field_number(field, sample, line[i].part);

		if (number > 0 || number < 0)
			return true;
	}
	return false;
}

static void drop_unused(struct stat_columns *columns,
			const struct stat_sample *sample,
			const struct stat_line *line, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < columns->count; i++)
		if (is_used(&columns->field[i], sample, line, count))
			columns->field[kept++] = columns->field[i];
	columns->count = kept;
}

static void add_line(struct tool_table *table,
		     const struct stat_columns *columns,
		     const struct stat_sample *sample,
		     const struct stat_line *line)
{
	char number[STAT_NUMBER_ROOM];

	tool_table_add(table, line->depth ? TOOL_PLAIN : TOOL_STRONG, "%*s%s",
		       (int)(2 * line->depth), "", line->label);
	for (size_t i = 0; i < columns->count; i++) {
		const struct stat_field *field = &columns->field[i];

		tool_table_add(
			table, TOOL_PLAIN, "%s",
			stat_show(number, field,
				  stat_field_number(field, sample, line->part),
				  STAT_SHORT));
	}
}

static void print_lines(const struct stat_target *target,
			const struct stat_sample *sample,
			const struct stat_settings *settings, FILE *out)
{
	const struct stat_order order = { .has_shards = true,
					  .has_caches = true };
	const char *heads[1 + STAT_MOST_FIELDS] = { "<" };
	char head[STAT_MOST_FIELDS][STAT_NUMBER_ROOM];
	struct stat_columns columns;
	struct tool_table *table;
	struct stat_line *line;
	size_t count = stat_lines_make(&line, target, sample, &order);

	stat_settings_columns(settings, sample->segment, &columns);
	if (!settings->fields[0])
		drop_unused(&columns, sample, line, count);
	for (size_t i = 0; i < columns.count; i++)
		heads[1 + i] = stat_show_head(head[i], &columns.field[i]);
	table = tool_table_create(heads, 1 + columns.count);
	for (size_t i = 0; i < count; i++)
		add_line(table, &columns, sample, &line[i]);
	tool_table_print(table, out);
	tool_table_destroy(table);
	free(line);
}

/* Everything that was counted, of all pools together. */
static void print_values(const struct stat_sample *sample, FILE *out)
{
	static const char *const heads[] = { "<field", "value", "a second",
					     "<unit", "<meaning" };
	struct tool_table *table = tool_table_create(heads, 5);
	char number[STAT_NUMBER_ROOM];

	for (size_t i = 0; i < sample->segment->rows; i++) {
		struct stat_field field = stat_field_at(sample->segment, i);
		double rate = stat_field_number(&field, sample, NULL);
		bool has_rate = field.kind == STAT_COUNTER && rate > 0;

		tool_table_add(table, TOOL_PLAIN, "%s", field.name);
		tool_table_add(table, TOOL_PLAIN, "%" PRIu64,
			       sample->now.total[i]);
		tool_table_add(table, TOOL_PLAIN, "%s",
			       has_rate ? stat_show(number, &field, rate,
						    STAT_SHORT)
					: "");
		tool_table_add(table, TOOL_PLAIN, "%s", field.unit);
		tool_table_add(table, TOOL_PLAIN, "%s", field.line);
	}
	tool_table_print(table, out);
	tool_table_destroy(table);
}

void stat_report_tables(const struct stat_target *target,
			const struct stat_settings *settings, FILE *out)
{
	for (size_t i = 0; i < target->found.count; i++) {
		const struct stat_sample *sample = &target->sample[i];

		print_heading(target, sample, out);
		fputc('\n', out);
		print_lines(target, sample, settings, out);
		if (!settings->fields[0]) {
			fputc('\n', out);
			print_values(sample, out);
		}
		if (i + 1 < target->found.count)
			fputc('\n', out);
	}
}
