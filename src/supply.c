/* SPDX-License-Identifier: MIT */
#include "supply.h"

#include "probe.h"

/* ---- taking -------------------------------------------------------------- */

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
	uint32_t rounds = mp_sizing_rounds(&pool->depot.sizing);

	while (n) {
		struct mp_magazine *m =
			mp_depot_take_empty(&pool->depot, shard, trip);
		uint32_t some = n < rounds ? n : rounds;

		if (!m)
			break;
		mp_magazine_fit(m, some);
		for (uint32_t i = 0; i < some; i++)
			m->round[i] = page[--n];
		mp_magazine_set_count(m, some);
		mp_depot_give_full(&pool->depot, shard, m, trip);
	}
	while (n)
		mp_depot_push_loose(&pool->depot, shard, page[--n]);
}

struct mp_page *mp_supply_loose(struct magpool *pool, uint32_t shard,
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

struct mp_page *mp_supply_new(struct magpool *pool, uint32_t shard,
			      struct mp_trip *trip)
{
	struct mp_page *page = mp_slabs_take(&pool->slabs, trip);

	if (page) {
		MP_PROBE4(grow, pool->name, shard, pool->slabs.page_size,
			  mp_load_relaxed(&pool->upstream.budget.used));
		mp_depot_provide(&pool->depot, shard, mp_pool_pages(pool),
				 mp_tally_read(&pool->attached), trip);
	}
	return page;
}

/* ---- putting ------------------------------------------------------------- */

void mp_supply_put(struct magpool *pool, struct mp_counters *counters,
		   uint32_t shard, struct mp_page *page)
{
	mp_count(counters, loose_returns, 1);
	mp_depot_push_loose(&pool->depot, shard, page);
}

size_t mp_supply_give_back(struct magpool *pool, struct mp_page **page,
			   uint32_t n, struct mp_trip *trip)
{
	uint32_t slab[MP_ROUNDS_MAX];
	size_t bytes = 0;

	for (uint32_t i = 0; i < n; i++) {
		slab[i] = mp_page_slab(page[i]);
		bytes += mp_pool_park(pool, page[i]);
	}
	for (uint32_t i = 0; i < n; i++)
		bytes += mp_slabs_settle(&pool->slabs, slab[i], trip);
	mp_tally_add(&pool->trimmed_bytes, bytes);
	mp_tally_add(&pool->limit_trips, 1);
	return bytes;
}

/* ---- without a cache ----------------------------------------------------- */

/* One out of a magazine, which goes back: slow, and rare. */
static struct mp_page *take_one(struct magpool *pool, uint32_t shard,
				struct mp_trip *trip)
{
	struct mp_magazine *full =
		mp_depot_take_full(&pool->depot, shard, trip);
	struct mp_page *page;
	uint32_t n;

	if (!full)
		return NULL;
	n = mp_magazine_count(full) - 1;
	page = full->round[n];
	mp_magazine_set_count(full, n);
	mp_depot_give(&pool->depot, shard, full, trip);
	return page;
}

struct mp_page *mp_supply_take(struct magpool *pool, enum mp_use use)
{
	struct mp_trip trip = { 0, 0, 0 };
	uint32_t phase = mp_quiesce_enter(&pool->quiesce);
	uint32_t shard = mp_depot_home(&pool->depot, 0);
	struct mp_page *page;

	mp_pool_begin_direct(pool);
	page = take_one(pool, shard, &trip);
	if (!page)
		page = mp_supply_loose(pool, shard, &trip);
	if (!page)
		page = mp_supply_new(pool, shard, &trip);
	mp_pool_pass_time(pool);
	mp_quiesce_leave(&pool->quiesce, phase);
	mp_pool_tick(pool, shard, &trip);
	mp_count_trip(&pool->direct, &trip);
	if (page && use == MP_USE_ARENA)
		mp_count(&pool->direct, gets, 1);
	else if (page)
		mp_count(&pool->direct, chained, 1);
	mp_pool_end_direct(pool);
	return page;
}

void mp_supply_return(struct magpool *pool, struct mp_page *page,
		      enum mp_use use)
{
	struct mp_trip trip = { 0, 0, 0 };
	uint32_t phase = mp_quiesce_enter(&pool->quiesce);

	mp_pool_begin_direct(pool);
	/* First: what a fork child finds too much is a return (stats.c). */
	if (use == MP_USE_FURTHER)
		mp_count(&pool->direct, unchained, 1);
	if (pool->debug)
		page = mp_quarantine_swap(pool, page);
	if (page && mp_depot_is_over(&pool->depot, 1))
		mp_supply_give_back(pool, &page, 1, &trip);
	else if (page)
		mp_supply_put(pool, &pool->direct,
			      mp_depot_home(&pool->depot, 0), page);
	mp_pool_pass_time(pool);
	mp_quiesce_leave(&pool->quiesce, phase);
	if (use == MP_USE_ARENA)
		mp_count_live(&pool->direct, returns, 1);
	mp_pool_end_direct(pool);
	if (use == MP_USE_ARENA)
		/* Release: as mp_operation_count().  Last, for the same. */
		mp_add_release(&pool->direct.returns, 1);
}
