/* SPDX-License-Identifier: MIT */
#include "floor.h"

struct perf_floor *perf_floor_get(struct perf_floor *floor)
{
	floor->bump.cursor = floor->block;
	floor->bump.limit = floor->end;
	return floor;
}

void perf_floor_return(struct perf_floor *floor)
{
	(void)floor;
}
