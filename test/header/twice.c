/* SPDX-License-Identifier: MIT */
#include <magpool/magpool.h>

void twice(struct magpool *pool);

void twice(struct magpool *pool)
{
	struct magpool_arena *arena = magpool_get_from(pool);

	magpool_return(arena);
#ifndef GOOD
	magpool_return(arena);
#endif
}
