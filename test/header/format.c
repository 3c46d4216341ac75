/* SPDX-License-Identifier: MIT */
#include <magpool/magpool.h>

char *format(struct magpool_arena *arena);

char *format(struct magpool_arena *arena)
{
#ifdef GOOD
	return magpool_asprintf(arena, "%d", 1);
#else
	return magpool_asprintf(arena, "%s", 1);
#endif
}
