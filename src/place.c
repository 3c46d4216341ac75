/* SPDX-License-Identifier: MIT */
/*
 * Where allocations and reservations of a debug arena go (record.h).
 */
#include "debug.h"

static char *align(const char *address, size_t alignment)
{
	return (char *)(((uintptr_t)address + alignment - 1) &
			~(uintptr_t)(alignment - 1));
}

/* From the cursor to the allocation: the first one of a page has canaries. */
static size_t lead_here(struct mp_page *first, size_t alignment)
{
	char *cursor = first->words.cursor;
	char *start = mp_chain_start_of(first, first->current);
	size_t least = cursor == start ? MP_RECORD_LEAD : 0;

	return (size_t)(align(cursor + least, alignment) - cursor);
}

static bool fits_here(struct mp_page *first, size_t lead, size_t size)
{
	size_t room = (size_t)(mp_chain_limit(first) - first->words.cursor);

	return mp_record_bytes(lead, size) <= room;
}

/* Does it fit an empty page, wherever that lies? */
static bool fits_page(struct mp_page *first, size_t size, size_t alignment)
{
	return mp_record_bytes(alignment, size) <= first->pool->slabs.page_size;
}

/* Makes room in the current page or in a new one, and says what the lead is. */
static bool find_lead(struct mp_page *first, size_t size, size_t alignment,
		      size_t *lead)
{
	*lead = lead_here(first, alignment);
	if (fits_here(first, *lead, size))
		return true;
	if (!fits_page(first, size, alignment) || !mp_chain_page(first))
		return false;
	*lead = lead_here(first, alignment);
	return true;
}

/* A block that has room for it, after `alignment` bytes of lead. */
static struct mp_block *find_block(struct mp_page *first, size_t size,
				   size_t alignment)
{
	/* The place of its stamp: see add_block(). */
	if (!fits_here(first, 0, 0) && !mp_chain_page(first))
		return NULL;
	return mp_chain_find_block(first, mp_record_bytes(alignment, size),
				   alignment);
}

/* The 16 bytes that its stamp takes are the record of an empty allocation. */
static void add_block(struct mp_page *first, struct mp_block *block,
		      size_t bytes)
{
	char *bottom = first->words.cursor;

	mp_chain_add_block(first, block, bytes);
	mp_record_make(bottom, 0, 0);
}

/* ---- allocations --------------------------------------------------------- */

void *mp_debug_alloc(struct mp_page *first, size_t size, size_t alignment)
{
	char *bottom;
	struct mp_block *block;
	size_t lead;

	if (size > MP_RECORD_SIZE_MAX)
		return NULL;
	if (find_lead(first, size, alignment, &lead)) {
		bottom = first->words.cursor;
		mp_chain_set_cursor(first,
				    bottom + mp_record_bytes(lead, size));
		return mp_record_make(bottom, lead, size);
	}
	if (fits_page(first, size, alignment))
		return NULL;
	block = find_block(first, size, alignment);
	if (!block)
		return NULL;
	add_block(first, block, mp_record_bytes(alignment, size));
	return mp_record_make(block->payload, alignment, size);
}

size_t mp_debug_used(struct mp_page *first)
{
	struct mp_page *page = first->current;
	char *used_to = first->words.cursor;
	size_t used = 0;

	for (;;) {
		used += mp_record_used(mp_chain_start_of(first, page), used_to);
		if (page == first)
			break;
		page = page->below;
		used_to = page->left_at;
	}
	for (struct mp_block *b = first->blocks; b; b = b->next)
		used += mp_record_used(b->payload, b->payload + b->used);
	return used;
}

/* ---- reservations -------------------------------------------------------- */

/*
 * A reservation is a record above the cursor, or in a block that is not hung up
 * yet; `reserved` is the size of all of it.
 */
static void *reserve_here(struct mp_page *first, size_t lead, size_t max)
{
	first->reserved = mp_record_bytes(lead, max);
	return mp_record_make(first->words.cursor, lead, max);
}

static void *reserve_block(struct mp_page *first, size_t max)
{
	struct mp_block *block = find_block(first, max, MP_ALIGNMENT);

	if (!block)
		return NULL;
	block->reserved = mp_record_bytes(MP_ALIGNMENT, max);
	first->pending = block;
	return mp_record_make(block->payload, MP_ALIGNMENT, max);
}

void *mp_debug_reserve(struct mp_page *first, size_t max)
{
	void *address = NULL;
	size_t lead;

	mp_chain_end_reservation(first);
	if (max == 0)
		max = 1;
	if (max > MP_RECORD_SIZE_MAX)
		return NULL;
	if (find_lead(first, max, MP_ALIGNMENT, &lead))
		address = reserve_here(first, lead, max);
	else if (!fits_page(first, max, MP_ALIGNMENT))
		address = reserve_block(first, max);
	if (!address)
		return NULL;
	mp_guard_of(first)->reserved = max;
	first->reserved_at = first->words.cursor;
	mp_page_set_attention(first, first->attention | MP_PAGE_RESERVED);
	return address;
}

/* The record of `max` bytes becomes one of `used`; the rest ends. */
static char *shrink(struct mp_page *first, char *bottom, size_t lead,
		    size_t used)
{
	size_t before = mp_record_bytes(lead, mp_guard_of(first)->reserved);
	size_t after = mp_record_bytes(lead, used);
	char *address = mp_record_make_around(bottom, lead, used);

	mp_guard_fill(first, bottom + after, before - after);
	return address;
}

void *mp_debug_commit(struct mp_page *first, size_t used)
{
	struct mp_block *pending = first->pending;
	char *bottom = pending ? pending->payload : first->words.cursor;
	size_t lead = pending ? MP_ALIGNMENT : lead_here(first, MP_ALIGNMENT);
	size_t bytes;

	if (!(first->attention & MP_PAGE_RESERVED) ||
	    used > mp_guard_of(first)->reserved)
		return NULL;
	bytes = mp_record_bytes(lead, mp_guard_of(first)->reserved);
	mp_guard_check(first, bottom, bottom + bytes);
	mp_page_set_attention(first, first->attention ^ MP_PAGE_RESERVED);
	first->pending = NULL;
	bytes = mp_record_bytes(lead, used);
	if (pending)
		add_block(first, pending, bytes);
	else
		mp_chain_set_cursor(first, bottom + bytes);
	return shrink(first, bottom, lead, used);
}
