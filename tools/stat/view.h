/* SPDX-License-Identifier: MIT */
/* What the full screen shows, and how: the state that keys change. */
#ifndef STAT_VIEW_H
#define STAT_VIEW_H

#include "history.h"
#include "lines.h"
#include "show.h"

struct stat_view {
	struct stat_target *target;
	size_t copy; /* of found.segment, the one that is shown */
	struct stat_columns columns;
	size_t shown_columns; /* of them, when last drawn */
	size_t sorted;        /* by that column - 1; 0: by name */
	bool is_reversed;
	bool has_shards, has_caches;
	bool is_paused, has_help, is_left;
	enum stat_units units;
	double interval;
	size_t top;                  /* the first line that is shown */
	size_t page;                 /* lines that there is room for */
	struct stat_history history; /* of the copy that is shown */
};

/* Draws everything; only what differs goes to the terminal. */
void stat_view_draw(struct stat_view *view);

/* What a key does; nothing if it is none of ours. */
void stat_view_key(struct stat_view *view, int key);

#endif
