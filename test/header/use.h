/* SPDX-License-Identifier: MIT */
/* All macros and inline calls of the header in use, in C and in C++. */
#ifndef TEST_HEADER_USE_H
#define TEST_HEADER_USE_H

#include <magpool/magpool.h>

struct point {
	double x, y;
};

static inline struct point *use(struct magpool *pool, size_t count,
				struct magpool_arena **out)
{
	MAGPOOL_SCOPED(first);
	MAGPOOL_SCOPED_FROM(second, pool);
	struct point *points;

	if (!first || !second)
		return NULL;
	points = magpool_new_array(second, struct point, count);
	if (!points || !magpool_new(first, struct point) ||
	    !magpool_new(first, char) || !magpool_alloc(first, count))
		return NULL;
	if (!magpool_asprintf(first, "%s %zu", MAGPOOL_VERSION, MAGPOOL_NONE))
		return NULL;
	*out = second;
	second = NULL;
	return points;
}

#endif
