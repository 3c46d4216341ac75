/* SPDX-License-Identifier: MIT */
/* A segment at two moments: what there is, and what was added. */
#ifndef STAT_SAMPLE_H
#define STAT_SAMPLE_H

#include "snapshot.h"

struct stat_sample {
	const struct stat_segment *segment;
	struct stat_snapshot before, now;
	bool has_before; /* else all that was added since the first use */
	uint64_t before_ns, now_ns; /* of tool_now() */
	double seconds;             /* from one to the other */
};

void stat_sample_init(struct stat_sample *sample,
		      const struct stat_segment *segment);

/* What is now becomes what was before. */
enum stat_fault stat_sample_take(struct stat_sample *sample);
void stat_sample_free(struct stat_sample *sample);

/* Seconds since the library was first used there. */
double stat_sample_age(const struct stat_sample *sample);

/* The part as it was; NULL: it was not there. */
const struct stat_part *stat_sample_before(const struct stat_sample *sample,
					   const struct stat_part *part);

/* What was added to a row, NULL = of all pools; false: that is not known. */
bool stat_sample_added(const struct stat_sample *sample,
		       const struct stat_part *part, size_t row,
		       uint64_t *added);

#endif
