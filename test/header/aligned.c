/* SPDX-License-Identifier: MIT */
/* An arena aligns to 16; magpool_new of more is an error, in C and in C++. */
#include <magpool/magpool.h>

#ifdef GOOD
#define ALIGNMENT 16
#else
#define ALIGNMENT 32
#endif

struct wide {
	char bytes[ALIGNMENT];
} __attribute__((aligned(ALIGNMENT)));

void *wide(struct magpool_arena *arena);

void *wide(struct magpool_arena *arena)
{
#ifdef ARRAY
	return magpool_new_array(arena, struct wide, 2);
#else
	return magpool_new(arena, struct wide);
#endif
}
