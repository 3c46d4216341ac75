/* SPDX-License-Identifier: MIT */
/*
 * What there is to show: the rows of a segment's table, and what is worked out
 * from them (fields.def).
 */
#ifndef STAT_FIELD_H
#define STAT_FIELD_H

#include "sample.h"

enum stat_kind { STAT_COUNTER, STAT_GAUGE, STAT_RATIO };

enum { STAT_NO_ROW = -1 };

struct stat_field {
	const char *name, *unit, *line, *text;
	enum stat_kind kind;
	int row; /* in the table; STAT_NO_ROW: worked out */
	double (*work_out)(const struct stat_sample *sample,
			   const struct stat_part *part); /* STAT_RATIO */
};

/* The number of fields.  NULL: those of the library this was built with. */
size_t stat_field_count(const struct stat_segment *segment);
struct stat_field stat_field_at(const struct stat_segment *segment, size_t n);

/* False: there is none of that name. */
bool stat_field_find(const struct stat_segment *segment, const char *name,
		     struct stat_field *field);

/*
 * What is shown of a part, NULL = of all pools: the value of a gauge, what is
 * added to a counter in a second, or the ratio.  NAN: there is no such number.
 */
double stat_field_number(const struct stat_field *field,
			 const struct stat_sample *sample,
			 const struct stat_part *part);

/* The value itself; false: the part has none. */
bool stat_field_value(const struct stat_field *field,
		      const struct stat_sample *sample,
		      const struct stat_part *part, uint64_t *value);

#endif
