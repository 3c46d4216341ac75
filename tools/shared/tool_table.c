/* SPDX-License-Identifier: MIT */
#include "tool_table.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

struct cell {
	char *text;
	enum tool_style style;
};

struct tool_table {
	size_t columns, cells;
	bool *is_left;
	size_t *width;
	struct cell *cell; /* row by row, the heads first */
};

struct tool_table *tool_table_create(const char *const *heads, size_t columns)
{
	struct tool_table *table = tool_zalloc(1, sizeof(*table));

	table->columns = columns;
	table->is_left = tool_zalloc(columns, sizeof(*table->is_left));
	table->width = tool_zalloc(columns, sizeof(*table->width));
	for (size_t i = 0; i < columns; i++) {
		table->is_left[i] = heads[i][0] == '<';
		tool_table_add(table, TOOL_STRONG, "%s",
			       heads[i] + table->is_left[i]);
	}
	return table;
}

void tool_table_add(struct tool_table *table, enum tool_style style,
		    const char *format, ...)
{
	size_t column = table->cells % table->columns;
	struct cell cell = { .style = style };
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&cell.text, format, arguments);
	va_end(arguments);
	if (length < 0)
		tool_out_of_memory();
	if (table->width[column] < (size_t)length)
		table->width[column] = (size_t)length;
	table->cell = tool_grow(table->cell, table->cells + 1, sizeof(cell));
	table->cell[table->cells++] = cell;
}

static const char *colour_of(enum tool_style style)
{
	switch (style) {
	case TOOL_STRONG:
		return "\033[1m";
	case TOOL_WARN:
		return "\033[33m";
	default:
		return "";
	}
}

static bool wants_colour(FILE *stream)
{
	const char *no_color = getenv("NO_COLOR");

	return isatty(fileno(stream)) && (!no_color || !*no_color);
}

static void print_cell(const struct tool_table *table, size_t at, bool colour,
		       FILE *stream)
{
	const struct cell *cell = &table->cell[at];
	size_t column = at % table->columns;
	bool is_last = column + 1 == table->columns;
	int width = (int)table->width[column];
	bool is_coloured = colour && cell->style != TOOL_PLAIN;

	if (is_coloured)
		fputs(colour_of(cell->style), stream);
	if (is_last && table->is_left[column])
		fputs(cell->text, stream);
	else
		fprintf(stream, "%*s", table->is_left[column] ? -width : width,
			cell->text);
	if (is_coloured)
		fputs("\033[0m", stream);
	fputs(is_last ? "\n" : "  ", stream);
}

void tool_table_print(const struct tool_table *table, FILE *stream)
{
	bool colour = wants_colour(stream);

	for (size_t i = 0; i < table->cells; i++)
		print_cell(table, i, colour, stream);
}

void tool_table_destroy(struct tool_table *table)
{
	for (size_t i = 0; i < table->cells; i++)
		free(table->cell[i].text);
	free(table->cell);
	free(table->is_left);
	free(table->width);
	free(table);
}
