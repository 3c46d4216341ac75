/* SPDX-License-Identifier: MIT */
/* How the pages of a slab lie, and what a new one is. */
#include "platform.h"
#include "record.h"
#include "slab.h"
#include "watch.h"

#include <string.h>

static void lay_out(struct mp_slabs *slabs, size_t page_size, size_t front)
{
	slabs->front = front;
	slabs->page_size = mp_round_up(page_size, MP_ALIGNMENT);
	slabs->stride = front + MP_PAGE_HEADER +
			mp_round_up(slabs->page_size, MP_PAGE_HEADER);
	/* Odd: see slab.h. */
	if (slabs->stride / MP_PAGE_HEADER % 2 == 0)
		slabs->stride += MP_PAGE_HEADER;
}

/* The payload has its own system pages, with the fence behind them. */
static void lay_out_fenced(struct mp_slabs *slabs, size_t page_size)
{
	size_t system_page = mp_platform_page_size();

	slabs->front = system_page - MP_PAGE_HEADER;
	slabs->page_size = mp_round_up(page_size, system_page);
	slabs->stride = system_page + slabs->page_size + system_page;
}

void mp_slabs_init(struct mp_slabs *slabs, struct mp_upstream *upstream,
		   struct magpool *pool, size_t page_size, uint32_t attention)
{
	size_t around = MP_RECORD_LEAD + MP_RECORD_TAIL;
	size_t pages;

	slabs->upstream = upstream;
	slabs->pool = pool;
	if (attention & MP_PAGE_FENCED)
		lay_out_fenced(slabs, page_size + around);
	else if (attention & MP_PAGE_DEBUG)
		lay_out(slabs, page_size + around, MP_PAGE_FRONT);
	else
		lay_out(slabs, page_size, 0);
	pages = MP_SLAB_BYTES / slabs->stride;
	if (pages < MP_SLAB_PAGES_MIN)
		pages = MP_SLAB_PAGES_MIN;
	if (pages > MP_SLAB_PAGES_MAX)
		pages = MP_SLAB_PAGES_MAX;
	slabs->pages = (uint32_t)pages;
	slabs->attention = attention;
	mp_table_init(&slabs->table, sizeof(struct mp_slab), MP_INDEX_MAX);
}

void mp_slab_put_fences(struct mp_slabs *slabs, struct mp_slab *slab)
{
	size_t system_page = mp_platform_page_size();

	for (uint32_t i = 1; i <= slab->pages; i++)
		slab->fences += mp_upstream_close(
			slabs->upstream,
			slab->base + i * slabs->stride - system_page,
			system_page, MP_CLOSED_FENCES);
}

static void init_debug(struct mp_slabs *slabs, struct mp_page *page)
{
	memset((char *)page - MP_PAGE_FRONT, 0, MP_PAGE_FRONT);
	mp_watch_close(mp_page_start(page), slabs->page_size);
}

void mp_slab_init_page(struct mp_slabs *slabs, struct mp_page *page,
		       uint32_t index, uint32_t slot)
{
	bool guarded = slabs->attention & MP_PAGE_GUARDED;

	/* Who looks for loans (mp_slabs_look) may be at what is between. */
	memset(page, 0, offsetof(struct mp_page, plain_limit));
	memset(&page->further, 0,
	       sizeof *page - offsetof(struct mp_page, further));
	page->pool = slabs->pool;
	page->first_start = mp_page_start(page);
	page->first_limit = page->first_start;
	if (!guarded)
		page->first_limit += slabs->page_size;
	page->current = page;
	mp_page_renew_attention(page, slabs->attention);
	page->place = index << MP_PAGE_SLOT_BITS | slot;
	page->check = mp_page_check(page);
	if (slabs->attention & MP_PAGE_DEBUG)
		init_debug(slabs, page);
}
