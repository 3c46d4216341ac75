/* SPDX-License-Identifier: MIT */
#include "view.h"

#include <curses.h>
#include <langinfo.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
	TITLE_AT = 0,
	TRACES_AT = 1,
	HEADS_AT = TRACES_AT + STAT_TRACES + 1,
	LINES_AT = HEADS_AT + 1,
	TRACE_LABEL = 20, /* columns in front of a sparkline */
	LEAST_LABEL = 16, /* of the names of lines ... */
	MOST_LABEL = 32   /* ... and more if there is room */
};

/* What does not fit is cut. */
__attribute__((format(printf, 4, 5))) static void put(int y, int x, int width,
						      const char *format, ...)
{
	char text[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (width > COLS - x)
		width = COLS - x;
	if (y >= 0 && y < LINES && width > 0)
		mvaddnstr(y, x, text, width);
}

static void put_bar(int y, const char *text)
{
	attron(A_REVERSE);
	put(y, 0, COLS, "%-*s", COLS < 250 ? COLS : 250, text);
	attroff(A_REVERSE);
}

/* ---- the top ------------------------------------------------------------- */

static const struct stat_sample *sample_of(const struct stat_view *view)
{
	return &view->target->sample[view->copy];
}

static void draw_title(const struct stat_view *view)
{
	const struct stat_target *target = view->target;
	const struct stat_sample *sample = sample_of(view);
	char text[256], age[STAT_NUMBER_ROOM], copy[64] = "";

	if (target->found.count > 1)
		snprintf(copy, sizeof(copy), " (%zu of %zu libraries)",
			 view->copy + 1, target->found.count);
	snprintf(text, sizeof(text),
		 " %d %s  magpool %s%s  for %s  every %g s%s%s",
		 (int)target->pid, target->command, sample->segment->library,
		 copy, stat_show_time(age, stat_sample_age(sample)),
		 view->interval, view->is_paused ? "  PAUSED" : "",
		 sample->now.is_torn ? "  (changing)" : "");
	put_bar(TITLE_AT, text);
}

static bool is_unicode(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static void draw_trace(const struct stat_view *view, size_t trace)
{
	const struct stat_sample *sample = sample_of(view);
	int y = TRACES_AT + (int)trace;
	size_t width = COLS > TRACE_LABEL ? (size_t)(COLS - TRACE_LABEL) : 0;
	char head[STAT_NUMBER_ROOM], number[STAT_NUMBER_ROOM];
	struct stat_field field;
	char *spark;

	if (!stat_field_find(sample->segment, stat_traces[trace], &field))
		return;
	stat_show(number, &field, stat_field_number(&field, sample, NULL),
		  view->units);
	put(y, 0, TRACE_LABEL, "%-8.8s%10.10s", stat_show_head(head, &field),
	    number);
	if (width > STAT_MOMENTS)
		width = STAT_MOMENTS;
	spark = stat_history_spark(&view->history, trace, width, is_unicode());
	/* As many columns as there are: the bytes are more. */
	if (width > 0 && y < LINES)
		mvaddstr(y, TRACE_LABEL, spark);
	free(spark);
}

/* ---- the table ----------------------------------------------------------- */

struct layout {
	int label;                   /* columns of the names */
	int width[STAT_MOST_FIELDS]; /* of the numbers, with a blank before */
};

/* Numbers of seven columns fit, or what the head or exact numbers need. */
static int width_of(const struct stat_view *view,
		    const struct stat_field *field)
{
	char head[STAT_NUMBER_ROOM];
	int width = (int)strlen(stat_show_head(head, field));
	int least = view->units == STAT_EXACT && field->kind != STAT_RATIO ? 13
									   : 7;

	return 1 + (width > least ? width : least);
}

/* As many columns as fit; the names get what is left, within reason. */
static void lay_out(struct stat_view *view, struct layout *layout)
{
	int left = COLS - LEAST_LABEL;
	size_t count = 0;

	for (; count < view->columns.count; count++) {
		layout->width[count] =
			width_of(view, &view->columns.field[count]);
		if (layout->width[count] > left)
			break;
		left -= layout->width[count];
	}
	view->shown_columns = count;
	if (view->sorted > count)
		view->sorted = count;
	layout->label = LEAST_LABEL + left;
	if (layout->label > MOST_LABEL)
		layout->label = MOST_LABEL;
}

static void draw_heads(const struct stat_view *view,
		       const struct layout *layout)
{
	int x = layout->label;

	for (size_t i = 0; i <= view->shown_columns; i++) {
		attr_t style = A_BOLD | (view->sorted == i ? A_REVERSE : 0);
		char head[STAT_NUMBER_ROOM];

		attron(style);
		if (i == 0)
			put(HEADS_AT, 0, 8, "pool");
		else
			put(HEADS_AT, x + 1, layout->width[i - 1] - 1, "%*s",
			    layout->width[i - 1] - 1,
			    stat_show_head(head, &view->columns.field[i - 1]));
		attroff(style);
		if (i > 0)
			x += layout->width[i - 1];
	}
}

static void draw_line(const struct stat_view *view, const struct layout *layout,
		      const struct stat_line *line, int y)
{
	const struct stat_sample *sample = sample_of(view);
	attr_t style = line->depth ? A_NORMAL : A_BOLD;
	int x = layout->label;

	attron(style);
	put(y, 0, layout->label, "%*s%s", (int)(2 * line->depth), "",
	    line->label);
	for (size_t i = 0; i < view->shown_columns; i++) {
		const struct stat_field *field = &view->columns.field[i];
		char number[STAT_NUMBER_ROOM];

		stat_show(number, field,
			  stat_field_number(field, sample, line->part),
			  view->units);
		put(y, x, layout->width[i], "%*s", layout->width[i], number);
		x += layout->width[i];
	}
	attroff(style);
}

/* There is always a line at the top, and no room is left at the end. */
static void settle_top(struct stat_view *view, size_t count)
{
	size_t most = count > view->page ? count - view->page : 0;

	if (view->top > most)
		view->top = most;
}

static void draw_table(struct stat_view *view)
{
	struct stat_order order = {
		.is_reversed = view->is_reversed,
		.has_shards = view->has_shards,
		.has_caches = view->has_caches,
	};
	struct layout layout = { 0 };
	struct stat_line *line;
	size_t count;

	lay_out(view, &layout);
	if (view->sorted)
		order.by = &view->columns.field[view->sorted - 1];
	count = stat_lines_make(&line, view->target, sample_of(view), &order);
	view->page = LINES > LINES_AT + 1 ? (size_t)(LINES - LINES_AT - 1) : 0;
	settle_top(view, count);
	draw_heads(view, &layout);
	for (size_t i = 0; i < view->page && view->top + i < count; i++)
		draw_line(view, &layout, &line[view->top + i],
			  LINES_AT + (int)i);
	free(line);
}

/* ---- the bottom, and help ------------------------------------------------ */

static void draw_bottom(const struct stat_view *view)
{
	const struct stat_snapshot *now = &sample_of(view)->now;
	char text[256];
	int length = snprintf(text, sizeof(text),
			      " q quit  p pause  < > sort  s shards  "
			      "t threads  u units  h help");

	if (now->hidden_pools || now->hidden_caches)
		snprintf(text + length, sizeof(text) - (size_t)length,
			 "  (no room: %llu pools, %llu caches)",
			 (unsigned long long)now->hidden_pools,
			 (unsigned long long)now->hidden_caches);
	put_bar(LINES - 1, text);
}

static void draw_help(const struct stat_view *view)
{
	static const struct {
		const char *key, *text;
	} rows[] = {
#define STAT_KEY(key, other, shown, text, function) { shown, text },
#include "keys.def"
#undef STAT_KEY
	};
	int y = 2;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		put(y++, 2, COLS, "%-4s %s", rows[i].key, rows[i].text);
	if (view->sorted) {
		const struct stat_field *field =
			&view->columns.field[view->sorted - 1];

		put(++y, 2, COLS, "sorted by %s: %s (%s)", field->name,
		    field->line, field->unit);
	}
	put(y + 2, 2, COLS,
	    "magpool-stat --explain FIELD says more; any key goes back");
}

void stat_view_draw(struct stat_view *view)
{
	erase();
	draw_title(view);
	if (view->has_help) {
		draw_help(view);
	} else {
		for (size_t i = 0; i < STAT_TRACES; i++)
			draw_trace(view, i);
		draw_table(view);
	}
	draw_bottom(view);
	wnoutrefresh(stdscr);
	doupdate();
}
