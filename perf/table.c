/* SPDX-License-Identifier: MIT */
#include "table.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

struct cell {
	char *text;
	enum perf_style style;
};

struct perf_table {
	size_t columns, cells;
	bool *is_left;
	size_t *width;
	struct cell *cell; /* row by row, the heads first */
};

struct perf_table *perf_table_create(const char *const *heads, size_t columns)
{
	struct perf_table *table = perf_zalloc(1, sizeof(*table));

	table->columns = columns;
	table->is_left = perf_zalloc(columns, sizeof(*table->is_left));
	table->width = perf_zalloc(columns, sizeof(*table->width));
	for (size_t i = 0; i < columns; i++) {
		table->is_left[i] = heads[i][0] == '<';
		perf_table_add(table, PERF_STRONG, "%s",
			       heads[i] + table->is_left[i]);
	}
	return table;
}

void perf_table_add(struct perf_table *table, enum perf_style style,
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
		perf_out_of_memory();
	if (table->width[column] < (size_t)length)
		table->width[column] = (size_t)length;
	table->cell = perf_grow(table->cell, table->cells + 1, sizeof(cell));
	table->cell[table->cells++] = cell;
}

static const char *colour_of(enum perf_style style)
{
	switch (style) {
	case PERF_STRONG:
		return "\033[1m";
	case PERF_WARN:
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

static void print_cell(const struct perf_table *table, size_t at, bool colour,
		       FILE *stream)
{
	const struct cell *cell = &table->cell[at];
	size_t column = at % table->columns;
	bool is_last = column + 1 == table->columns;
	int width = (int)table->width[column];
	bool is_coloured = colour && cell->style != PERF_PLAIN;

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

void perf_table_print(const struct perf_table *table, FILE *stream)
{
	bool colour = wants_colour(stream);

	for (size_t i = 0; i < table->cells; i++)
		print_cell(table, i, colour, stream);
}

void perf_table_destroy(struct perf_table *table)
{
	for (size_t i = 0; i < table->cells; i++)
		free(table->cell[i].text);
	free(table->cell);
	free(table->is_left);
	free(table->width);
	free(table);
}
