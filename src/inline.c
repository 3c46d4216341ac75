/* SPDX-License-Identifier: MIT */
/* The inline calls of the public header, compiled once as symbols. */
#include <magpool/magpool.h>

extern inline void *magpool_alloc(struct magpool_arena *arena, size_t size);

const char *magpool_version(void)
{
	return MAGPOOL_VERSION;
}
