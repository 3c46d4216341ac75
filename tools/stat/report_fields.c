/* SPDX-License-Identifier: MIT */
#include "report.h"

#include "field.h"
#include "option.h"
#include "tool_table.h"
#include "tool.h"

static const char *kind_of(const struct stat_field *field)
{
	static const char *const kinds[] = {
		[STAT_COUNTER] = "counter",
		[STAT_GAUGE] = "gauge",
		[STAT_RATIO] = "ratio",
	};

	return kinds[field->kind];
}

void stat_report_fields(const struct stat_segment *segment, FILE *out)
{
	static const char *const heads[] = { "<field", "<kind", "<unit",
					     "<meaning" };
	struct tool_table *table = tool_table_create(heads, 4);

	for (size_t i = 0; i < stat_field_count(segment); i++) {
		struct stat_field field = stat_field_at(segment, i);

		tool_table_add(table, TOOL_PLAIN, "%s", field.name);
		tool_table_add(table, TOOL_PLAIN, "%s", kind_of(&field));
		tool_table_add(table, TOOL_PLAIN, "%s", field.unit);
		tool_table_add(table, TOOL_PLAIN, "%s", field.line);
	}
	tool_table_print(table, out);
	tool_table_destroy(table);
}

void stat_report_explain(const struct stat_segment *segment, const char *name,
			 FILE *out)
{
	struct stat_field field;

	if (!stat_field_find(segment, name, &field))
		tool_die(TOOL_EXIT_USAGE,
			 "--explain: `%s': no such field; --fields lists them",
			 name);
	fprintf(out, "%s: %s (%s, %s)\n", field.name, field.line,
		kind_of(&field), field.unit);
	tool_print_wrapped(field.text, 2, out);
}

void stat_report_config(FILE *out)
{
	char range[TOOL_RANGE_ROOM], initial[TOOL_VALUE_ROOM];

	for (size_t i = 0; i < tool_option_count; i++) {
		const struct tool_option *option = &tool_options[i];

		fprintf(out, "%s\n  %s; default %s\n", option->name,
			tool_option_range(range, option),
			tool_option_default(initial, option));
		tool_print_wrapped(option->text, 2, out);
	}
}
