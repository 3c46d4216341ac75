/* SPDX-License-Identifier: MIT */
#include "cache.h"

#include "check.h"
#include "pool.h"
#include "probe.h"
#include "registry.h"
#include "supply.h"

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
	struct mp_page **base = mp_magazine_fit(magazine, rounds);
	uint32_t count = mp_magazine_count(magazine);

	cache->loaded = magazine;
	mp_store_relaxed(&cache->hot, MP_CACHE_CLOSED);
	mp_store_relaxed(&cache->base, base);
	mp_store_relaxed(&cache->top, base + count);
	cache->end = base + (count < rounds ? rounds : count);
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

/* No magazine.  The slot is another matter. */
static void unload_all(struct magpool_cache *cache)
{
	cache->loaded = NULL;
	cache->previous = NULL;
	mp_store_relaxed(&cache->base, NULL);
	mp_store_relaxed(&cache->top, NULL);
	cache->end = NULL;
	show(cache);
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

/*
 * What was in the slot goes into the magazine: arena and spare pages.  How many
 * these are: to be counted when the slot is closed, since a fork child that
 * finds them in the slot counts them itself (take_over in fork.c).
 */
static uint32_t settle(struct magpool_cache *cache, uintptr_t hot)
{
	struct mp_page *arena = mp_cache_hot_page(hot);
	struct mp_page **top = mp_load_relaxed(&cache->top);
	struct mp_page *page = arena;
	uint32_t spare;

	if (!arena)
		return 0;
	spare = arena->further;
	for (; arena->further; arena->further--) {
		page = mp_load_relaxed(&page->next);
		*top++ = page;
	}
	*top++ = arena;
	mp_page_set_attention(arena, arena->attention);
	mp_store_relaxed(&cache->top, top);
	return spare;
}

static void count_settled(struct magpool_cache *cache, uint32_t spare)
{
	if (spare)
		mp_count(&cache->own, unchained, spare);
}

/*
 * Empties the slot, which from here on is not read again: a drainer may put
 * DRAINED into it, which saves that it is empty.  False: one has the cache.
 */
static bool claim(struct magpool_cache *cache)
{
	/* Acquire: what goes with DRAINED (want() in drain.c). */
	uintptr_t hot = mp_load_acquire(&cache->hot);
	uint32_t spare;

	if (mp_unlikely(hot == MP_CACHE_DRAINED))
		hot = mp_drain_reclaim(cache);
	if (mp_unlikely(hot == MP_CACHE_DRAINED))
		return false;
	spare = settle(cache, hot);
	mp_store_relaxed(&cache->hot, MP_CACHE_CLOSED);
	count_settled(cache, spare);
	return true;
}

/* Has the loaded magazine room for more than n rounds? */
static bool has_room(struct magpool_cache *cache, size_t n)
{
	struct mp_page **top = mp_load_relaxed(&cache->top);

	return (size_t)(cache->end - top) > n;
}

static void fill(struct magpool_cache *cache, struct mp_page *page)
{
	mp_store_relaxed(&cache->hot, (uintptr_t)page | page->further);
}

bool mp_cache_keep_any(struct magpool_cache *cache, struct mp_page *page)
{
	uintptr_t hot = mp_load_relaxed(&cache->hot);
	struct mp_page *other = mp_cache_hot_page(hot);

	if (hot == MP_CACHE_DRAINED || mp_cache_hot_spare(hot) ||
	    !has_room(cache, (size_t)page->further + !!other))
		return false;
	if (other)
		mp_cache_push(cache, other);
	fill(cache, page);
	return true;
}

/* The same after claim(). */
static bool keep_first(struct magpool_cache *cache, struct mp_page *page)
{
	if (!has_room(cache, page->further))
		return false;
	fill(cache, page);
	return true;
}

/*
 * Before a trip to the depot: the shard of the node that the thread runs on
 * now.  A plain store: like the magazines it is the owner's, or a drainer's.
 */
static void go_home(struct magpool *pool, struct magpool_cache *cache)
{
	cache->shard = mp_depot_home(&pool->depot, cache->shard);
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

static struct mp_page *underflow(struct magpool *pool,
				 struct magpool_cache *cache,
				 struct mp_trip *trip)
{
	struct mp_page *page;

	if (cache->previous && mp_magazine_count(cache->previous)) {
		load_behind(cache, cache->previous, rounds_of(pool));
		return mp_cache_pop(cache);
	}
	mp_count(&cache->own, underflows, 1);
	go_home(pool, cache);
	page = take_magazine(pool, cache, trip);
	if (!page)
		page = mp_supply_loose(pool, cache->shard, trip);
	if (!page)
		page = mp_supply_new(pool, cache->shard, trip);
	return page;
}

/* ---- putting ------------------------------------------------------------- */

static void give_back_magazine(struct magpool *pool,
			       struct mp_magazine *magazine,
			       struct mp_trip *trip)
{
	mp_supply_give_back(pool, magazine->round, mp_magazine_count(magazine),
			    trip);
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

	MP_ASSERT(cache->loaded || !full);
	if (full && mp_depot_is_over(&pool->depot, mp_magazine_count(full))) {
		give_back_magazine(pool, full, trip);
		return full;
	}
	/* Empty first: without one the full one is not let go of. */
	empty = mp_depot_take_empty(&pool->depot, cache->shard, trip);
	if (empty && full)
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
		keep_first(cache, page);
		return;
	}
	mp_count(&cache->own, overflows, 1);
	go_home(pool, cache);
	empty = exchange_full(pool, cache, trip);
	if (!empty) {
		mp_supply_put(pool, &cache->own, cache->shard, page);
		return;
	}
	/* Given back in place: it is the one behind, and moves up. */
	if (empty == previous)
		cache->previous = NULL;
	load_over(pool, cache, empty);
	keep_first(cache, page);
}

/* ---- the slow paths of get and return ------------------------------------ */

static _Atomic uint32_t *enter_any(struct magpool_cache *cache)
{
	struct mp_operation *operation = &cache->operation;

	if (mp_load_relaxed(&cache->state) == MP_CACHE_EXPLICIT)
		return mp_operation_enter_explicit(
			operation, mp_platform_thread_pointer());
	return mp_operation_enter(operation);
}

/* Enters with an empty slot. */
static _Atomic uint32_t *enter(struct magpool_cache *cache)
{
	_Atomic uint32_t *word = enter_any(cache);

	if (mp_likely(!word || claim(cache)))
		return word;
	mp_operation_leave(word);
	return NULL;
}

/* Others see that pages are on their way. */
static void begin_miss(struct magpool_cache *cache)
{
	mp_bump_relaxed(&cache->own.live->begun);
}

/*
 * What every operation that was no hit ends with; `coming`: a page is back and
 * is counted after this.
 */
static void end_miss(struct magpool *pool, struct magpool_cache *cache,
		     const struct mp_trip *trip, uint32_t coming)
{
	mp_count_trip(&cache->own, trip);
	if (trip->exchanges)
		MP_PROBE4(exchange, pool->name, cache->shard, trip->exchanges,
			  trip->cas_failures);
	mp_sizing_count(&pool->depot.sizing, &cache->untold, trip);
	mp_pool_tick(pool, cache->shard, trip);
	mp_cache_show_pages(cache, coming);
	mp_operation_count(misses, &cache->own);
}

struct mp_page *mp_cache_take(struct magpool *pool, struct magpool_cache *cache,
			      enum mp_use use)
{
	struct mp_trip trip = { 0, 0, 0 };
	_Atomic uint32_t *word = cache && !pool->debug ? enter(cache) : NULL;
	struct mp_page *page;

	if (!word)
		return mp_supply_take(pool, use);
	begin_miss(cache);
	/* For a further page the arena of the slot is as good as any. */
	page = mp_cache_pop(cache);
	if (!page)
		page = underflow(pool, cache, &trip);
	if (page && use == MP_USE_ARENA)
		mp_operation_count(gets, &cache->own);
	else if (page)
		mp_operation_count(chained, &cache->own);
	mp_pool_pass_time(pool);
	end_miss(pool, cache, &trip, 0);
	mp_operation_leave(word);
	return page;
}

void mp_cache_put(struct magpool *pool, struct magpool_cache *cache,
		  struct mp_page *page, enum mp_use use)
{
	struct mp_trip trip = { 0, 0, 0 };
	_Atomic uint32_t *word = cache && !pool->debug ? enter(cache) : NULL;

	if (!word) {
		mp_supply_return(pool, page, use);
		return;
	}
	begin_miss(cache);
	if (!keep_first(cache, page))
		overflow(pool, cache, page, &trip);
	mp_pool_pass_time(pool);
	end_miss(pool, cache, &trip, 1);
	/* Last: the pool may be gone after it. */
	if (use == MP_USE_FURTHER)
		mp_count(&cache->own, unchained, 1);
	else
		mp_operation_count(returns, &cache->own);
	mp_operation_leave(word);
}

/* ---- flushing ------------------------------------------------------------ */

static void give(struct magpool *pool, struct magpool_cache *cache,
		 struct mp_magazine *magazine, bool passed,
		 struct mp_trip *trip)
{
	uint32_t count = magazine ? mp_magazine_count(magazine) : 0;

	if (count && !passed && mp_depot_is_over(&pool->depot, count))
		give_back_magazine(pool, magazine, trip);
	mp_depot_give(&pool->depot, cache->shard, magazine, trip);
}

/* Both magazines. */
static void give_all(struct magpool *pool, struct magpool_cache *cache,
		     bool passed, struct mp_trip *trip)
{
	struct mp_magazine *loaded = cache->loaded;
	struct mp_magazine *previous = cache->previous;

	unload(cache);
	unload_all(cache);
	give(pool, cache, loaded, passed, trip);
	give(pool, cache, previous, passed, trip);
}

void mp_cache_empty(struct magpool *pool, struct magpool_cache *cache,
		    bool passed)
{
	struct mp_trip trip = { 0, 0, 0 };
	uint32_t spare;

	begin_miss(cache);
	/* After claim() it is empty, else nobody drains. */
	spare = settle(cache, mp_load_relaxed(&cache->hot));
	mp_store_relaxed(&cache->hot, MP_CACHE_CLOSED);
	count_settled(cache, spare);
	give_all(pool, cache, passed, &trip);
	end_miss(pool, cache, &trip, 0);
}

/* A drainer's: the host's unmap is not called under the mutex. */
static void surrender(struct magpool *pool, struct magpool_cache *cache,
		      struct mp_magazine *magazine, struct mp_surplus *surplus,
		      struct mp_trip *trip)
{
	uint32_t count = magazine ? mp_magazine_count(magazine) : 0;

	if (count && mp_depot_is_over(&pool->depot, count)) {
		mp_pool_begin_direct(pool);
		surplus->magazine[surplus->count++] = magazine;
	} else {
		mp_depot_give(&pool->depot, cache->shard, magazine, trip);
	}
}

uint32_t mp_cache_surrender(struct magpool *pool, struct magpool_cache *cache,
			    struct mp_surplus *surplus)
{
	struct mp_trip trip = { 0, 0, 0 };
	uint32_t phase = mp_quiesce_enter(&pool->quiesce);
	struct mp_magazine *loaded, *previous;
	uint32_t spare;

	mp_pool_begin_direct(pool);
	spare = settle(cache, mp_load_relaxed(&cache->drain.hot));
	mp_store_relaxed(&cache->drain.hot, MP_CACHE_CLOSED);
	count_settled(cache, spare);
	loaded = cache->loaded;
	previous = cache->previous;
	unload(cache);
	unload_all(cache);
	surrender(pool, cache, loaded, surplus, &trip);
	surrender(pool, cache, previous, surplus, &trip);
	mp_quiesce_leave(&pool->quiesce, phase);
	mp_count_trip(&pool->direct, &trip);
	mp_cache_show_pages(cache, 0);
	mp_pool_end_direct(pool);
	return trip.exchanges;
}

void mp_cache_forget(struct magpool_cache *cache)
{
	mp_store_relaxed(&cache->hot, MP_CACHE_CLOSED);
	unload_all(cache);
}

void mp_cache_flush(struct magpool *pool, struct magpool_cache *cache)
{
	_Atomic uint32_t *word = enter(cache);

	if (!word)
		return;
	mp_tally_add(&pool->flushes, 1);
	mp_cache_empty(pool, cache, false);
	mp_operation_leave(word);
}
