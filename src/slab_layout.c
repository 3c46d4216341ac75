/* SPDX-License-Identifier: MIT */
/* How the pages of a slab lie. */
#include "platform.h"
#include "record.h"
#include "slab.h"

static size_t round_up(size_t size, size_t multiple)
{
	return (size + multiple - 1) / multiple * multiple;
}

static void lay_out(struct mp_slabs *slabs, size_t page_size, size_t front)
{
	slabs->front = front;
	slabs->page_size = round_up(page_size, MP_ALIGNMENT);
	slabs->stride = front + MP_PAGE_HEADER +
			round_up(slabs->page_size, MP_PAGE_HEADER);
	/* Odd: see slab.h. */
	if (slabs->stride / MP_PAGE_HEADER % 2 == 0)
		slabs->stride += MP_PAGE_HEADER;
}

/* The payload has its own system pages, with the fence behind them. */
static void lay_out_fenced(struct mp_slabs *slabs, size_t page_size)
{
	size_t system_page = mp_platform_page_size();

	slabs->front = system_page - MP_PAGE_HEADER;
	slabs->page_size = round_up(page_size, system_page);
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
