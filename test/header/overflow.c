/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <magpool/magpool.h>

char *overflow(struct magpool_arena *arena);

/* The compiler knows the size from the call. */
char *overflow(struct magpool_arena *arena)
{
	char *bytes = (char *)magpool_zalloc(arena, 16);

#ifdef GOOD
	memset(bytes, 1, 16);
#else
	memset(bytes, 1, 32);
#endif
	return bytes;
}
