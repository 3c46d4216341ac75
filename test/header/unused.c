/* SPDX-License-Identifier: MIT */
#include <magpool/magpool.h>

void unused(struct magpool_arena *arena);

void unused(struct magpool_arena *arena)
{
#ifdef GOOD
	(void)arena;
#else
	magpool_alloc(arena, 10);
#endif
}
