/* SPDX-License-Identifier: MIT */
#include "arena.h"

#include "block.h"
#include "chain.h"
#include "debug.h"
#include "registry.h"

#include <errno.h>

#define ALIGNMENT_MAX 65536

bool mp_arena_is_out(const struct magpool_arena *arena, const char *call)
{
	struct mp_page *page = mp_page_of(arena);

	if (mp_likely(mp_page_is_one(page) && page->words.cursor))
		return true;
	mp_registry_start();
	if (mp_page_is_one(page) && (page->attention & MP_PAGE_DEBUG))
		mp_debug_not_out(page, call);
	else if (mp_page_is_one(page))
		mp_pool_misuse(page->pool,
			       "%s: arena %p is not out (returned before?)",
			       call, (const void *)arena);
	else
		mp_pool_misuse(&mp_default_pool, "%s: %p is no arena", call,
			       (const void *)arena);
	return false;
}

/* ---- taking -------------------------------------------------------------- */

static char *align(const char *address, size_t alignment)
{
	return (char *)(((uintptr_t)address + alignment - 1) &
			~(uintptr_t)(alignment - 1));
}

/* Within the page the cursor is in; NULL: no room. */
static void *take_here(struct mp_page *page, size_t size, size_t alignment)
{
	char *address = align(page->words.cursor, alignment);
	char *limit = mp_chain_limit(page);

	if (address > limit || size > (size_t)(limit - address))
		return NULL;
	mp_chain_set_cursor(page, address + size);
	return address;
}

static void *take_block(struct mp_page *page, size_t size, size_t alignment)
{
	struct mp_block *block;

	/* The stamp needs a place of its own: see mp_chain_add_block(). */
	if (page->words.cursor == mp_chain_limit(page) && !mp_chain_page(page))
		return NULL;
	block = mp_chain_find_block(page, size, alignment);
	if (!block)
		return NULL;
	mp_chain_add_block(page, block, size);
	return block->payload;
}

static void *take_elsewhere(struct mp_page *page, size_t size, size_t alignment)
{
	size_t page_size = page->pool->slabs.page_size;

	/* A payload is aligned to its header's size at least. */
	if (size <= page_size &&
	    (alignment <= MP_PAGE_HEADER || alignment <= page_size - size))
		return mp_chain_page(page) ? take_here(page, size, alignment)
					   : NULL;
	return take_block(page, size, alignment);
}

void *mp_arena_alloc(struct mp_page *page, size_t size, size_t alignment)
{
	size_t rounded = (size + 15) & ~(size_t)15;
	void *address;

	mp_chain_end_reservation(page);
	if (size == 0)
		rounded = MP_ALIGNMENT;
	else if (rounded < size)
		return mp_pool_refuse(page->pool, "an allocation", size);
	if (page->attention & MP_PAGE_DEBUG) {
		address = mp_debug_alloc(page, size, alignment);
	} else {
		address = take_here(page, rounded, alignment);
		if (!address)
			address = take_elsewhere(page, rounded, alignment);
	}
	if (!address)
		return mp_pool_refuse(page->pool, "an allocation", size);
	return address;
}

/* ---- public -------------------------------------------------------------- */

static void *not_out(void)
{
	errno = EINVAL;
	return NULL;
}

/*
 * The usual case, without detours: the page is full, nothing else is about
 * this arena, and the next page is a spare one or comes from the thread's
 * magazine.
 */
static inline void *take_next_page(struct mp_page *first, size_t size)
{
	struct magpool *pool = first->pool;
	struct mp_page *page = mp_chain_above(first);
	char *address;

	if ((first->attention & ~(unsigned int)MP_PAGE_CHAINED) ||
	    first->outgrown == MP_OUTGROWN_OFTEN ||
	    size - 1 >= pool->slabs.page_size ||
	    pool->max_arena_bytes != SIZE_MAX)
		return NULL;
	if (!page) {
		page = mp_pool_hit(mp_pool_find(pool), MP_USE_FURTHER);
		if (mp_unlikely(!page))
			return NULL;
		mp_chain_link(first, page);
	}
	mp_chain_advance(first, page);
	address = first->words.cursor;
	first->words.cursor = address + ((size + 15) & ~(size_t)15);
	return address;
}

void *magpool_alloc_slow(struct magpool_arena *arena, size_t size)
{
	void *address;

	if (!mp_arena_is_out(arena, "magpool_alloc"))
		return not_out();
	address = take_next_page(mp_page_of(arena), size);
	if (mp_likely(address))
		return address;
	return mp_arena_alloc(mp_page_of(arena), size, MP_ALIGNMENT);
}

void *magpool_alloc_aligned(struct magpool_arena *arena, size_t size,
			    size_t alignment)
{
	if (alignment == 0 || (alignment & (alignment - 1)) ||
	    alignment > ALIGNMENT_MAX) {
		errno = EINVAL;
		return NULL;
	}
	if (!mp_arena_is_out(arena, "magpool_alloc_aligned"))
		return not_out();
	if (alignment < MP_ALIGNMENT)
		alignment = MP_ALIGNMENT;
	return mp_arena_alloc(mp_page_of(arena), size, alignment);
}

void *magpool_reserve(struct magpool_arena *arena, size_t max)
{
	struct mp_page *page = mp_page_of(arena);
	void *address;

	if (!mp_arena_is_out(arena, "magpool_reserve"))
		return not_out();
	address = page->attention & MP_PAGE_DEBUG ? mp_debug_reserve(page, max)
						  : mp_chain_reserve(page, max);
	if (!address)
		return mp_pool_refuse(page->pool, "a reservation", max);
	return address;
}

void *magpool_commit(struct magpool_arena *arena, size_t used)
{
	struct mp_page *page = mp_page_of(arena);
	void *address;

	if (!mp_arena_is_out(arena, "magpool_commit"))
		return not_out();
	address = page->attention & MP_PAGE_DEBUG ? mp_debug_commit(page, used)
						  : mp_chain_commit(page, used);
	return address ? address : not_out();
}

void *magpool_mark(const struct magpool_arena *arena)
{
	return arena->cursor;
}

void magpool_rewind(struct magpool_arena *arena, void *mark)
{
	struct mp_page *page = mp_page_of(arena);

	if (!mp_arena_is_out(arena, "magpool_rewind"))
		return;
	if (!mp_chain_rewind(page, mark))
		mp_pool_misuse(page->pool,
			       "magpool_rewind: %p is no mark of arena %p",
			       mark, (void *)arena);
	else if (page->attention & MP_PAGE_DEBUG)
		mp_debug_tell(page);
}

size_t magpool_used(const struct magpool_arena *arena)
{
	struct mp_page *page = mp_page_of(arena);

	if (!mp_page_is_one(page) || !arena->cursor)
		return 0;
	return page->attention & MP_PAGE_DEBUG ? mp_debug_used(page)
					       : mp_chain_used(page);
}

void magpool_reset(struct magpool_arena *arena)
{
	struct mp_page *page = mp_page_of(arena);
	char *mark;

	if (!mp_arena_is_out(arena, "magpool_reset"))
		return;
	mark = mp_load_relaxed(&page->plain_limit);
	if (mp_page_is_plain(page) || mp_chain_spare_all(page))
		mp_page_open(page);
	else
		mp_chain_reset(page);
	/* It is out all the time. */
	if (mp_page_is_mark(mark))
		mp_store_relaxed(&page->plain_limit, mark);
	if (page->attention & MP_PAGE_DEBUG)
		mp_debug_tell(page);
}
