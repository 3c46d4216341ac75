/* SPDX-License-Identifier: MIT */
/* The plain bump of the peers that have no library to do it. */
#ifndef PERF_BUMP_H
#define PERF_BUMP_H

#include <stddef.h>

/* Both are multiples of 16, as in struct magpool_arena. */
struct perf_bump {
	char *cursor, *limit;
};

/* NULL when the block has no room. */
static inline void *perf_bump_alloc(struct perf_bump *bump, size_t size)
{
	char *address = bump->cursor;
	size_t room = (size_t)(bump->limit - address);

	if (__builtin_expect(size - 1 < room, 1)) {
		bump->cursor = address + ((size + 15) & ~(size_t)15);
		return address;
	}
	if (size > 0 || room == 0)
		return NULL;
	bump->cursor = address + 16;
	return address;
}

#endif
