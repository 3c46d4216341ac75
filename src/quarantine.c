/* SPDX-License-Identifier: MIT */
#include "quarantine.h"

#include "guard.h"
#include "pool.h"

static size_t ring_bytes(const struct mp_quarantine *quarantine)
{
	size_t system_page = mp_platform_page_size();
	size_t bytes = quarantine->slots * sizeof *quarantine->slot;

	return (bytes + system_page - 1) / system_page * system_page;
}

void mp_quarantine_open(struct mp_quarantine *quarantine, size_t page_size)
{
	/* The largest page that can be asked for is a sixteenth. */
	quarantine->slots = (uint32_t)(MP_QUARANTINE_BYTES / page_size);
	quarantine->slot = mp_platform_map(ring_bytes(quarantine), 1);
	if (!quarantine->slot)
		quarantine->slots = 0;
}

void mp_quarantine_close(struct mp_quarantine *quarantine)
{
	/* Their memory is gone already. */
	mp_upstream_unmapped(MP_CLOSED_PAGES,
			     mp_load_relaxed(&quarantine->closed));
	if (quarantine->slots)
		mp_platform_unmap(quarantine->slot, ring_bytes(quarantine));
	quarantine->slots = 0;
}

/* Its contents go, so that it costs no memory.  The header stays readable. */
static void lock_up(struct magpool *pool, struct mp_page *page)
{
	char *start = mp_page_start(page);
	size_t size = pool->slabs.page_size;

	/* If it stays open, writes are found when it is used again. */
	if (mp_upstream_close(&pool->upstream, start, size, MP_CLOSED_PAGES)) {
		mp_add_relaxed(&pool->quarantine.closed, 1);
		mp_upstream_discard(&pool->upstream, start, size);
		mp_guard_of(page)->state = MP_GUARD_LOCKED;
	}
}

/* NULL: the system would not have it, the page is lost. */
static struct mp_page *release(struct magpool *pool, struct mp_page *page)
{
	struct mp_guard *guard = mp_guard_of(page);

	if (guard->state != MP_GUARD_LOCKED)
		return page;
	if (!mp_upstream_reopen(mp_page_start(page), pool->slabs.page_size,
				MP_CLOSED_PAGES)) {
		mp_tally_add(&pool->pages_leaked, 1);
		return NULL;
	}
	mp_sub_relaxed(&pool->quarantine.closed, 1);
	guard->state = MP_GUARD_NEW;
	return page;
}

struct mp_page *mp_quarantine_swap(struct magpool *pool, struct mp_page *page)
{
	struct mp_quarantine *quarantine = &pool->quarantine;
	struct mp_page *oldest;
	uint64_t turn;

	mp_guard_put(page);
	if (!quarantine->slots)
		return page;
	lock_up(pool, page);
	turn = mp_add_relaxed(&quarantine->turn, 1);
	/* Release and acquire: the page's header goes with it. */
	oldest = mp_exchange_seq(&quarantine->slot[turn % quarantine->slots],
				 page);
	if (oldest)
		return release(pool, oldest);
	mp_tally_add(&quarantine->pages, 1);
	return NULL;
}

void mp_quarantine_drain(struct magpool *pool)
{
	struct mp_quarantine *quarantine = &pool->quarantine;

	for (uint32_t i = 0; i < quarantine->slots; i++) {
		struct mp_page *page =
			mp_exchange_seq(&quarantine->slot[i], NULL);

		if (!page)
			continue;
		mp_pool_begin_direct(pool);
		mp_tally_sub(&quarantine->pages, 1);
		page = release(pool, page);
		if (page)
			mp_pool_park(pool, page);
		mp_pool_end_direct(pool);
	}
}

void mp_quarantine_after_fork(struct mp_quarantine *quarantine)
{
	uint32_t pages = 0;

	for (uint32_t i = 0; i < quarantine->slots; i++)
		pages += !!mp_load_relaxed(&quarantine->slot[i]);
	mp_tally_set(&quarantine->pages, pages);
}
