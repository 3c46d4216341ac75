/* SPDX-License-Identifier: MIT */
/* The table of pools, shards and caches: columns, and lines in order. */
#ifndef STAT_LINES_H
#define STAT_LINES_H

#include "field.h"
#include "target.h"

/* More than any segment has. */
enum { STAT_MOST_FIELDS = STAT_MOST_ROWS + 16, STAT_LABEL_ROOM = 48 };

struct stat_columns {
	size_t count;
	struct stat_field field[STAT_MOST_FIELDS];
};

/*
 * Those of the fields of these names (they end with NULL; NULL = the usual
 * ones) that the segment has.  The first one that it has not, or NULL.
 */
const char *stat_columns_choose(struct stat_columns *columns,
				const struct stat_segment *segment,
				const char *const *names);

struct stat_line {
	const struct stat_part *part; /* NULL: all pools */
	unsigned depth;
	double key;
	char label[STAT_LABEL_ROOM];
};

struct stat_order {
	const struct stat_field *by; /* NULL: by name */
	bool is_reversed;
	bool has_shards, has_caches;
};

/* *lines to be freed; they point into the sample. */
size_t stat_lines_make(struct stat_line **lines,
		       const struct stat_target *target,
		       const struct stat_sample *sample,
		       const struct stat_order *order);

#endif
