/* SPDX-License-Identifier: MIT */
/*
 * The drain of a cache without its owner's help (src/drain.h), while its owner
 * gets and returns: by hits, and by the paths behind them.  Each page is in one
 * place at any time, and who gets it sees what its last holder wrote.
 *
 * include: words.h
 * source: cache.c cache_shown.c drain.c
 * variant: no-membarrier: drain.c drain_some:
 *   n && mp_platform_membarrier() -> n
 * variant: inside-not-read: drain.c take:
 *   !mp_operation_runs(&cache->operation) -> true
 * variant: slot-not-read: drain.c take:
 *   mp_load_relaxed(&cache->hot) == MP_CACHE_DRAINED -> true
 * variant: taken-by-store: drain.c take:
 *   mp_cas_acquire(&cache->drain.state, &wanted, MP_DRAIN_TAKEN) ->
 *   (mp_store_relaxed(&cache->drain.state, MP_DRAIN_TAKEN), wanted)
 * variant: wanted-ignored: drain.c mp_drain_reclaim:
 *   mp_cas_acquire(&drain->state, &state, MP_DRAIN_OWNED) -> true
 * variant: get-unseeing: cache.h mp_cache_take_first:
 *   hot == MP_CACHE_DRAINED -> false
 * variant: leave-relaxed: operation.h mp_operation_leave:
 *   mp_store_release -> mp_store_relaxed
 * variant: runs-relaxed: operation.h mp_operation_runs:
 *   mp_load_acquire -> mp_load_relaxed
 * variant: saved-relaxed: drain.c want:
 *   mp_cas_release(&cache->hot -> mp_cas_relaxed(&cache->hot
 * variant: claim-relaxed: cache.c claim:
 *   mp_load_acquire -> mp_load_relaxed
 * variant: emptied-relaxed: drain.c empty:
 *   mp_store_release -> mp_store_relaxed
 * variant: state-relaxed: drain.c mp_drain_reclaim:
 *   mp_load_acquire(&drain->state) -> mp_load_relaxed(&drain->state)
 * spare: again-relaxed: drain.c mp_drain_reclaim:
 *   mp_load_acquire(&cache->hot) -> mp_load_relaxed(&cache->hot)
 * spare: let-go-relaxed: drain.c let_go:
 *   mp_cas_release -> mp_cas_relaxed
 */
#define PAGES 2

static struct magpool pool;
static struct magpool_cache cache;
static struct mp_live_counters unseen;
static _Alignas(MP_PAGE_HEADER) struct mp_page pages[PAGES];
/* A magazine of two rounds. */
static _Alignas(struct mp_magazine) char room[sizeof(struct mp_magazine) +
					      2 * sizeof(struct mp_page *)];
static int content[PAGES]; /* plain: a race on it is a holder too many */
static int drained[PAGES];
static struct mp_page *kept[2]; /* by the owner, at the end */
static unsigned int loose;      /* pages it returned without its cache */

/* ---- what is around ------------------------------------------------------ */

bool mp_platform_membarrier(void)
{
	return weak_membarrier();
}

struct magpool_cache *mp_registry_next_cache(struct magpool *from,
					     struct magpool_cache *before)
{
	(void)from;
	return before ? NULL : &cache;
}

void mp_sizing_count(struct mp_sizing *sizing, struct mp_trip *untold,
		     const struct mp_trip *trip)
{
	(void)sizing;
	(void)untold;
	(void)trip;
}

void mp_pool_pass_time(struct magpool *of)
{
	(void)of;
}

void mp_pool_tick(struct magpool *of, uint32_t shard,
		  const struct mp_trip *trip)
{
	(void)of;
	(void)shard;
	(void)trip;
}

/* Nothing is to be had but what the cache holds. */
struct mp_magazine *mp_depot_take_full(struct mp_depot *depot, uint32_t shard,
				       struct mp_trip *trip)
{
	(void)depot;
	(void)shard;
	(void)trip;
	return NULL;
}

struct mp_magazine *mp_depot_take_empty(struct mp_depot *depot, uint32_t shard,
					struct mp_trip *trip)
{
	return mp_depot_take_full(depot, shard, trip);
}

struct mp_page *mp_supply_loose(struct magpool *from, uint32_t shard,
				struct mp_trip *trip)
{
	(void)from;
	(void)shard;
	(void)trip;
	return NULL;
}

struct mp_page *mp_supply_new(struct magpool *from, uint32_t shard,
			      struct mp_trip *trip)
{
	return mp_supply_loose(from, shard, trip);
}

struct mp_page *mp_supply_take(struct magpool *from, enum mp_use use)
{
	(void)from;
	(void)use;
	return NULL;
}

void mp_supply_put(struct magpool *to, struct mp_counters *counters,
		   uint32_t shard, struct mp_page *page)
{
	(void)to;
	(void)counters;
	(void)shard;
	(void)page;
	loose++;
}

void mp_supply_return(struct magpool *to, struct mp_page *page, enum mp_use use)
{
	(void)use;
	mp_supply_put(to, NULL, 0, page);
}

bool mp_depot_is_over(struct mp_depot *depot, uint32_t more)
{
	(void)depot;
	(void)more;
	return false;
}

/* The drainer's. */
void mp_depot_give(struct mp_depot *depot, uint32_t shard,
		   struct mp_magazine *given, struct mp_trip *trip)
{
	uint32_t count = given ? mp_magazine_count(given) : 0;

	(void)depot;
	(void)shard;
	(void)trip;
	for (uint32_t i = 0; i < count; i++) {
		content[given->round[i] - pages]++;
		drained[given->round[i] - pages]++;
	}
}

/* ---- the threads --------------------------------------------------------- */

static struct mp_page *get(void)
{
	_Atomic uint32_t *word = mp_operation_enter(&cache.operation);
	struct mp_page *page = mp_cache_get(&cache);

	mp_operation_leave(word);
	if (!page)
		page = mp_cache_take(&pool, &cache, MP_USE_ARENA);
	if (page)
		content[page - pages]++;
	return page;
}

static void put(struct mp_page *page)
{
	_Atomic uint32_t *word = mp_operation_enter(&cache.operation);

	content[page - pages]++;
	if (!mp_cache_return(&cache, word, page, mp_cache_keep))
		mp_cache_put(&pool, &cache, page, MP_USE_ARENA);
}

static void *owner(void *unused)
{
	struct mp_page *page;

	weak_begin();
	page = get();
	if (page)
		put(page);
	kept[0] = get();
	weak_end();
	return unused;
}

static void *drainer(void *unused)
{
	struct magpool_cache *at = NULL;
	struct mp_surplus surplus;

	/* What mp_drain_pool() does under the mutex. */
	surplus.count = 0;
	drain_from(&pool, &at, true, &surplus);
	return unused;
}

/* ---- the end ------------------------------------------------------------- */

/* How often the page is in the cache. */
static unsigned int times_in_cache(const struct mp_page *page)
{
	uintptr_t hot = mp_load_relaxed(&cache.hot);
	struct mp_page **base = mp_load_relaxed(&cache.base);
	struct mp_page **top = mp_load_relaxed(&cache.top);
	unsigned int times = 0;

	if (hot == MP_CACHE_DRAINED)
		hot = mp_load_relaxed(&cache.drain.hot);
	times += mp_cache_hot_page(hot) == page;
	for (; base != top; base++)
		times += *base == page;
	return times;
}

static void all_there(void)
{
	unsigned int found = 0;

	for (unsigned int i = 0; i < PAGES; i++) {
		unsigned int times = times_in_cache(&pages[i]) +
				     (unsigned int)drained[i] +
				     (kept[0] == &pages[i]);

		assert(times <= 1);
		found += times;
	}
	assert(found + loose == PAGES);
}

int main(void)
{
	struct mp_magazine *magazine = (void *)room;
	pthread_t threads[2];

	pool.direct.live = &pool.unseen;
	cache.own.live = &unseen;
	cache.operation.counters = &cache.own;
	mp_store_relaxed(&pool.depot.sizing.rounds, 2);
	magazine->few = 2;
	magazine->round = magazine->first;
	magazine->round[0] = &pages[1];
	cache.loaded = magazine;
	cache.end = magazine->round + 2;
	mp_store_relaxed(&cache.base, magazine->round);
	mp_store_relaxed(&cache.top, magazine->round + 1);
	mp_store_relaxed(&cache.hot, (uintptr_t)&pages[0]);
	mp_drain_begin(&cache);
	pthread_create(&threads[0], NULL, owner, NULL);
	pthread_create(&threads[1], NULL, drainer, NULL);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	all_there();
	return 0;
}
