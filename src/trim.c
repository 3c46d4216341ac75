/* SPDX-License-Identifier: MIT */
#include "trim.h"

#include "guard.h"
#include "probe.h"
#include "registry.h"
#include "thread.h"

#include <errno.h>

#define LOOSE_AT_ONCE 64

static size_t park_all(struct magpool *pool, struct mp_page **pages, uint32_t n)
{
	size_t bytes = 0;

	for (uint32_t i = 0; i < n; i++)
		bytes += mp_pool_park(pool, pages[i]);
	return bytes;
}

static size_t park_magazine(struct magpool *pool, struct mp_magazine *full,
			    struct mp_trip *trip)
{
	size_t bytes = park_all(pool, full->round, mp_magazine_count(full));

	mp_magazine_set_count(full, 0);
	mp_depot_give_empty(&pool->depot, 0, full, trip);
	mp_tally_add(&pool->trim_trips, 1);
	return bytes;
}

static size_t park_magazines(struct magpool *pool, struct mp_trip *trip)
{
	uint64_t left = mp_depot_content(&pool->depot).full;
	struct mp_magazine *full;
	size_t bytes = 0;

	do {
		mp_pool_begin_direct(pool);
		full = left-- ? mp_depot_take_full(&pool->depot, 0, trip)
			      : NULL;
		if (full)
			bytes += park_magazine(pool, full, trip);
		mp_pool_end_direct(pool);
	} while (full);
	return bytes;
}

static size_t park_loose(struct magpool *pool)
{
	uint64_t left = mp_depot_content(&pool->depot).loose;
	struct mp_page *page[LOOSE_AT_ONCE];
	size_t bytes = 0;

	uint32_t n;

	do {
		uint32_t max = left < LOOSE_AT_ONCE ? (uint32_t)left
						    : LOOSE_AT_ONCE;

		mp_pool_begin_direct(pool);
		n = mp_depot_take_loose(&pool->depot, 0, page, max);
		bytes += park_all(pool, page, n);
		left -= n;
		mp_pool_end_direct(pool);
	} while (n);
	return bytes;
}

size_t mp_trim_pool(struct magpool *pool)
{
	struct mp_trip trip = { 0, 0, 0 };
	uint32_t phase;
	size_t bytes;

	mp_drain_pool(pool, false, true);
	phase = mp_quiesce_enter(&pool->quiesce);
	bytes = park_magazines(pool, &trip);
	bytes += park_loose(pool);
	bytes += mp_slabs_settle_all(&pool->slabs, &trip);
	mp_sizing_interval(&pool->depot.sizing);
	mp_quiesce_leave(&pool->quiesce, phase);
	mp_pool_tick(pool, 0, &trip);
	mp_count_trip(&pool->direct, &trip);
	mp_tally_add(&pool->trimmed_bytes, bytes);
	MP_PROBE2(trim, pool->name, bytes);
	return bytes;
}

size_t mp_trim_unused(struct magpool *pool)
{
	mp_thread_flush(pool);
	mp_quarantine_drain(pool);
	return mp_trim_pool(pool);
}

struct mp_page *mp_trim_take(struct magpool *pool, struct magpool_cache *cache,
			     enum mp_use use)
{
	struct mp_page *page = mp_cache_take(pool, cache, use);

	if (mp_unlikely(!page) && mp_trim_unused(pool))
		page = mp_cache_take(pool, cache, use);
	if (mp_unlikely(pool->debug) && page)
		mp_guard_take(page);
	return page;
}

/* The next pool to trim, pinned: it stays on the list until it is let go. */
static struct magpool *next_pinned(struct magpool *pool)
{
	enum mp_walk walk = mp_registry_enter();
	struct magpool *next = pool;

	do {
		next = mp_registry_next_pool(next);
	} while (next && !mp_registry_pin(next));
	mp_registry_leave(walk);
	return next;
}

static size_t trim_all(void)
{
	struct magpool *pool = next_pinned(NULL);
	size_t bytes = 0;

	while (pool) {
		struct magpool *next;

		bytes += mp_trim_pool(pool);
		next = next_pinned(pool);
		mp_registry_unpin(pool);
		pool = next;
	}
	return bytes;
}

size_t magpool_trim(struct magpool *pool)
{
	int saved = errno;
	size_t bytes;

	mp_registry_start();
	bytes = pool ? mp_trim_pool(pool) : trim_all();
	mp_registry_reap();
	mp_registry_collect(1);
	errno = saved;
	return bytes;
}

void magpool_thread_flush(struct magpool *pool)
{
	int saved = errno;

	mp_thread_flush(pool);
	errno = saved;
}
