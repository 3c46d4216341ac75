/* SPDX-License-Identifier: MIT */
/*
 * For the tests of slabs, in front of src/slab.c: two mappings of two pages
 * each, and a system that writes to what it maps, discards or unmaps, so that
 * whoever uses a page without owning it races with that.
 */
#ifndef WEAK_MAPPING_H
#define WEAK_MAPPING_H

#include "slab.h"

#include <string.h>

#define STRIDE (3 * MP_PAGE_HEADER) /* that of a page of 16 bytes */
#define SLAB (2 * STRIDE)

static _Alignas(MP_PAGE_HEADER) char memory[2][SLAB];
static _Atomic unsigned int mappings;
static unsigned int mappings_max;

static struct mp_upstream upstream;
static struct mp_slab records[3];
static struct mp_slabs slabs;

/* GenMC wants a store for each field, where src/slab.c clears a header: what is
 * in front of plain_limit, and what is behind it. */
static void clear(char *from, size_t size)
{
	struct mp_page *page = (void *)from;

	if (size == offsetof(struct mp_page, plain_limit)) {
		page->words.cursor = NULL;
		page->words.limit = NULL;
		page->check = 0;
		page->place = 0;
		page->pool = NULL;
		page->first_start = NULL;
		page->first_limit = NULL;
		return;
	}
	page = (void *)(from - offsetof(struct mp_page, further));
	page->further = 0;
	page->attention = 0;
	page->outgrown = 0;
	atomic_init(&page->next, NULL);
	page->below = NULL;
	page->left_at = NULL;
	page->current = NULL;
	page->blocks = NULL;
	page->front = NULL;
	page->pending = NULL;
	page->reserved_at = NULL;
}

#define memset(from, value, size) clear((char *)(from), size)

static int *payload(struct mp_page *page)
{
	return (int *)(void *)(page + 1);
}

static void touch(char *from, size_t size)
{
	for (size_t at = 0; at < size; at += STRIDE)
		*payload((struct mp_page *)(void *)(from + at)) = 0;
}

size_t mp_platform_page_size(void)
{
	return MP_PAGE_HEADER;
}

void *mp_upstream_map(struct mp_upstream *up, size_t size, size_t alignment)
{
	unsigned int mine;

	assert(up == &upstream && size <= SLAB && alignment == MP_PAGE_HEADER);
	if (size != SLAB)
		return NULL;
	mine = atomic_fetch_add_explicit(&mappings, 1, memory_order_relaxed);
	if (mine >= mappings_max)
		return NULL;
	touch(memory[mine], size);
	return memory[mine];
}

bool mp_upstream_unmap(struct mp_upstream *up, void *address, size_t size)
{
	assert(up == &upstream && size == SLAB);
	touch(address, size);
	/* Headers too: see look.c. */
	for (size_t at = 0; at < size; at += STRIDE)
		((struct mp_page *)(void *)((char *)address + at))->place = 0;
	return true;
}

bool mp_upstream_discard(struct mp_upstream *up, void *address, size_t size)
{
	assert(up == &upstream && size <= SLAB);
	touch(address, size);
	return true;
}

/* Nothing is closed here. */
void mp_upstream_unmapped(enum mp_closed kind, size_t regions)
{
	(void)kind;
	(void)regions;
}

static struct mp_page *take(void)
{
	struct mp_trip trip = { 0, 0, 0 };
	struct mp_page *page = mp_slabs_take(&slabs, &trip);

	/* What its last user wrote was discarded, for us too. */
	if (page) {
		assert(*payload(page) == 0);
		*payload(page) = 1;
	}
	return page;
}

/* At most `max` mappings are granted. */
static void begin(unsigned int max)
{
	mappings_max = max;
	/* As mp_slabs_init() would, for pages of 16 bytes. */
	slabs.upstream = &upstream;
	slabs.page_size = MP_ALIGNMENT;
	slabs.stride = STRIDE;
	slabs.pages = 2;
	mp_table_init(&slabs.table, sizeof(struct mp_slab), MP_INDEX_MAX);
	mp_store_relaxed(&slabs.table.segment[0], (char *)records);
	slabs.table.capacity = 3;
}

#endif
