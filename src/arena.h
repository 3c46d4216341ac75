/* SPDX-License-Identifier: MIT */
/*
 * An arena: a page, further pages chained to it, blocks hung on it.  One owner
 * at a time, no atomics.
 *
 * The public words lead: `cursor` is always where the next byte comes from.
 * `limit` is the end of the page, or equal to the cursor when the arena is
 * guarded; mp_chain_limit() is always the end.
 */
#ifndef MP_ARENA_H
#define MP_ARENA_H

#include "pool.h"

/* What a program that is optimised as one with us gets inline; clang does that
 * by itself. */
#if defined MAGPOOL_LTO && !defined __clang__
#define MP_HOT inline
#else
/* Within few lines of instructions, wherever the rest lies: up to a tenth. */
#define MP_HOT __attribute__((aligned(64)))
#endif

/*
 * Is it an arena that is out?  If not, the misuse is reported: `call` is the
 * public call that was made.
 */
bool mp_arena_is_out(const struct magpool_arena *arena, const char *call);

/* `size` bytes at a multiple of `alignment`, a power of two; NULL + errno. */
void *mp_arena_alloc(struct mp_page *page, size_t size, size_t alignment);

#endif
