/* SPDX-License-Identifier: MIT */
#include <magpool/magpool.h>

size_t leak(void);

size_t leak(void)
{
	struct magpool_arena *arena = magpool_get();
	size_t used = arena ? magpool_used(arena) : 0;

#ifdef GOOD
	magpool_return(arena);
#endif
	return used;
}
