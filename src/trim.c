/* SPDX-License-Identifier: MIT */
#include "trim.h"

#include "guard.h"
#include "journal.h"
#include "loans.h"
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

static size_t park_magazine(struct magpool *pool, uint32_t shard,
			    struct mp_magazine *full, struct mp_trip *trip)
{
	size_t bytes = park_all(pool, full->round, mp_magazine_count(full));

	mp_magazine_set_count(full, 0);
	mp_depot_give_empty(&pool->depot, shard, full, trip);
	mp_tally_add(&pool->trim_trips, 1);
	return bytes;
}

/* Up to so many magazines, that shard's first. */
static size_t park_magazines(struct magpool *pool, uint32_t shard,
			     uint64_t count, struct mp_trip *trip)
{
	struct mp_magazine *full;
	size_t bytes = 0;

	do {
		mp_pool_begin_direct(pool);
		full = count ? mp_depot_take_full(&pool->depot, shard, trip)
			     : NULL;
		if (full)
			bytes += park_magazine(pool, shard, full, trip);
		mp_pool_end_direct(pool);
	} while (full && --count);
	return bytes;
}

static size_t park_loose(struct magpool *pool, uint32_t shard, uint64_t count)
{
	struct mp_page *page[LOOSE_AT_ONCE];
	size_t bytes = 0;
	uint32_t n;

	do {
		uint32_t max = count < LOOSE_AT_ONCE ? (uint32_t)count
						     : LOOSE_AT_ONCE;

		mp_pool_begin_direct(pool);
		n = mp_depot_take_loose(&pool->depot, shard, page, max);
		bytes += park_all(pool, page, n);
		count -= n;
		mp_pool_end_direct(pool);
	} while (n);
	return bytes;
}

/* All that the depot holds. */
static size_t park_depot(struct magpool *pool)
{
	struct mp_trip trip = { 0, 0, 0 };
	uint32_t phase = mp_quiesce_enter(&pool->quiesce);
	struct mp_depot_content content = mp_depot_content(&pool->depot);
	size_t bytes = park_magazines(pool, 0, content.full, &trip);

	bytes += park_loose(pool, 0, content.loose);
	bytes += mp_slabs_settle_all(&pool->slabs, &trip);
	bytes += mp_kept_drop(&pool->kept, &pool->upstream);
	mp_sizing_interval(&pool->depot.sizing);
	mp_quiesce_leave(&pool->quiesce, phase);
	mp_pool_tick(pool, 0, &trip);
	mp_count_trip(&pool->direct, &trip);
	mp_tally_add(&pool->trimmed_bytes, bytes);
	MP_PROBE2(trim, pool->name, bytes);
	return bytes;
}

size_t mp_trim_pool(struct magpool *pool)
{
	size_t bytes = mp_drain_pool(pool, false, true).bytes;

	bytes += park_depot(pool);
	mp_loans_look(pool, true);
	return bytes;
}

/* ---- time ---------------------------------------------------------------- */

/*
 * The caller of a get or return waits for it: some milliseconds, if there is so
 * much.  What is more is still there at the end of the next interval.
 */
#define PAGES_AT_ONCE 16384

static uint64_t at_most(uint64_t magazines, uint64_t left, uint32_t rounds)
{
	return magazines < left / rounds ? magazines : left / rounds;
}

/* What nobody took out of a shard. */
static size_t park_surplus(struct magpool *pool, uint32_t shard, bool all,
			   uint64_t *left, struct mp_trip *trip)
{
	struct mp_depot_content surplus =
		mp_shard_surplus(&pool->depot.shard[shard], all);
	uint32_t rounds = mp_sizing_rounds(&pool->depot.sizing);
	uint64_t full = at_most(surplus.full, *left, rounds);
	uint64_t loose = at_most(surplus.loose, *left - full * rounds, 1);

	*left -= full * rounds + loose;
	return park_magazines(pool, shard, full, trip) +
	       park_loose(pool, shard, loose);
}

void mp_trim_interval(struct magpool *pool, bool all)
{
	struct mp_trip trip = { 0, 0, 0 };
	uint32_t phase = mp_quiesce_enter(&pool->quiesce);
	uint64_t left = PAGES_AT_ONCE;
	uint32_t drained;
	size_t bytes = 0;

	for (uint32_t i = 0; i < pool->depot.shards; i++)
		bytes += park_surplus(pool, i, all, &left, &trip);
	/* What comes out of idle caches lay there for an interval, too. */
	drained = mp_drain_pool(pool, false, false).magazines;
	bytes += park_magazines(pool, 0, drained, &trip);
	if (trip.exchanges || left < PAGES_AT_ONCE)
		bytes += mp_slabs_settle_all(&pool->slabs, &trip);
	mp_tally_add(&pool->intervals, 1);
	bytes += all ? mp_kept_drop(&pool->kept, &pool->upstream)
		     : mp_kept_age(&pool->kept, &pool->upstream);
	mp_sizing_interval(&pool->depot.sizing);
	mp_quiesce_leave(&pool->quiesce, phase);
	mp_count_trip(&pool->direct, &trip);
	mp_tally_add(&pool->trimmed_bytes, bytes);
	mp_loans_look(pool, false);
	MP_PROBE2(trim, pool->name, bytes);
}

/* ---- before memory is refused -------------------------------------------- */

/*
 * The caches that nobody is inside of.  Once a millisecond: who asks for more
 * all the time must not keep the others from using theirs.
 */
static size_t take_back(struct magpool *pool)
{
	uint64_t last = mp_load_relaxed(&pool->taken_back);
	uint64_t now = mp_platform_milliseconds();

	/* Relaxed: it only chooses who does it. */
	if (now == last || !mp_cas_relaxed(&pool->taken_back, &last, now))
		return 0;
	return mp_drain_pool(pool, true, false).bytes;
}

size_t mp_trim_unused(struct magpool *pool)
{
	size_t bytes;

	mp_thread_flush(pool);
	mp_quarantine_drain(pool);
	bytes = take_back(pool);
	return bytes + park_depot(pool);
}

struct mp_page *mp_trim_take(struct magpool *pool, struct magpool_cache *cache,
			     enum mp_use use)
{
	struct mp_page *page = mp_cache_take(pool, cache, use);

	if (mp_unlikely(!page)) {
		/* Pages that keep their memory are no bytes, and of use. */
		mp_trim_unused(pool);
		page = mp_cache_take(pool, cache, use);
	}
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

static size_t each_pool(size_t (*work)(struct magpool *pool))
{
	struct magpool *pool = next_pinned(NULL);
	size_t result = 0;

	while (pool) {
		struct magpool *next;

		result += work(pool);
		next = next_pinned(pool);
		mp_registry_unpin(pool);
		pool = next;
	}
	return result;
}

static size_t pass_time(struct magpool *pool)
{
	mp_pool_pass_time(pool);
	return 0;
}

void mp_trim_pass_time(void)
{
	each_pool(pass_time);
	mp_registry_reap();
	mp_journal_work();
	mp_registry_collect(1, 0);
}

static size_t look(struct magpool *pool)
{
	mp_loans_look(pool, true);
	return 0;
}

void mp_trim_look(void)
{
	each_pool(look);
	mp_registry_reap();
}

/* For a walker that stands still, in nanoseconds. */
#define PATIENCE UINT64_C(10000000)

size_t magpool_trim(struct magpool *pool)
{
	int saved = errno;
	size_t bytes;

	mp_registry_start();
	bytes = pool ? mp_trim_pool(pool) : each_pool(mp_trim_pool);
	mp_journal_pass_time(mp_platform_milliseconds());
	mp_registry_reap();
	mp_journal_work();
	mp_registry_collect(1, PATIENCE);
	errno = saved;
	return bytes;
}

void magpool_thread_flush(struct magpool *pool)
{
	int saved = errno;

	mp_thread_flush(pool);
	errno = saved;
}
