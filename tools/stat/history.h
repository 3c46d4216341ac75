/* SPDX-License-Identifier: MIT */
/* The last numbers of a few fields, for sparklines. */
#ifndef STAT_HISTORY_H
#define STAT_HISTORY_H

#include "field.h"

enum { STAT_TRACES = 3, STAT_MOMENTS = 512 };

struct stat_history {
	size_t count; /* of moments, ever */
	double number[STAT_TRACES][STAT_MOMENTS];
};

/* The fields that are traced, by name. */
extern const char *const stat_traces[STAT_TRACES];

void stat_history_add(struct stat_history *history,
		      const struct stat_sample *sample);

/*
 * The last `width` moments of a trace, from 0 at the bottom to the largest of
 * them, as text of that many columns.  To be freed.
 */
char *stat_history_spark(const struct stat_history *history, size_t trace,
			 size_t width, bool is_unicode);

#endif
