/* SPDX-License-Identifier: MIT */
#include "view.h"

#include <curses.h>

static void leave(struct stat_view *view)
{
	view->is_left = true;
}

static void toggle_pause(struct stat_view *view)
{
	view->is_paused = !view->is_paused;
}

static void sort_right(struct stat_view *view)
{
	if (view->sorted < view->shown_columns)
		view->sorted++;
}

static void sort_left(struct stat_view *view)
{
	if (view->sorted > 0)
		view->sorted--;
}

static void toggle_order(struct stat_view *view)
{
	view->is_reversed = !view->is_reversed;
}

static void toggle_shards(struct stat_view *view)
{
	view->has_shards = !view->has_shards;
}

static void toggle_caches(struct stat_view *view)
{
	view->has_caches = !view->has_caches;
}

static void toggle_units(struct stat_view *view)
{
	view->units = view->units == STAT_SHORT ? STAT_EXACT : STAT_SHORT;
}

static const double intervals[] = { 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60 };

enum { INTERVALS = sizeof(intervals) / sizeof(*intervals) };

static void look_more(struct stat_view *view)
{
	for (size_t i = INTERVALS; i-- > 0;) {
		if (intervals[i] < view->interval) {
			view->interval = intervals[i];
			return;
		}
	}
}

static void look_less(struct stat_view *view)
{
	for (size_t i = 0; i < INTERVALS; i++) {
		if (intervals[i] > view->interval) {
			view->interval = intervals[i];
			return;
		}
	}
}

/* Too far down is put right when it is drawn. */
static void move_down(struct stat_view *view)
{
	view->top++;
}

static void move_up(struct stat_view *view)
{
	view->top -= view->top > 0;
}

static void page_down(struct stat_view *view)
{
	view->top += view->page;
}

static void page_up(struct stat_view *view)
{
	view->top -= view->top < view->page ? view->top : view->page;
}

static void next_copy(struct stat_view *view)
{
	view->copy = (view->copy + 1) % view->target->found.count;
	view->history.count = 0;
}

static void toggle_help(struct stat_view *view)
{
	view->has_help = !view->has_help;
}

static const struct {
	int key;
	void (*act)(struct stat_view *view);
} keys[] = {
#define STAT_KEY(key, other, shown, text, function) \
	{ key, function }, { other, function },
#include "keys.def"
#undef STAT_KEY
	{ KEY_NPAGE, page_down },
	{ KEY_PPAGE, page_up },
};

void stat_view_key(struct stat_view *view, int key)
{
	/* Any key ends the help, but q leaves. */
	if (view->has_help && key != 'q') {
		view->has_help = key == KEY_RESIZE;
		return;
	}
	for (size_t i = 0; key && i < sizeof(keys) / sizeof(*keys); i++)
		if (keys[i].key == key)
			keys[i].act(view);
}
