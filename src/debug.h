/* SPDX-License-Identifier: MIT */
/*
 * Debug arenas: what MAGPOOL_DEBUG, sanitizers and valgrind get instead of the
 * usual calls.
 *
 * A debug pool's arenas are guarded, so each allocation calls the library, and
 * its caches stay empty, so each get and each return takes the slow way.  That
 * is where the branches to these functions are; the hot path has none.
 */
#ifndef MP_DEBUG_H
#define MP_DEBUG_H

#include "chain.h"
#include "guard.h"

/* The end of each get that missed: the page becomes an arena that is out. */
struct magpool_arena *mp_debug_open(struct mp_page *page);

static inline struct magpool_arena *mp_debug_get(struct mp_page *page)
{
	return mp_unlikely(page->attention & MP_PAGE_DEBUG)
		       ? mp_debug_open(page)
		       : mp_page_open(page);
}

/* All of a return.  Never fails. */
void mp_debug_return(struct mp_page *first);

/* A call on an arena that is not out: reported. */
void mp_debug_not_out(struct mp_page *page, const char *call);

/* Tells what a reset or rewind has found. */
void mp_debug_tell(struct mp_page *first);

/* As mp_chain_used(): without what surrounds the allocations. */
size_t mp_debug_used(struct mp_page *first);

/* As mp_arena_alloc(), mp_chain_reserve() and mp_chain_commit(); NULL alone. */
void *mp_debug_alloc(struct mp_page *first, size_t size, size_t alignment);
void *mp_debug_reserve(struct mp_page *first, size_t max);
void *mp_debug_commit(struct mp_page *first, size_t used);

#endif
