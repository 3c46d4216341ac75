/* SPDX-License-Identifier: MIT */
/* The call floor: a shared library that does nothing but be called. */
#ifndef PERF_FLOOR_H
#define PERF_FLOOR_H

#include "bump.h"

struct perf_floor {
	struct perf_bump bump;
	char *block, *end;
};

/* Sets the two words of the bump. */
__attribute__((visibility("default"))) struct perf_floor *
perf_floor_get(struct perf_floor *floor);

/* Does nothing. */
__attribute__((visibility("default"))) void
perf_floor_return(struct perf_floor *floor);

#endif
