/* SPDX-License-Identifier: MIT */
#include "drain.h"

#include "check.h"
#include "probe.h"
#include "registry.h"
#include "supply.h"

/* ---- the owner ----------------------------------------------------------- */

/* Starts with a cache that was emptied. */
static uintptr_t start_anew(struct magpool_cache *cache)
{
	mp_store_relaxed(&cache->hot, MP_CACHE_CLOSED);
	/* Release: who wants it next finds no DRAINED in the slot. */
	mp_store_release(&cache->drain.state, MP_DRAIN_OWNED);
	return MP_CACHE_CLOSED;
}

uintptr_t mp_drain_reclaim(struct magpool_cache *cache)
{
	struct mp_drain *drain = &cache->drain;
	/* That of this drain, or of one before it: the same then, since we are
	 * inside and have changed nothing. */
	uintptr_t hot = mp_load_relaxed(&drain->hot);
	/* Acquire: what the drainer did to the cache, and to its slot. */
	uint32_t state = mp_load_acquire(&drain->state);

	if (state == MP_DRAIN_WANTED)
		return mp_cas_acquire(&drain->state, &state, MP_DRAIN_OWNED)
			       ? hot
			       : MP_CACHE_DRAINED;
	if (state == MP_DRAIN_EMPTIED)
		return start_anew(cache);
	/* Given back meanwhile: then the slot is as it was. */
	if (state == MP_DRAIN_OWNED)
		return mp_load_acquire(&cache->hot);
	return MP_CACHE_DRAINED;
}

/* ---- under the mutex ----------------------------------------------------- */

void mp_drain_begin(struct magpool_cache *cache)
{
	mp_store_release(&cache->drain.state, MP_DRAIN_OWNED);
}

void mp_drain_end(struct magpool_cache *cache)
{
	struct mp_drain *drain = &cache->drain;

	if (mp_load_relaxed(&drain->state) == MP_DRAIN_EMPTIED)
		mp_store_relaxed(&cache->hot, MP_CACHE_CLOSED);
	mp_store_relaxed(&drain->state, MP_DRAIN_ENDING);
}

/* ---- the drainer --------------------------------------------------------- */

static void let_go(struct magpool_cache *cache)
{
	uint32_t wanted = MP_DRAIN_WANTED;

	/* Release: the slot is as it was.  It may be the owner's already. */
	mp_cas_release(&cache->drain.state, &wanted, MP_DRAIN_OWNED);
}

/* The first half: closes the slot. */
static bool want(struct magpool_cache *cache)
{
	struct mp_drain *drain = &cache->drain;
	uint32_t owned = MP_DRAIN_OWNED;
	uintptr_t hot;

	/* LCOV_EXCL_BR_LINE: OWNED was seen, only who has the mutex ends it. */
	if (!mp_cas_acquire(&drain->state, &owned, MP_DRAIN_WANTED))
		return false; /* LCOV_EXCL_LINE: as above */
	hot = mp_load_relaxed(&cache->hot);
	/* The last drain put back what it saved, or the owner emptied it. */
	MP_ASSERT(hot != MP_CACHE_DRAINED);
	mp_store_relaxed(&drain->hot, hot);
	/* Release: who sees DRAINED sees what was saved, and WANTED. */
	if (mp_cas_release(&cache->hot, &hot, MP_CACHE_DRAINED))
		return true;
	let_go(cache);
	return false;
}

/*
 * The second half, after the membarrier.  The owner that has just found DRAINED
 * may be quicker.
 */
static bool take(struct magpool_cache *cache)
{
	uint32_t wanted = MP_DRAIN_WANTED;

	return !mp_operation_runs(&cache->operation) &&
	       mp_load_relaxed(&cache->hot) == MP_CACHE_DRAINED &&
	       mp_cas_acquire(&cache->drain.state, &wanted, MP_DRAIN_TAKEN);
}

/*
 * The slot first: OWNED says that it is as it was.  Also when the owner was
 * quicker: it may have been so before we closed the slot.
 */
static void back_out(struct magpool_cache *cache)
{
	uintptr_t drained = MP_CACHE_DRAINED;

	mp_cas_relaxed(&cache->hot, &drained,
		       mp_load_relaxed(&cache->drain.hot));
	let_go(cache);
}

static uint32_t empty(struct magpool *pool, struct magpool_cache *cache,
		      struct mp_surplus *surplus)
{
	uint32_t magazines = mp_cache_surrender(pool, cache, surplus);

	mp_tally_add(&pool->drains, 1);
	MP_PROBE2(drain, pool->name, cache->shard);
	/* Release: it is empty, for the owner that comes back. */
	mp_store_release(&cache->drain.state, MP_DRAIN_EMPTIED);
	return magazines;
}

/* One membarrier for all of them. */
static uint32_t drain_some(struct magpool *pool, struct magpool_cache **cache,
			   uint32_t n, struct mp_surplus *surplus)
{
	bool passed = n && mp_platform_membarrier();
	uint32_t magazines = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (passed && take(cache[i]))
			magazines += empty(pool, cache[i], surplus);
		else
			back_out(cache[i]);
	}
	if (n && !passed)
		mp_quiesce_note_missing(&pool->quiesce);
	return magazines;
}

/* Has it done nothing since the last look?  The next one starts now. */
static bool is_idle(struct magpool_cache *cache)
{
	uint64_t sequence = mp_operation_sequence(&cache->operation);
	bool idle = cache->drain.noted == sequence;

	cache->drain.noted = sequence;
	return idle;
}

static bool is_worth_it(struct magpool_cache *cache)
{
	return mp_load_relaxed(&cache->drain.state) == MP_DRAIN_OWNED &&
	       !mp_operation_runs(&cache->operation) && mp_cache_pages(cache);
}

static uint32_t drain_from(struct magpool *pool, struct magpool_cache **at,
			   bool all, struct mp_surplus *surplus)
{
	struct magpool_cache *wanted[MP_DRAIN_AT_ONCE];
	struct magpool_cache *cache = *at;
	uint32_t n = 0;

	while (n < MP_DRAIN_AT_ONCE &&
	       (cache = mp_registry_next_cache(pool, cache))) {
		if ((all || is_idle(cache)) && is_worth_it(cache) &&
		    want(cache))
			wanted[n++] = cache;
	}
	*at = cache;
	return drain_some(pool, wanted, n, surplus);
}

/* They are ours alone: a fork child counts them as leaked. */
static size_t give_back(struct magpool *pool, struct mp_surplus *surplus)
{
	struct mp_trip trip = { 0, 0, 0 };
	uint32_t phase = mp_quiesce_enter(&pool->quiesce);
	size_t bytes = 0;

	while (surplus->count) {
		struct mp_magazine *m = surplus->magazine[--surplus->count];

		bytes += mp_supply_give_back(pool, m->round,
					     mp_magazine_count(m), &trip);
		mp_magazine_set_count(m, 0);
		mp_depot_give_empty(&pool->depot, 0, m, &trip);
		mp_pool_end_direct(pool);
	}
	mp_quiesce_leave(&pool->quiesce, phase);
	mp_count_trip(&pool->direct, &trip);
	return bytes;
}

struct mp_drained mp_drain_pool(struct magpool *pool, bool all, bool patience)
{
	struct mp_drained drained = { 0, 0 };
	struct magpool_cache *cache = NULL;
	struct mp_surplus surplus;

	surplus.count = 0;
	/* Debug pools have nothing in their caches. */
	if (pool->debug)
		return drained;
	do {
		if (patience ? !mp_registry_lock() : !mp_registry_try_lock())
			break;
		drained.magazines += drain_from(pool, &cache, all, &surplus);
		/* Records stay on the list of a pool that lives. */
		mp_registry_unlock();
		drained.bytes += give_back(pool, &surplus);
	} while (cache);
	return drained;
}

/* ---- fork ---------------------------------------------------------------- */

bool mp_drain_after_fork(struct magpool_cache *cache)
{
	uint32_t state = mp_load_relaxed(&cache->drain.state);

	if (state == MP_DRAIN_WANTED)
		back_out(cache);
	if (state == MP_DRAIN_TAKEN)
		mp_store_relaxed(&cache->drain.state, MP_DRAIN_OWNED);
	if (state == MP_DRAIN_EMPTIED)
		start_anew(cache);
	return state != MP_DRAIN_TAKEN;
}
