/* SPDX-License-Identifier: MIT */
/* What all operations that take memory of an arena share. */
#ifndef TEST_FUZZ_TAKING_H
#define TEST_FUZZ_TAKING_H

#include "world.h"

#define TAKING_PIECES 8 /* most that one operation adds */

/* An operation that is under way. */
struct taking {
	struct world_arena *slot;
	struct magpool_arena *arena;
	size_t used; /* before */
};

/* An arena with room in the model, NULL: the input names none. */
struct world_arena *taking_arena(struct fuzz_input *input);
/* Small ones, those around a page, blocks, and what nobody can have. */
size_t taking_size(struct fuzz_input *input, const struct world_pool *pool);
bool taking_is_impossible(size_t size);
/* What magpool_used() counts for that many bytes. */
size_t taking_rounded(size_t size);

/* Right before the call. */
struct taking taking_begin(struct world_arena *slot);
/* After one that takes `size` bytes at once; false: it failed. */
bool taking_done(const struct taking *t, void *bytes, size_t size,
		 size_t alignment);
/* The same, and what it gave is noted. */
void taking_piece(const struct taking *t, void *bytes, size_t size);
/* After one that failed: nothing has changed. */
void taking_failed(const struct taking *t);

#endif
