/* SPDX-License-Identifier: MIT */
#include "cache.h"

#include "check.h"
#include "pool.h"
#include "registry.h"

/* ---- magazines: inside --------------------------------------------------- */

/* Of a magazine that is loaded now: may be another number the next time. */
static uint32_t rounds_of(struct magpool *pool)
{
	return mp_sizing_rounds(&pool->depot.sizing);
}

/* How many rounds the loaded magazine has goes into its record. */
static void unload(struct magpool_cache *cache)
{
	if (cache->loaded)
		mp_magazine_set_count(
			cache->loaded,
			(uint32_t)(mp_load_relaxed(&cache->top) -
				   mp_load_relaxed(&cache->base)));
}

/* One that was filled when magazines were larger is full. */
static void load(struct magpool_cache *cache, struct mp_magazine *magazine,
		 uint32_t rounds)
{
	struct mp_page **base = magazine->round;
	uint32_t count = mp_magazine_count(magazine);

	cache->loaded = magazine;
	mp_store_relaxed(&cache->hot, MP_CACHE_CLOSED);
	mp_store_relaxed(&cache->base, base);
	mp_store_relaxed(&cache->top, base + count);
	cache->end = base + (count < rounds ? rounds : count);
}

/* No magazine: all miss. */
static void load_none(struct magpool_cache *cache)
{
	cache->loaded = NULL;
	mp_store_relaxed(&cache->hot, MP_CACHE_CLOSED);
	mp_store_relaxed(&cache->base, NULL);
	mp_store_relaxed(&cache->top, NULL);
	cache->end = NULL;
}

/* The copies that walkers read instead of the magazines. */
static void show(struct magpool_cache *cache)
{
	struct mp_magazine *previous = cache->previous;

	mp_store_relaxed(&cache->previous_pages,
			 previous ? mp_magazine_count(previous) : 0);
	mp_store_relaxed(&cache->magazines,
			 (uint32_t)(!!cache->loaded + !!previous));
}

/* The loaded magazine becomes the previous one, that one is loaded. */
static void load_behind(struct magpool_cache *cache,
			struct mp_magazine *magazine, uint32_t rounds)
{
	unload(cache);
	cache->previous = cache->loaded;
	load(cache, magazine, rounds);
	show(cache);
}

/* As load_behind(), but what is no magazine does not push one away. */
static void load_over(struct magpool *pool, struct magpool_cache *cache,
		      struct mp_magazine *magazine)
{
	if (cache->loaded) {
		load_behind(cache, magazine, rounds_of(pool));
	} else {
		load(cache, magazine, rounds_of(pool));
		show(cache);
	}
}

void mp_cache_settle(struct magpool_cache *cache)
{
	struct mp_page *arena = mp_cache_hot_page(mp_load_relaxed(&cache->hot));
	struct mp_page **top = mp_load_relaxed(&cache->top);
	struct mp_page *page = arena;

	if (!arena)
		return;
	if (arena->further)
		mp_count(cache->operation.counters, unchained, arena->further);
	for (; arena->further; arena->further--) {
		page = mp_load_relaxed(&page->next);
		*top++ = page;
	}
	*top++ = arena;
	mp_page_set_attention(arena, arena->attention);
	mp_store_relaxed(&cache->top, top);
	mp_store_relaxed(&cache->hot, MP_CACHE_CLOSED);
}

/* Has the loaded magazine room for more than n rounds? */
static bool has_room(struct magpool_cache *cache, size_t n)
{
	struct mp_page **top = mp_load_relaxed(&cache->top);

	return (size_t)(cache->end - top) > n;
}

bool mp_cache_keep_any(struct magpool_cache *cache, struct mp_page *page)
{
	uintptr_t hot = mp_load_relaxed(&cache->hot);
	struct mp_page *other = mp_cache_hot_page(hot);

	if (!has_room(cache, (size_t)page->further + !!other) ||
	    (other &&
	     (mp_cache_hot_spare(hot) || !mp_cache_push(cache, other))))
		return false;
	mp_store_relaxed(&cache->hot, (uintptr_t)page | page->further);
	return true;
}

/* ---- taking -------------------------------------------------------------- */

/* A magazine with arenas; the empty one behind goes to the depot. */
static struct mp_page *take_magazine(struct magpool *pool,
				     struct magpool_cache *cache,
				     struct mp_trip *trip)
{
	struct mp_magazine *full =
		mp_depot_take_full(&pool->depot, cache->shard, trip);

	if (!full)
		return NULL;
	if (cache->loaded)
		mp_depot_give(&pool->depot, cache->shard, cache->previous,
			      trip);
	load_over(pool, cache, full);
	return mp_cache_pop(cache);
}

/*
 * How many loose pages a trip takes.  What it does not need goes into
 * magazines: while one thread holds the loose list nobody else sees it, and
 * would make pages.
 */
#define LOOSE_AT_ONCE 64

/* Puts pages into magazines; what finds none is loose again. */
static void pack(struct magpool *pool, uint32_t shard, struct mp_page **page,
		 uint32_t n, struct mp_trip *trip)
{
	while (n) {
		struct mp_magazine *m =
			mp_depot_take_empty(&pool->depot, shard, trip);
		uint32_t rounds = rounds_of(pool);
		uint32_t some = n < rounds ? n : rounds;

		if (!m)
			break;
		for (uint32_t i = 0; i < some; i++)
			m->round[i] = page[--n];
		mp_magazine_set_count(m, some);
		mp_depot_give_full(&pool->depot, shard, m, trip);
	}
	while (n)
		mp_depot_push_loose(&pool->depot, shard, page[--n]);
}

/* A loose page; the rest of what can be taken goes into magazines. */
static struct mp_page *take_loose(struct magpool *pool, uint32_t shard,
				  struct mp_trip *trip)
{
	struct mp_page *page[LOOSE_AT_ONCE];
	uint32_t n =
		mp_depot_take_loose(&pool->depot, shard, page, LOOSE_AT_ONCE);

	if (!n)
		return NULL;
	pack(pool, shard, page + 1, n - 1, trip);
	return page[0];
}

/* One page out of a slab, and enough magazines for all pages there are. */
static struct mp_page *create(struct magpool *pool, uint32_t shard,
			      struct mp_trip *trip)
{
	struct mp_page *page = mp_slabs_take(&pool->slabs, trip);

	if (page)
		mp_depot_provide(&pool->depot, shard, mp_pool_pages(pool),
				 mp_load_relaxed(&pool->attached), trip);
	return page;
}

static struct mp_page *underflow(struct magpool *pool,
				 struct magpool_cache *cache,
				 struct mp_trip *trip)
{
	struct mp_page *page;

	if (cache->previous && mp_magazine_count(cache->previous)) {
		load_behind(cache, cache->previous, rounds_of(pool));
		return mp_cache_pop(cache);
	}
	mp_count(cache->operation.counters, underflows, 1);
	page = take_magazine(pool, cache, trip);
	if (!page)
		page = take_loose(pool, cache->shard, trip);
	if (!page)
		page = create(pool, cache->shard, trip);
	return page;
}

/* ---- putting ------------------------------------------------------------- */

static void put_loose(struct magpool *pool, struct mp_counters *counters,
		      uint32_t shard, struct mp_page *page)
{
	mp_count(counters, loose_returns, 1);
	mp_depot_push_loose(&pool->depot, shard, page);
}

/* The depot is at its limit: pages, no more than a magazine, go back. */
static void give_back(struct magpool *pool, struct mp_counters *counters,
		      struct mp_page **page, uint32_t n, struct mp_trip *trip)
{
	uint32_t slab[MP_ROUNDS_MAX];
	size_t bytes = 0;

	for (uint32_t i = 0; i < n; i++) {
		slab[i] = mp_page_slab(page[i]);
		bytes += mp_pool_park(pool, page[i]);
	}
	for (uint32_t i = 0; i < n; i++)
		bytes += mp_slabs_settle(&pool->slabs, slab[i], trip);
	mp_add_relaxed(&pool->trimmed_bytes, bytes);
	mp_count(counters, limit_trips, 1);
}

static void give_back_magazine(struct magpool *pool,
			       struct magpool_cache *cache,
			       struct mp_magazine *magazine,
			       struct mp_trip *trip)
{
	give_back(pool, cache->operation.counters, magazine->round,
		  mp_magazine_count(magazine), trip);
	mp_magazine_set_count(magazine, 0);
}

/*
 * An empty magazine for the cache, in exchange for the full one behind; NULL
 * when there is none, and nothing has changed then.
 */
static struct mp_magazine *exchange_full(struct magpool *pool,
					 struct magpool_cache *cache,
					 struct mp_trip *trip)
{
	struct mp_magazine *full = cache->previous;
	struct mp_magazine *empty;

	if (full && mp_depot_is_over(&pool->depot, mp_magazine_count(full))) {
		give_back_magazine(pool, cache, full, trip);
		return full;
	}
	/* Empty first: without one the full one is not let go of. */
	empty = mp_depot_take_empty(&pool->depot, cache->shard, trip);
	if (empty && full && cache->loaded)
		mp_depot_give_full(&pool->depot, cache->shard, full, trip);
	return empty;
}

static void overflow(struct magpool *pool, struct magpool_cache *cache,
		     struct mp_page *page, struct mp_trip *trip)
{
	struct mp_magazine *previous = cache->previous;
	struct mp_magazine *empty;
	/* Once: who finds room there must have it when it is loaded. */
	uint32_t rounds = rounds_of(pool);

	if (previous && mp_magazine_count(previous) < rounds) {
		load_behind(cache, previous, rounds);
		mp_cache_keep_any(cache, page);
		return;
	}
	mp_count(cache->operation.counters, overflows, 1);
	empty = exchange_full(pool, cache, trip);
	if (!empty) {
		put_loose(pool, cache->operation.counters, cache->shard, page);
		return;
	}
	/* Given back in place: it is the one behind, and moves up. */
	if (empty == previous)
		cache->previous = NULL;
	load_over(pool, cache, empty);
	mp_cache_keep_any(cache, page);
}

/* ---- without a cache ----------------------------------------------------- */

/* One out of a magazine, which goes back: slow, and rare. */
static struct mp_page *take_one(struct magpool *pool, struct mp_trip *trip)
{
	struct mp_magazine *full = mp_depot_take_full(&pool->depot, 0, trip);
	struct mp_page *page;
	uint32_t n;

	if (!full)
		return NULL;
	n = mp_magazine_count(full) - 1;
	page = full->round[n];
	mp_magazine_set_count(full, n);
	mp_depot_give(&pool->depot, 0, full, trip);
	return page;
}

static struct mp_page *take_direct(struct magpool *pool, enum mp_use use)
{
	struct mp_trip trip = { 0, 0, 0 };
	uint32_t phase = mp_quiesce_enter(&pool->quiesce);
	struct mp_page *page = take_one(pool, &trip);

	if (!page)
		page = take_loose(pool, 0, &trip);
	if (!page)
		page = create(pool, 0, &trip);
	mp_quiesce_leave(&pool->quiesce, phase);
	mp_pool_tick(pool, 0, &trip);
	mp_count_trip(&pool->direct, &trip);
	if (page && use == MP_USE_ARENA)
		mp_count(&pool->direct, gets, 1);
	else if (page)
		mp_count(&pool->direct, chained, 1);
	return page;
}

static void put_direct(struct magpool *pool, struct mp_page *page,
		       enum mp_use use)
{
	struct mp_trip trip = { 0, 0, 0 };
	uint32_t phase = mp_quiesce_enter(&pool->quiesce);

	/* First: what a fork child finds too much is a return (stats.c). */
	if (use == MP_USE_FURTHER)
		mp_count(&pool->direct, unchained, 1);
	if (pool->debug)
		page = mp_quarantine_swap(pool, page);
	if (page && mp_depot_is_over(&pool->depot, 1))
		give_back(pool, &pool->direct, &page, 1, &trip);
	else if (page)
		put_loose(pool, &pool->direct, 0, page);
	mp_quiesce_leave(&pool->quiesce, phase);
	if (use == MP_USE_ARENA)
		/* Release: as mp_operation_count(). */
		mp_add_release(&pool->direct.returns, 1);
}

/* ---- the slow paths of get and return ------------------------------------ */

static _Atomic uint32_t *enter(struct magpool_cache *cache)
{
	struct mp_operation *operation = &cache->operation;

	if (mp_load_relaxed(&cache->state) == MP_CACHE_EXPLICIT)
		return mp_operation_enter_explicit(
			operation, mp_platform_thread_pointer());
	return mp_operation_enter(operation);
}

/* What every operation that was no hit ends with. */
static void end_miss(struct magpool *pool, struct magpool_cache *cache,
		     const struct mp_trip *trip)
{
	struct mp_counters *counters = cache->operation.counters;

	mp_count_trip(counters, trip);
	mp_sizing_count(&pool->depot.sizing, &cache->untold, trip);
	mp_pool_tick(pool, cache->shard, trip);
	mp_operation_count(&counters->misses);
}

struct mp_page *mp_cache_take(struct magpool *pool, struct magpool_cache *cache,
			      enum mp_use use)
{
	struct mp_trip trip = { 0, 0, 0 };
	_Atomic uint32_t *word = cache && !pool->debug ? enter(cache) : NULL;
	struct mp_counters *counters;
	struct mp_page *page;

	if (!word)
		return take_direct(pool, use);
	counters = cache->operation.counters;
	page = use == MP_USE_ARENA ? mp_cache_take_first(cache)
				   : mp_cache_pop(cache);
	if (!page) {
		/* For a further page the hot arena is as good as any. */
		mp_cache_settle(cache);
		page = mp_cache_pop(cache);
	}
	if (!page)
		page = underflow(pool, cache, &trip);
	if (page)
		mp_operation_count(use == MP_USE_ARENA ? &counters->gets
						       : &counters->chained);
	end_miss(pool, cache, &trip);
	mp_operation_leave(word);
	return page;
}

void mp_cache_put(struct magpool *pool, struct magpool_cache *cache,
		  struct mp_page *page, enum mp_use use)
{
	struct mp_trip trip = { 0, 0, 0 };
	_Atomic uint32_t *word = cache && !pool->debug ? enter(cache) : NULL;
	struct mp_counters *counters;

	if (!word) {
		put_direct(pool, page, use);
		return;
	}
	counters = cache->operation.counters;
	if (!mp_cache_keep_any(cache, page)) {
		mp_cache_settle(cache);
		if (!mp_cache_keep_any(cache, page))
			overflow(pool, cache, page, &trip);
	}
	end_miss(pool, cache, &trip);
	/* Last: the pool may be gone after it. */
	if (use == MP_USE_FURTHER)
		mp_count(counters, unchained, 1);
	else
		mp_operation_count(&counters->returns);
	mp_operation_leave(word);
}

/* ---- flushing ------------------------------------------------------------ */

static void give(struct magpool *pool, struct magpool_cache *cache,
		 struct mp_magazine *magazine, bool passed,
		 struct mp_trip *trip)
{
	uint32_t count = magazine ? mp_magazine_count(magazine) : 0;

	if (count && !passed && mp_depot_is_over(&pool->depot, count))
		give_back_magazine(pool, cache, magazine, trip);
	mp_depot_give(&pool->depot, cache->shard, magazine, trip);
}

void mp_cache_empty(struct magpool *pool, struct magpool_cache *cache,
		    bool passed)
{
	struct mp_trip trip = { 0, 0, 0 };
	struct mp_magazine *loaded = cache->loaded;
	struct mp_magazine *previous = cache->previous;

	mp_cache_settle(cache);
	unload(cache);
	mp_cache_forget(cache);
	give(pool, cache, loaded, passed, &trip);
	give(pool, cache, previous, passed, &trip);
	end_miss(pool, cache, &trip);
}

void mp_cache_forget(struct magpool_cache *cache)
{
	cache->previous = NULL;
	load_none(cache);
	show(cache);
}

void mp_cache_flush(struct magpool *pool, struct magpool_cache *cache)
{
	_Atomic uint32_t *word = enter(cache);

	if (!word)
		return;
	mp_count(cache->operation.counters, flushes, 1);
	mp_cache_empty(pool, cache, false);
	mp_operation_leave(word);
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
	       !!mp_cache_hot_page(mp_load_relaxed(&cache->hot));
}
