/* SPDX-License-Identifier: MIT */
/*
 * A page: a header, then the payload.  The first page of an arena is the
 * arena: its address is the address of the two frozen words.
 *
 * A page is carved from a slab, and its address stays that of a page of this
 * pool until the slab is unmapped.  Whoever owns the page owns the header;
 * there are no atomics but the link of the loose list.
 *
 * Life:   in a slab -> out (an arena, or a further page of one)
 *                   -> in a magazine or on the loose list -> out ... -> slab
 */
#ifndef MP_PAGE_H
#define MP_PAGE_H

#include "atomic.h"

#include <magpool/magpool.h>
#include <string.h>

#define MP_PAGE_HEADER 128
#define MP_PAGE_FRONT 256 /* in front of a debug page's header: guard.h */
/* Fits an instruction's immediate operand. */
#define MP_PAGE_MAGIC UINT32_C(0x6d616770)
#define MP_ALIGNMENT 16

struct mp_block;

static inline size_t mp_round_up(size_t size, size_t multiple)
{
	return (size + multiple - 1) / multiple * multiple;
}

/* Why return and reset need more than two stores. */
enum mp_page_attention {
	MP_PAGE_GUARDED = 1,   /* words are kept equal: the slow path decides */
	MP_PAGE_ZERO = 2,      /* clear what was used */
	MP_PAGE_CHAINED = 4,   /* the cursor is in a further page */
	MP_PAGE_BLOCKS = 8,    /* has blocks in use */
	MP_PAGE_RESERVED = 16, /* a reservation is open */
	MP_PAGE_DEBUG = 32,    /* has a guard in front (guard.h) */
	MP_PAGE_FENCED = 64,   /* memory behind it is not to be touched */
};

/* What a page has for life; the rest is its use's. */
#define MP_PAGE_FOR_LIFE \
	(MP_PAGE_GUARDED | MP_PAGE_ZERO | MP_PAGE_DEBUG | MP_PAGE_FENCED)

struct mp_page {
	/* First line: all that get and return touch. */
	struct magpool_arena words; /* both NULL: not out, or a further page */
	uint32_t check;             /* its own address, mixed */
	uint32_t place; /* index of its slab, and its number there */
	struct magpool *pool;
	char *first_start; /* what get stores into the words: the payload, or */
	char *first_limit; /* a front block (chain.h); equal if guarded */
	/*
	 * first_limit, or what no limit is while `attention` is not 0 or there
	 * are further pages.  So one comparison with words.limit tells return
	 * that the arena is out, and needs no more than to be put away.  Or a
	 * mark (loans.h), which another thread puts there: hence atomic.
	 */
	_Atomic(char *) plain_limit;
	uint32_t further; /* pages above the first one, in use or spare */
	uint8_t attention;
	uint8_t outgrown; /* how often the cursor left the first page */
	uint8_t unneeded; /* uses in a row that left the spare pages alone */
#if UINTPTR_MAX == UINT32_MAX
	char rest_of_first_line[24];
#endif

	/*
	 * Second line: the slow paths'.  The page above, if there is one (NULL
	 * in the last one of a chain, anything in a first one alone); on the
	 * loose list, the next page there.
	 */
	_Atomic(struct mp_page *) next;
	union {
		struct mp_page *below; /* a further page's: the one under it */
		size_t reserved;       /* a first page's: bytes reserved */
	};
	char *left_at;           /* the cursor when a page was put on top */
	struct mp_page *current; /* the page the cursor is in */
	struct mp_block *blocks;
	struct mp_block *front;   /* a larger first page, in use or soon */
	struct mp_block *pending; /* a block that is only reserved */
	char *reserved_at;        /* the cursor when it was reserved */
#if UINTPTR_MAX == UINT32_MAX
	char rest_of_second_line[32];
#endif
};

#define MP_PAGE_SLOT_BITS 6

static inline uint32_t mp_page_slab(const struct mp_page *page)
{
	return page->place >> MP_PAGE_SLOT_BITS;
}

static inline uint32_t mp_page_slot(const struct mp_page *page)
{
	return page->place & ((1u << MP_PAGE_SLOT_BITS) - 1);
}

_Static_assert(sizeof(struct mp_page) == MP_PAGE_HEADER,
	       "the header fills the space in front of the payload");
_Static_assert(offsetof(struct mp_page, words) == 0,
	       "an arena is the address of its first page");
_Static_assert(offsetof(struct mp_page, next) == 64,
	       "get and return touch one line");

static inline char *mp_page_start(struct mp_page *page)
{
	return (char *)page + MP_PAGE_HEADER;
}

static inline struct mp_page *mp_page_of(const struct magpool_arena *arena)
{
	return (struct mp_page *)(uintptr_t)arena;
}

static inline uint32_t mp_page_check(const struct mp_page *page)
{
	return (uint32_t)(uintptr_t)page + MP_PAGE_MAGIC;
}

/*
 * Is this the address of a page?  Safe for any 16-aligned address that can be
 * read: headers are aligned to their size, so that one that passes the first
 * test lies within one system page.
 *
 * The address may be anything that a caller mistook for an arena, so reading
 * past the object it points to is the purpose, and AddressSanitizer is not
 * asked about this one load.
 */
__attribute__((no_sanitize("address"))) static inline bool
mp_page_is_one(const struct mp_page *page)
{
	return ((uintptr_t)page & (MP_PAGE_HEADER - 1)) == 0 &&
	       page->check == mp_page_check(page);
}

/* No limit is odd. */
#define MP_PAGE_NOT_PLAIN ((char *)1)

/*
 * A mark: the arena was seen to be out, first at that time (loans.h).  It is
 * neither a limit nor MP_PAGE_NOT_PLAIN.  Relaxed, all accesses to it: an owner
 * that does not see it yet, or overwrites it, just ends it too late or too
 * early.
 */
#define MP_PAGE_MARK ((uintptr_t)3)

static inline char *mp_page_mark_of(uint64_t milliseconds)
{
	return (char *)((uintptr_t)(milliseconds << 2) | MP_PAGE_MARK);
}

static inline bool mp_page_is_mark(const char *limit)
{
	return ((uintptr_t)limit & MP_PAGE_MARK) == MP_PAGE_MARK;
}

/* Also at the start of a use, and at its end: without a mark. */
static inline void mp_page_renew_attention(struct mp_page *page,
					   unsigned int attention)
{
	page->attention = (uint8_t)attention;
	mp_store_relaxed(&page->plain_limit, attention || page->further
						     ? MP_PAGE_NOT_PLAIN
						     : page->first_limit);
}

/* In the middle of a use: a mark stays, which has the same effect. */
static inline void mp_page_set_attention(struct mp_page *page,
					 unsigned int attention)
{
	if (mp_page_is_mark(mp_load_relaxed(&page->plain_limit)))
		page->attention = (uint8_t)attention;
	else
		mp_page_renew_attention(page, attention);
}

/* Out, and return has little to do. */
static inline bool mp_page_is_plain(const struct mp_page *page)
{
	return page->words.limit == mp_load_relaxed(&page->plain_limit);
}

/* Makes it an arena that is out, empty. */
static inline struct magpool_arena *mp_page_open(struct mp_page *page)
{
	page->words.cursor = page->first_start;
	page->words.limit = page->first_limit;
	return &page->words;
}

/* Both words NULL: the second return of an arena sees this. */
static inline void mp_page_close(struct mp_page *page)
{
	memset(&page->words, 0, sizeof page->words);
}

#endif
