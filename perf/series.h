/* SPDX-License-Identifier: MIT */
/*
 * What a workload does to the memory of the process over time: a peer works,
 * then is idle, then is asked to give back what it does not need.
 */
#ifndef PERF_SERIES_H
#define PERF_SERIES_H

#include <stddef.h>
#include <stdint.h>

struct perf_group;
struct perf_plan;
struct perf_session;

struct perf_point {
	uint64_t ns; /* since the start */
	uint64_t resident, mapped;
};

/* What the process held at the end of each part. */
enum perf_part {
	PERF_PART_BEFORE,
	PERF_PART_BURST,
	PERF_PART_IDLE,
	PERF_PART_TRIMMED,
	PERF_PARTS
};

struct perf_series {
	struct perf_point *point;
	size_t count;
	struct perf_point part[PERF_PARTS];
	uint64_t peak; /* most bytes resident */
};

/* One for each peer of the group with that number. */
void perf_series_take(struct perf_plan *plan, size_t number);
/* Of that trial of the group, in this process. */
void perf_series_take_one(struct perf_session *session,
			  struct perf_group *group, size_t trial,
			  struct perf_series *series);
void perf_series_fini(struct perf_series *series);

const char *perf_part_name(enum perf_part part);

#endif
