/* SPDX-License-Identifier: MIT */
#include "show.h"

#include "check.h"
#include "live.h"
#include "registry.h"

#include <string.h>

_Static_assert((int)MP_POOL_OPEN == MP_LIVE_STATE_OPEN &&
		       (int)MP_POOL_ABANDONED == MP_LIVE_STATE_ABANDONED,
	       "a pool's state is shown as it is");

/* ---- pools --------------------------------------------------------------- */

/* Which number of a pool is which row. */
static const struct {
	enum mp_row row;
	size_t at; /* of a tally in struct magpool */
} tallies[] = {
#define TALLY(row, field)                                     \
	{                                                     \
		MP_ROW_##row, offsetof(struct magpool, field) \
	}
	TALLY(exit_flushes, exit_flushes),
	TALLY(flushes, flushes),
	TALLY(fork_flushes, fork_flushes),
	TALLY(limit_trips, limit_trips),
	TALLY(trim_trips, trim_trips),
	TALLY(trimmed_bytes, trimmed_bytes),
	TALLY(drains, drains),
	TALLY(blocks_held, upstream.blocks),
	TALLY(grace_periods, grace_periods),
	TALLY(grace_nanoseconds, grace_nanoseconds),
	TALLY(intervals, intervals),
	TALLY(longest_out, longest_out),
	TALLY(stalled, stalled),
	TALLY(pages_created, slabs.created),
	TALLY(pages_given_back, slabs.given_back),
	TALLY(pages_leaked, pages_leaked),
	TALLY(pages_quarantined, quarantine.pages),
	TALLY(magazines_made, depot.magazines.made),
	TALLY(blocks_mapped, blocks_mapped),
	TALLY(blocks_reused, blocks_reused),
	TALLY(misuse, misuse),
	TALLY(refusals, refusals),
	TALLY(fences_paid, quiesce.paid),
	TALLY(fences_refused, fences_refused),
	TALLY(caches, attached),
	TALLY(rounds_grown, depot.sizing.grown),
	TALLY(rounds_shrunk, depot.sizing.shrunk),
#undef TALLY
};

_Static_assert((int)MP_ROW_bytes_peak == (int)MP_ROW_bytes_mapped + 1,
	       "a budget shows both");

static struct mp_tally *tally_of(struct magpool *pool, size_t at)
{
	return (struct mp_tally *)(void *)((char *)pool + at);
}

/* NULL: no more. */
static void show_numbers(struct magpool *pool, struct mp_live_pool_words *live)
{
	_Atomic uint64_t *word = live ? live->word : NULL;

	for (size_t i = 0; i < sizeof tallies / sizeof *tallies; i++)
		mp_tally_show(tally_of(pool, tallies[i].at),
			      word ? &word[tallies[i].row] : NULL);
	mp_budget_show(&pool->upstream.budget,
		       word ? &word[MP_ROW_bytes_mapped] : NULL);
	mp_sizing_show(&pool->depot.sizing,
		       word ? &word[MP_ROW_magazine_rounds] : NULL,
		       word ? &word[MP_ROW_rounds_peak] : NULL);
	mp_store_relaxed(&pool->quiesce.live,
			 word ? &word[MP_ROW_membarrier] : NULL);
}

static void show_settings(struct magpool *pool, struct mp_live_pool_words *live)
{
	mp_store_relaxed(&live->word[MP_ROW_shards], pool->depot.shards);
	mp_store_relaxed(&live->word[MP_ROW_page_size], pool->slabs.page_size);
	mp_store_relaxed(&live->word[MP_ROW_membarrier],
			 !mp_load_relaxed(&pool->quiesce.missing));
	mp_store_relaxed(&live->state, mp_load_relaxed(&pool->state));
	mp_store_relaxed(&live->hidden, pool->hidden_caches);
	memcpy(live->name, pool->name, sizeof live->name);
}

/* All there is to see, but the shards and the caches. */
static void show_whole(struct magpool *pool)
{
	show_settings(pool, pool->live);
	show_numbers(pool, pool->live);
	mp_counters_show(&pool->direct, pool->direct.live);
}

static void hide_shards(struct magpool *pool)
{
	for (uint32_t i = 0; i < pool->depot.shards; i++) {
		struct mp_live_lists *live = pool->depot.shard[i].live;

		mp_shard_show(&pool->depot.shard[i], NULL);
		if (live)
			mp_live_drop(live);
	}
}

static bool show_shards(struct magpool *pool)
{
	for (uint32_t i = 0; i < pool->depot.shards; i++) {
		struct mp_live_lists *live = mp_live_take(
			MP_LIVE_SHARD, sizeof *live, pool->number, i);

		if (!live)
			return false;
		mp_shard_show(&pool->depot.shard[i], live);
	}
	return true;
}

/* A pool is shown whole or not at all. */
static bool take_blocks(struct magpool *pool)
{
	struct mp_live_pool_words *live =
		mp_live_take(MP_LIVE_POOL, sizeof *live, pool->number, 0);
	struct mp_live_counters *direct =
		mp_live_take(MP_LIVE_DIRECT, sizeof *direct, pool->number, 0);

	if (live && direct && show_shards(pool)) {
		pool->live = live;
		pool->direct.live = direct;
		return true;
	}
	hide_shards(pool);
	if (direct)
		mp_live_drop(direct);
	if (live)
		mp_live_drop(live);
	return false;
}

void mp_show_pool(struct magpool *pool)
{
	static uint32_t numbers;
	struct mp_live_words *words = mp_live_words();

	pool->number = ++numbers;
	if (!words)
		return;
	mp_live_begin();
	if (take_blocks(pool))
		show_whole(pool);
	else
		mp_add_relaxed(&words->hidden_pools, 1);
	mp_live_end();
}

void mp_show_pool_abandoned(struct magpool *pool)
{
	if (pool->live)
		mp_store_relaxed(&pool->live->state, MP_POOL_ABANDONED);
}

/* ---- caches -------------------------------------------------------------- */

static void count_hidden(struct magpool *pool, int more)
{
	struct mp_live_words *words = mp_live_words();

	pool->hidden_caches += (uint32_t)more;
	mp_store_relaxed(&pool->live->hidden, pool->hidden_caches);
	mp_add_relaxed(&words->hidden_caches, (uint64_t)more);
}

static bool is_shown(struct magpool_cache *cache)
{
	return cache->own.live != &cache->unseen;
}

static uint64_t owner_of(struct magpool_cache *cache)
{
	switch (mp_load_relaxed(&cache->state)) {
	case MP_CACHE_ATTACHED:
		return (uint32_t)mp_platform_thread_id();
	case MP_CACHE_EXPLICIT:
		return MP_LIVE_OWNER_EXPLICIT;
	default:
		return 0;
	}
}

static void show_counts(struct magpool_cache *cache,
			struct mp_live_counters *live)
{
	mp_counters_show(&cache->own, live);
	mp_cache_show_pages(cache, 0);
}

/* A cache that nobody uses gets a block, if there is one now. */
static void take_block(struct magpool *pool, struct magpool_cache *cache)
{
	struct mp_live_counters *live;

	mp_live_begin();
	live = mp_live_take(MP_LIVE_CACHE, sizeof *live, pool->number,
			    cache->shard);
	if (live)
		show_counts(cache, live);
	if (live && cache->hidden)
		count_hidden(pool, -1);
	else if (!live && !cache->hidden)
		count_hidden(pool, 1);
	cache->hidden = !live;
	mp_live_end();
}

void mp_show_cache(struct magpool *pool, struct magpool_cache *cache)
{
	if (!pool->live)
		return;
	if (!is_shown(cache))
		take_block(pool, cache);
	mp_store_relaxed(&cache->own.live->owner, owner_of(cache));
}

static void hide_cache(struct magpool *pool, struct magpool_cache *cache)
{
	struct mp_live_counters *live = cache->own.live;

	/* Each cache of a pool that is shown is one or the other. */
	MP_ASSERT(is_shown(cache) != cache->hidden);
	if (is_shown(cache)) {
		cache->own.live = &cache->unseen;
		mp_live_drop(live);
	} else {
		count_hidden(pool, -1);
	}
	cache->hidden = false;
}

void mp_show_no_pool(struct magpool *pool)
{
	struct mp_live_pool_words *live = pool->live;
	struct mp_live_words *words = mp_live_words();
	struct magpool_cache *cache = NULL;

	if (!live) {
		if (words)
			mp_sub_relaxed(&words->hidden_pools, 1);
		return;
	}
	while ((cache = mp_registry_next_cache(pool, cache)))
		hide_cache(pool, cache);
	hide_shards(pool);
	show_numbers(pool, NULL);
	mp_live_drop(pool->direct.live);
	pool->direct.live = &pool->unseen;
	pool->live = NULL;
	mp_live_drop(live);
}

/* ---- fork ---------------------------------------------------------------- */

/* Without a segment; the parent's is not ours to change. */
static void forget(struct magpool *pool)
{
	struct magpool_cache *cache = NULL;

	while ((cache = mp_registry_next_cache(pool, cache)))
		cache->own.live = &cache->unseen;
	for (uint32_t i = 0; i < pool->depot.shards; i++)
		mp_shard_show(&pool->depot.shard[i], NULL);
	show_numbers(pool, NULL);
	pool->direct.live = &pool->unseen;
	pool->live = NULL;
}

void mp_show_fork_begin(void)
{
	struct magpool *pool = NULL;

	if (mp_live_after_fork())
		return;
	while ((pool = mp_registry_next_pool(pool)))
		forget(pool);
	mp_budget_show(mp_registry_budget(), NULL);
}

static void show_again(struct magpool *pool)
{
	struct magpool_cache *cache = NULL;

	if (!pool->live)
		return;
	show_whole(pool);
	for (uint32_t i = 0; i < pool->depot.shards; i++)
		mp_shard_show(&pool->depot.shard[i], pool->depot.shard[i].live);
	while ((cache = mp_registry_next_cache(pool, cache))) {
		if (!is_shown(cache))
			continue;
		show_counts(cache, cache->own.live);
		mp_store_relaxed(&cache->own.live->owner, owner_of(cache));
	}
}

void mp_show_fork_end(void)
{
	struct mp_live_words *words = mp_live_words();
	struct magpool *pool = NULL;
	uint64_t hidden_pools = 0;
	uint64_t hidden_caches = 0;

	while ((pool = mp_registry_next_pool(pool))) {
		show_again(pool);
		hidden_pools += !pool->live;
		hidden_caches += pool->hidden_caches;
	}
	if (words) {
		mp_budget_show(mp_registry_budget(), words->process);
		mp_store_relaxed(&words->hidden_pools, hidden_pools);
		mp_store_relaxed(&words->hidden_caches, hidden_caches);
	}
	mp_live_end();
}
