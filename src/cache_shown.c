/* SPDX-License-Identifier: MIT */
/* What walkers, and other processes, see of a cache. */
#include "cache.h"

/* What is in the slot, read by a walker. */
static uintptr_t slot_of(struct magpool_cache *cache)
{
	/* Acquire: what was saved comes with DRAINED. */
	uintptr_t hot = mp_load_acquire(&cache->hot);

	return hot == MP_CACHE_DRAINED ? mp_load_relaxed(&cache->drain.hot)
				       : hot;
}

uint64_t mp_cache_pages(struct magpool_cache *cache)
{
	/*
	 * Acquire, so that top is not older than base.  A reload between the
	 * two loads gives nonsense, which the bounds of a magazine show.
	 */
	struct mp_page **base = mp_load_acquire(&cache->base);
	struct mp_page **top = mp_load_relaxed(&cache->top);
	uint64_t loaded = base && top >= base ? (uint64_t)(top - base) : 0;

	if (loaded > MP_ROUNDS_MAX)
		loaded = 0;
	return loaded + mp_load_relaxed(&cache->previous_pages) +
	       !!mp_cache_hot_page(slot_of(cache));
}

uint32_t mp_cache_spare(struct magpool_cache *cache)
{
	return mp_cache_hot_spare(slot_of(cache));
}

void mp_cache_show_pages(struct magpool_cache *cache, uint32_t coming)
{
	struct mp_counters *c = &cache->own;
	uint64_t out =
		mp_load_relaxed(&c->gets) + mp_load_relaxed(&c->chained) -
		mp_load_relaxed(&c->returns) - mp_load_relaxed(&c->unchained);

	mp_store_relaxed(&c->live->balance,
			 mp_cache_pages(cache) + out - coming);
	mp_store_relaxed(&c->live->magazines,
			 mp_load_relaxed(&cache->magazines));
}
