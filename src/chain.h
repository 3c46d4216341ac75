/* SPDX-License-Identifier: MIT */
/*
 * What hangs on an arena's first page: further pages, blocks, a reservation.
 *
 * The first page and the further ones are linked both ways.  Those up to
 * first->current are in use, the ones above it are spare: kept for when the
 * arena grows again.  A page that has another one on top remembers in left_at
 * how far it was used.
 *
 * An arena that has outgrown its first page often gets a front block: a larger
 * first page, so that its later uses neither grow nor shrink.  It is made at
 * growth, by which time the arena has shown how much it needs, comes into use
 * when the arena is empty, and goes with its page back to the slab (trim, limit
 * of the depot).
 *
 * A block carries a stamp: the cursor right after 16 bytes were taken for it.
 * So each block has its place between any two marks, though a mark is nothing
 * but a cursor.
 *
 * Blocks whose use has ended go to where any arena of the pool finds them
 * (kept.h), up to the pool's retain_bytes of one arena at a time.
 */
#ifndef MP_CHAIN_H
#define MP_CHAIN_H

#include "block.h"
#include "pool.h"

/* The values of mp_page.outgrown, from 0. */
#define MP_OUTGROWN_OFTEN 3 /* time for a front block */
#define MP_OUTGROWN_MADE 4  /* there is one, not used yet */
#define MP_OUTGROWN_DONE 5  /* it is used, or could not be made */

/* Where the payload of that page of the arena starts, and where it ends. */
static inline char *mp_chain_start_of(struct mp_page *first,
				      struct mp_page *page)
{
	return page == first ? first->first_start : mp_page_start(page);
}

static inline char *mp_chain_end_of(struct mp_page *first, struct mp_page *page)
{
	if (page == first && !(first->attention & MP_PAGE_GUARDED))
		return first->first_limit;
	return mp_page_start(page) + first->pool->slabs.page_size;
}

/* The end of the page the cursor is in: that a guarded arena does not show. */
static inline char *mp_chain_limit(struct mp_page *first)
{
	return mp_chain_end_of(first, first->current);
}

/* Moves the cursor within the current page; a guarded arena's limit too. */
static inline void mp_chain_set_cursor(struct mp_page *first, char *cursor)
{
	bool guarded = first->attention & MP_PAGE_GUARDED;

	first->words.cursor = cursor;
	first->words.limit = guarded ? cursor : mp_chain_limit(first);
}

/* The spare page above the current one, or NULL. */
static inline struct mp_page *mp_chain_above(struct mp_page *first)
{
	return first->further ? mp_load_relaxed(&first->current->next) : NULL;
}

/* Puts a page above the current one, which has none: a spare one. */
static inline void mp_chain_link(struct mp_page *first, struct mp_page *page)
{
	page->below = first->current;
	mp_store_relaxed(&page->next, NULL);
	mp_store_relaxed(&first->current->next, page);
	first->further++;
	first->unneeded = 0;
}

/* That spare page, above the current one, comes into use. */
static inline void mp_chain_advance(struct mp_page *first, struct mp_page *page)
{
	first->current->left_at = first->words.cursor;
	first->current = page;
	/* A mark ends: to keep it would cost each growth a look. */
	mp_page_renew_attention(first, first->attention | MP_PAGE_CHAINED);
	mp_chain_set_cursor(first, mp_page_start(page));
}

/* Further pages that an arena may keep when it does not use them. */
#define MP_SPARE_MAX 15

/* After so many uses that did not need them they go: then it is plain again. */
#define MP_SPARE_USES 8

/*
 * The usual end of an arena that grew, now or before: all of its further pages
 * become spare, or stay so.  false: it has more than such pages, or too many,
 * or had them in vain.
 */
static inline bool mp_chain_spare_all(struct mp_page *first)
{
	if ((first->attention & ~(unsigned int)MP_PAGE_CHAINED) ||
	    first->further > MP_SPARE_MAX || first->unneeded == MP_SPARE_USES ||
	    first->outgrown == MP_OUTGROWN_MADE)
		return false;
	if (first->attention) {
		first->unneeded = 0;
		if (first->outgrown < MP_OUTGROWN_OFTEN)
			first->outgrown++;
	} else {
		first->unneeded++;
	}
	first->current = first;
	mp_page_renew_attention(first, 0);
	return true;
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

/* At the end of its use; a mark ends. */
static inline void mp_chain_end(struct mp_page *first)
{
	mp_chain_reset(first);
	mp_page_renew_attention(first, first->attention);
}

/* As the same, and gives away the spare pages. */
void mp_chain_strip(struct mp_page *first);

#endif
