/* SPDX-License-Identifier: MIT */
#include "chain.h"

#include "block.h"
#include "guard.h"
#include "thread.h"
#include "trim.h"

#include <string.h>

static struct magpool_cache *own_cache(struct magpool *pool)
{
	struct magpool_cache *cache = mp_pool_find(pool);

	return cache ? cache : mp_thread_cache(pool, false);
}

/* ---- the arena's limit --------------------------------------------------- */

static size_t bytes_of(const struct mp_block *block)
{
	size_t bytes = 0;

	for (; block; block = block->next)
		bytes += block->bytes;
	return bytes;
}

/* Pages and blocks in use; counted only when there is a limit. */
static size_t held_by(struct mp_page *first)
{
	size_t page_size = first->pool->slabs.page_size;
	size_t bytes = page_size + bytes_of(first->blocks);

	for (struct mp_page *p = first->current; p != first; p = p->below)
		bytes += page_size;
	return bytes;
}

static bool may_hold(struct mp_page *first, size_t more)
{
	size_t limit = first->pool->max_arena_bytes;
	size_t held;

	if (mp_likely(limit == SIZE_MAX))
		return true;
	held = held_by(first);
	return held <= limit && more <= limit - held;
}

/* ---- further pages ------------------------------------------------------- */

static struct mp_page *spare_page(struct mp_page *first)
{
	struct magpool *pool = first->pool;
	struct mp_page *page = mp_chain_above(first);

	if (page)
		return page;
	page = mp_trim_take(pool, own_cache(pool), MP_USE_FURTHER);
	if (page)
		mp_chain_link(first, page);
	return page;
}

/* What was taken there is free again. */
static void clear(struct mp_page *first, char *from, char *to)
{
	if (to <= from)
		return;
	if (first->attention & MP_PAGE_DEBUG)
		mp_guard_end(first, from, to);
	else if (first->attention & MP_PAGE_ZERO)
		explicit_bzero(from, (size_t)(to - from));
}

/* Clears what was used above `cursor`, which lies in `page`. */
static void clear_above(struct mp_page *first, struct mp_page *page,
			char *cursor)
{
	struct mp_page *top = first->current;
	char *used_to = first->words.cursor;

	for (; top != page; top = top->below) {
		clear(first, mp_page_start(top), used_to);
		used_to = top->below->left_at;
	}
	clear(first, cursor, used_to);
}

/* Gives away the pages above the current one. */
static void drop_spare(struct mp_page *first)
{
	struct magpool *pool = first->pool;
	struct mp_page *page = mp_chain_above(first);

	mp_store_relaxed(&first->current->next, NULL);
	first->unneeded = 0;
	while (page) {
		struct mp_page *next = mp_load_relaxed(&page->next);

		first->further--;
		mp_cache_put(pool, own_cache(pool), page, MP_USE_FURTHER);
		page = next;
	}
	mp_page_set_attention(first, first->attention);
}

/* That page is the current one again, with that cursor. */
static void go_back(struct mp_page *first, struct mp_page *page, char *cursor)
{
	unsigned int attention = first->attention;

	clear_above(first, page, cursor);
	if (page == first)
		attention &= ~(unsigned int)MP_PAGE_CHAINED;
	first->current = page;
	mp_page_set_attention(first, attention);
	mp_chain_set_cursor(first, cursor);
	if (first->further > MP_SPARE_MAX || first->unneeded == MP_SPARE_USES)
		drop_spare(first);
}

/* ---- blocks -------------------------------------------------------------- */

/*
 * The same for every use of an arena; neighbours have other ones.  Mixed, as
 * slabs of large pages have few of them (Knuth's factor: see mp_pool_bucket).
 */
static uint32_t home_of(const struct mp_page *first)
{
	return first->place * UINT32_C(0x61c88647) >> 16;
}

/* A size that no memory and no limit could ever grant changes nothing. */
static bool is_possible(struct magpool *pool, size_t size)
{
	struct mp_budget *budget = &pool->upstream.budget;

	return size <= PTRDIFF_MAX / 2 && size <= budget->limit &&
	       size <= budget->parent->limit;
}

static struct mp_block *take_kept(struct mp_page *first, size_t size,
				  size_t alignment)
{
	struct magpool *pool = first->pool;
	struct mp_kept_wish wish = { size, alignment, SIZE_MAX };
	struct mp_block *block;

	/* What others left behind takes nothing from an arena's limit. */
	if (pool->max_arena_bytes != SIZE_MAX)
		wish.most = mp_block_bytes(size, alignment);
	block = mp_kept_take(&pool->kept, &pool->upstream, home_of(first),
			     &wish);
	if (block)
		mp_tally_add(&pool->blocks_reused, 1);
	return block;
}

static struct mp_block *map_new(struct magpool *pool, size_t size,
				size_t alignment)
{
	struct mp_block *block = mp_block_map(&pool->upstream, size, alignment);

	if (!block && mp_trim_unused(pool))
		block = mp_block_map(&pool->upstream, size, alignment);
	if (!block)
		return NULL;
	block->needed = mp_tally_read(&pool->intervals);
	mp_tally_add(&pool->blocks_mapped, 1);
	return block;
}

struct mp_block *mp_chain_find_block(struct mp_page *first, size_t size,
				     size_t alignment)
{
	struct magpool *pool = first->pool;
	struct mp_block *block;

	if (!is_possible(pool, size))
		return NULL;
	block = take_kept(first, size, alignment);
	/* Also when one was kept: who finds one each time makes no trip, and
	 * the others would stay for ever.  Ours is out already. */
	mp_pool_pass_time(pool);
	if (!block)
		block = map_new(pool, size, alignment);
	if (!block)
		return NULL;
	block->next = NULL;
	if (!may_hold(first, block->bytes)) {
		mp_block_unmap_all(&pool->upstream, block);
		return NULL;
	}
	return block;
}

void mp_chain_add_block(struct mp_page *first, struct mp_block *block,
			size_t used)
{
	mp_chain_set_cursor(first, first->words.cursor + MP_ALIGNMENT);
	block->stamp = first->words.cursor;
	block->used = (used + 15) & ~(size_t)15;
	block->next = first->blocks;
	first->blocks = block;
	mp_page_set_attention(first, first->attention | MP_PAGE_BLOCKS);
}

/* Bytes of blocks that a use of this arena may leave behind. */
static size_t may_keep(const struct mp_page *first)
{
	return first->pool->retain_bytes - bytes_of(first->front);
}

/* A block whose use has ended: `left` is what may be kept of this arena's. */
static void end_block(struct mp_page *first, struct mp_block *block,
		      size_t *left)
{
	struct magpool *pool = first->pool;
	size_t bytes = block->bytes;

	clear(first, block->payload, block->payload + block->used);
	block->next = NULL;
	if (bytes <= *left &&
	    mp_kept_put(&pool->kept, &pool->upstream, home_of(first), block))
		*left -= bytes;
	else
		mp_block_unmap_all(&pool->upstream, block);
}

static void end_top_block(struct mp_page *first, size_t *left)
{
	struct mp_block *block = first->blocks;

	first->blocks = block->next;
	if (!first->blocks)
		mp_page_set_attention(first, first->attention ^ MP_PAGE_BLOCKS);
	end_block(first, block, left);
}

/* ---- front blocks -------------------------------------------------------- */

/* For all that it used last time, in one piece. */
static size_t front_size(struct mp_page *first)
{
	size_t page_size = first->pool->slabs.page_size;
	size_t size = 2 * page_size;

	while (size < (first->further + 1) * page_size)
		size *= 2;
	return size;
}

/* It counts as kept, though it is this arena's. */
static struct mp_block *map_front(struct mp_page *first, size_t size)
{
	struct magpool *pool = first->pool;
	struct mp_block *block =
		mp_block_map(&pool->upstream, size, MP_ALIGNMENT);

	if (!block)
		return NULL;
	block->next = NULL;
	block->used = size;
	if (block->bytes <= pool->retain_bytes &&
	    mp_kept_reserve(&pool->kept, &pool->upstream, home_of(first),
			    block->bytes))
		return block;
	mp_block_unmap_all(&pool->upstream, block);
	return NULL;
}

static void make_front(struct mp_page *first)
{
	struct magpool *pool = first->pool;
	size_t size = front_size(first);

	first->outgrown = MP_OUTGROWN_DONE;
	/* No guarded one comes here: mp_chain_spare_all() does not count it. */
	if (pool->max_arena_bytes != SIZE_MAX || size > pool->kept.budget.limit)
		return;
	first->front = map_front(first, size);
	if (!first->front)
		return;
	first->outgrown = MP_OUTGROWN_MADE;
	mp_tally_add(&pool->blocks_mapped, 1);
}

/* The arena is empty. */
static void use_front(struct mp_page *first)
{
	struct mp_block *block = first->front;

	first->outgrown = MP_OUTGROWN_DONE;
	drop_spare(first);
	first->first_start = block->payload;
	first->first_limit = block->payload + block->used;
}

bool mp_chain_page(struct mp_page *first)
{
	struct mp_page *page;

	if (first->outgrown == MP_OUTGROWN_OFTEN)
		make_front(first);
	if (!may_hold(first, first->pool->slabs.page_size))
		return false;
	page = spare_page(first);
	if (!page)
		return false;
	mp_chain_advance(first, page);
	return true;
}

/* ---- reservations -------------------------------------------------------- */

void mp_chain_end_reservation(struct mp_page *first)
{
	struct mp_block *pending = first->pending;
	size_t left = may_keep(first);

	if (!(first->attention & MP_PAGE_RESERVED))
		return;
	mp_page_set_attention(first, first->attention ^ MP_PAGE_RESERVED);
	first->pending = NULL;
	/* Nobody said how much of it was written: all of it is cleared. */
	if (pending) {
		pending->used = pending->reserved;
		end_block(first, pending, &left);
	} else {
		clear(first, first->reserved_at,
		      first->reserved_at + first->reserved);
	}
}

static void *reserve_block(struct mp_page *first, size_t max)
{
	struct mp_block *block;

	/* Room for the stamp, so that commit cannot fail. */
	if (first->words.cursor == mp_chain_limit(first) &&
	    !mp_chain_page(first))
		return NULL;
	block = mp_chain_find_block(first, max, MP_ALIGNMENT);
	if (!block)
		return NULL;
	block->reserved = max;
	first->pending = block;
	return block->payload;
}

static void *reserve_here(struct mp_page *first, size_t max)
{
	/* Nothing has an address of its own too. */
	size_t rounded = max ? (max + 15) & ~(size_t)15 : MP_ALIGNMENT;

	if (rounded > (size_t)(mp_chain_limit(first) - first->words.cursor) &&
	    !mp_chain_page(first))
		return NULL;
	first->reserved = max;
	return first->words.cursor;
}

void *mp_chain_reserve(struct mp_page *first, size_t max)
{
	void *address;

	mp_chain_end_reservation(first);
	address = max > first->pool->slabs.page_size ? reserve_block(first, max)
						     : reserve_here(first, max);
	if (address) {
		first->reserved_at = first->words.cursor;
		mp_page_set_attention(first,
				      first->attention | MP_PAGE_RESERVED);
	}
	return address;
}

void *mp_chain_commit(struct mp_page *first, size_t used)
{
	struct mp_block *pending = first->pending;
	char *address = first->words.cursor;

	/* An inline allocation has moved the cursor: it was another call. */
	if (!(first->attention & MP_PAGE_RESERVED) ||
	    first->reserved_at != address) {
		mp_chain_end_reservation(first);
		return NULL;
	}
	if (used > (pending ? pending->reserved : first->reserved))
		return NULL;
	mp_page_set_attention(first, first->attention ^ MP_PAGE_RESERVED);
	first->pending = NULL;
	if (pending) {
		mp_chain_add_block(first, pending, used);
		clear(first, pending->payload + used,
		      pending->payload + pending->reserved);
		return pending->payload;
	}
	clear(first, address + used, address + first->reserved);
	mp_chain_set_cursor(first, address + ((used + 15) & ~(size_t)15));
	return address;
}

/* ---- marks --------------------------------------------------------------- */

static bool is_within(struct mp_page *first, struct mp_page *page,
		      const char *address, const char *used_to)
{
	return address >= mp_chain_start_of(first, page) && address <= used_to;
}

/* The page in whose used part the address lies, or NULL. */
static struct mp_page *find_page(struct mp_page *first, const char *address)
{
	struct mp_page *page = first->current;
	char *used_to = first->words.cursor;

	while (!is_within(first, page, address, used_to)) {
		if (page == first)
			return NULL;
		page = page->below;
		used_to = page->left_at;
	}
	return page;
}

/* Was the block taken after the mark, which lies in that page? */
static bool is_newer(struct mp_page *first, const struct mp_block *block,
		     struct mp_page *page, const char *mark)
{
	struct mp_page *above = first->current;

	if (is_within(first, page, block->stamp, mp_chain_end_of(first, page)))
		return block->stamp > mark;
	while (above != page && !is_within(first, above, block->stamp,
					   mp_chain_end_of(first, above)))
		above = above->below;
	return above != page;
}

bool mp_chain_rewind(struct mp_page *first, char *mark)
{
	struct mp_page *page = find_page(first, mark);
	size_t left = may_keep(first);

	if (!page || ((uintptr_t)mark & (MP_ALIGNMENT - 1)))
		return false;
	mp_chain_end_reservation(first);
	while (first->blocks && is_newer(first, first->blocks, page, mark))
		end_top_block(first, &left);
	go_back(first, page, mark);
	return true;
}

size_t mp_chain_used(struct mp_page *first)
{
	struct mp_page *page = first->current;
	char *used_to = first->words.cursor;
	size_t used = 0;

	for (;;) {
		used += (size_t)(used_to - mp_chain_start_of(first, page));
		if (page == first)
			break;
		page = page->below;
		used_to = page->left_at;
	}
	for (struct mp_block *b = first->blocks; b; b = b->next)
		used += b->used - MP_ALIGNMENT;
	return used;
}

/* ---- reset --------------------------------------------------------------- */

void mp_chain_reset(struct mp_page *first)
{
	size_t left = may_keep(first);

	mp_chain_end_reservation(first);
	while (first->blocks)
		end_top_block(first, &left);
	go_back(first, first, first->first_start);
	if (first->outgrown == MP_OUTGROWN_MADE) {
		use_front(first);
		go_back(first, first, first->first_start);
	}
}

void mp_chain_strip(struct mp_page *first)
{
	mp_chain_end(first);
	drop_spare(first);
}
