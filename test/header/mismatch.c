/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <magpool/magpool.h>

void mismatch(void);

void mismatch(void)
{
	struct magpool_arena *arena = magpool_get();

#ifdef GOOD
	magpool_return(arena);
#else
	free(arena);
#endif
}
