/* SPDX-License-Identifier: MIT */
/*
 * What hangs on an arena's first page: further pages, blocks, a reservation.
 *
 * Pages are chained downwards, newest first: first->current, then ->below.  A
 * page that has another one on top remembers in left_at how far it was used.
 *
 * A block carries a stamp: the cursor right after 16 bytes were taken for it.
 * So each block has its place between any two marks, though a mark is nothing
 * but a cursor.
 *
 * Blocks are kept for the arena's next use, up to the pool's retain_bytes; they
 * cost get and return nothing.  They are unmapped when a larger one is asked
 * for, and when their page goes back to its slab (trim, limit of the depot).
 */
#ifndef MP_CHAIN_H
#define MP_CHAIN_H

#include "check.h"
#include "pool.h"

static inline char *mp_chain_end_of(struct mp_page *page)
{
	return mp_page_start(page) + page->pool->slabs.page_size;
}

/* Moves the cursor within the current page; a guarded arena's limit too. */
static inline void mp_chain_set_cursor(struct mp_page *first, char *cursor)
{
	bool guarded = first->attention & MP_PAGE_GUARDED;

	first->words.cursor = cursor;
	first->words.limit = guarded ? cursor : first->limit;
}

/* Puts that page on top of the chain. */
static inline void mp_chain_link(struct mp_page *first, struct mp_page *page)
{
	first->current->left_at = first->words.cursor;
	page->below = first->current;
	first->current = page;
	first->limit = mp_chain_end_of(page);
	first->attention |= MP_PAGE_CHAINED;
	mp_chain_set_cursor(first, mp_page_start(page));
}

/* Further pages that an arena may keep when it does not use them. */
#define MP_SPARE_MAX 15

/* How many it would keep; 0: it has none, too many, or more than pages. */
static inline uint32_t mp_chain_may_spare(struct mp_page *first)
{
	struct mp_page *page = first->current;
	uint32_t n = 0;

	if (first->attention != MP_PAGE_CHAINED)
		return 0;
	for (; page != first && n <= MP_SPARE_MAX; page = page->below)
		n++;
	return page == first ? n : 0;
}

/* The further pages are kept, unused, for the next use of the arena. */
static inline void mp_chain_spare(struct mp_page *first)
{
	first->below = first->current;
	first->current = first;
	first->limit = mp_chain_end_of(first);
	first->attention ^= MP_PAGE_CHAINED | MP_PAGE_SPARE;
}

/* Takes one of them, for use. */
static inline struct mp_page *mp_chain_take_spare(struct mp_page *first)
{
	struct mp_page *page = first->below;

	/* Not so for a page without the flag: there it is left over. */
	MP_ASSERT(page);
	first->below = page->below;
	if (first->below == first) {
		first->below = NULL;
		first->attention &= ~(uint32_t)MP_PAGE_SPARE;
	}
	return page;
}

/* Puts a further page on top; false: no memory, or the arena's limit. */
bool mp_chain_page(struct mp_page *first);

/* A block, kept or mapped, that nobody hung up yet; NULL as above. */
struct mp_block *mp_chain_find_block(struct mp_page *first, size_t size,
				     size_t alignment);

/* Hangs it up; there must be room for 16 bytes. */
void mp_chain_add_block(struct mp_page *first, struct mp_block *block,
			size_t used);

/* See the public calls. */
void *mp_chain_reserve(struct mp_page *first, size_t max);
void *mp_chain_commit(struct mp_page *first, size_t used);
void mp_chain_end_reservation(struct mp_page *first);
bool mp_chain_rewind(struct mp_page *first, char *mark);
size_t mp_chain_used(struct mp_page *first);

/* Frees all that is in the arena: it is as after get.  Keeps errno. */
void mp_chain_reset(struct mp_page *first);

#endif
