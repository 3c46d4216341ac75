/* SPDX-License-Identifier: MIT */
#include <magpool/magpool.h>

void *null(struct magpool_arena *arena);

void *null(struct magpool_arena *arena)
{
#ifdef GOOD
	return magpool_zalloc(arena, 10);
#else
	(void)arena;
	return magpool_zalloc(NULL, 10);
#endif
}
