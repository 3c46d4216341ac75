/* SPDX-License-Identifier: MIT */
#include "pool.h"

#include "block.h"
#include "journal.h"
#include "probe.h"
#include "registry.h"
#include "report.h"
#include "trim.h"
#include "watch.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

struct magpool mp_default_pool;

#if defined MP_TLS_IS_NEAR && MP_TLS_IS_NEAR
__thread struct magpool_cache *mp_default_cache;
#endif

/* ---- the record ---------------------------------------------------------- */

/* Two magazines are what a thread may hold. */
static uint32_t rounds_within(size_t bytes, const struct mp_settings *settings)
{
	size_t rounds = bytes / (2 * settings->value[MP_OPTION_page_size]);

	if (rounds > MP_ROUNDS_MAX)
		return MP_ROUNDS_MAX;
	return rounds ? (uint32_t)rounds : 1;
}

static uint32_t least_rounds(const struct mp_settings *settings)
{
	uint32_t rounds = (uint32_t)settings->value[MP_OPTION_magazine_rounds];
	uint32_t most =
		rounds_within(settings->value[MP_OPTION_cache_bytes], settings);

	return rounds < most ? rounds : most;
}

/* A depot that does not keep two magazines is none: they stay small then. */
static uint32_t most_rounds(const struct mp_settings *settings)
{
	size_t cache = settings->value[MP_OPTION_cache_bytes];
	size_t depot = settings->value[MP_OPTION_depot_bytes];
	uint32_t least = least_rounds(settings);
	uint32_t most = rounds_within(cache < depot ? cache : depot, settings);

	return most > least ? most : least;
}

static uint32_t shards_for(const struct mp_settings *settings)
{
	size_t shards = settings->value[MP_OPTION_shards];

	if (shards == 0)
		shards = mp_platform_processors();
	return shards < MP_SHARDS_MAX ? (uint32_t)shards : MP_SHARDS_MAX;
}

static uint64_t pages_for(size_t bytes, size_t page_size)
{
	return bytes == SIZE_MAX ? UINT64_MAX : bytes / page_size;
}

/*
 * What many arenas leave behind would be a hoard.  Under a byte limit nothing
 * is kept: all that was returned can be used again for anything.
 */
#define KEEPING_ARENAS 16

static size_t kept_limit(const struct mp_settings *settings)
{
	size_t retain = settings->value[MP_OPTION_retain_bytes];

	if (settings->value[MP_OPTION_max_bytes] != SIZE_MAX ||
	    settings->value[MP_OPTION_max_total_bytes] != SIZE_MAX)
		return 0;
	return retain < SIZE_MAX / KEEPING_ARENAS ? retain * KEEPING_ARENAS
						  : SIZE_MAX;
}

/* Unset is not 0: who runs a program under such a tool wants it to see us. */
static unsigned int debug_for(const struct mp_settings *settings)
{
	if (settings->source[MP_OPTION_debug] == MP_SOURCE_DEFAULT &&
	    mp_watch_is_on())
		return 1;
	return (unsigned int)settings->value[MP_OPTION_debug];
}

static uint32_t attention_for(const struct mp_settings *settings,
			      unsigned int debug)
{
	uint32_t attention = 0;

	if (settings->value[MP_OPTION_zero_on_return])
		attention |= MP_PAGE_GUARDED | MP_PAGE_ZERO;
	if (debug)
		attention |= MP_PAGE_GUARDED | MP_PAGE_DEBUG;
	if (debug > 1)
		attention |= MP_PAGE_FENCED;
	return attention;
}

/*
 * Under a byte limit of a few regions, one of which a page is left would be too
 * much of it.  Debug pages may have to be closed one by one.
 */
#define REGIONS_MIN 16

static enum mp_hugepages hugepages_for(const struct mp_settings *settings,
				       unsigned int debug)
{
	const size_t *value = settings->value;
	size_t least = REGIONS_MIN * MP_REGION_BYTES;

	if (debug || value[MP_OPTION_max_bytes] < least ||
	    value[MP_OPTION_max_total_bytes] < least)
		return MP_HUGEPAGES_NEVER;
	return (enum mp_hugepages)value[MP_OPTION_hugepages];
}

void mp_pool_open(struct magpool *pool, const struct mp_settings *settings,
		  const char *name)
{
	const size_t *value = settings->value;

	pool->settings = *settings;
	pool->direct.live = &pool->unseen;
	snprintf(pool->name, sizeof pool->name, "%s", name);
	pool->retain_bytes = value[MP_OPTION_retain_bytes];
	mp_kept_init(&pool->kept, kept_limit(settings), &pool->intervals);
	pool->max_arena_bytes = SIZE_MAX;
	pool->debug = debug_for(settings);
	pool->interval = value[MP_OPTION_trim_interval];
	mp_store_relaxed(&pool->interval_end,
			 mp_platform_milliseconds() + pool->interval);
	pool->upstream.budget.limit = value[MP_OPTION_max_bytes];
	pool->upstream.budget.parent = mp_registry_budget();
	mp_depot_init(&pool->depot, least_rounds(settings),
		      most_rounds(settings), shards_for(settings),
		      mp_registry_nodes(),
		      pages_for(value[MP_OPTION_depot_bytes],
				value[MP_OPTION_page_size]));
	mp_slabs_init(&pool->slabs, &pool->upstream, pool,
		      value[MP_OPTION_page_size],
		      attention_for(settings, pool->debug));
	mp_slabs_use_regions(&pool->slabs,
			     hugepages_for(settings, pool->debug));
	if (pool->debug > 1) {
		/* A block that has ended is not to be touched: unmapped. */
		pool->retain_bytes = 0;
		mp_quarantine_open(&pool->quarantine, pool->slabs.page_size);
	}
	mp_store_relaxed(&pool->state, MP_POOL_OPEN);
}

static void unmap_blocks(struct mp_page *page)
{
	struct mp_upstream *upstream = &page->pool->upstream;

	mp_block_unmap_all(upstream, page->front);
	mp_block_unmap_all(upstream, page->blocks);
	mp_block_unmap_all(upstream, page->pending);
}

void mp_pool_close(struct magpool *pool)
{
	mp_kept_drop(&pool->kept, &pool->upstream);
	mp_slabs_release(&pool->slabs, unmap_blocks);
	mp_magazines_release(&pool->depot.magazines);
	mp_quarantine_close(&pool->quarantine);
}

static size_t record_bytes(void)
{
	size_t system_page = mp_platform_page_size();

	return (sizeof(struct magpool) + system_page - 1) & ~(system_page - 1);
}

struct magpool *mp_pool_new(void)
{
	return mp_platform_map(record_bytes(), 1);
}

void mp_pool_free(struct magpool *pool)
{
	mp_platform_unmap(pool, record_bytes());
}

/* ---- the table of threads ------------------------------------------------ */

bool mp_pool_enter_table(struct magpool *pool, struct magpool_cache *cache)
{
	uintptr_t thread = mp_platform_thread_pointer();
	struct mp_bucket *bucket = mp_pool_bucket(pool, thread);

	/* LCOV_EXCL_BR_LINE: false but in a build with -Dtls=. */
	if (mp_pool_is_near(pool))
		mp_pool_set_near_cache(cache); /* LCOV_EXCL_LINE: as above */
	for (int i = MP_FIRST; i >= 0; i--) {
		struct mp_entry *entry = &bucket->entry[i];
		/* 1 is no thread pointer: nobody takes a half-written entry. */
		uintptr_t none = 0;

		if (!mp_cas_relaxed(&entry->thread, &none, (uintptr_t)1))
			continue;
		mp_store_relaxed(&entry->cache, cache);
		/* A handler in this thread sees the cache with the name. */
		mp_compiler_barrier();
		mp_store_relaxed(&entry->thread, thread);
		return true;
	}
	return false;
}

void mp_pool_leave_table(struct magpool *pool, struct magpool_cache *cache)
{
	uintptr_t thread = cache->thread_pointer;
	struct mp_bucket *bucket = mp_pool_bucket(pool, thread);

	/* LCOV_EXCL_BR_LINE: as above. */
	if (mp_pool_is_near(pool))
		mp_pool_set_near_cache(NULL); /* LCOV_EXCL_LINE: as above */
	for (int i = 0; i < MP_BUCKET_ENTRIES; i++) {
		struct mp_entry *entry = &bucket->entry[i];

		/* It has no other cache of this pool. */
		if (mp_load_relaxed(&entry->thread) == thread)
			mp_store_relaxed(&entry->thread, (uintptr_t)0);
	}
}

void mp_pool_wipe_table(struct magpool *pool,
			const struct magpool_cache *except)
{
	for (uint32_t i = 0; i < MP_BUCKETS * MP_BUCKET_ENTRIES; i++) {
		struct mp_entry *entry = &pool->table[i / MP_BUCKET_ENTRIES]
						  .entry[i % MP_BUCKET_ENTRIES];

		/* Reads first: most of the table was never touched. */
		if (mp_load_relaxed(&entry->thread) &&
		    (!except || mp_load_relaxed(&entry->cache) != except))
			mp_store_relaxed(&entry->thread, (uintptr_t)0);
	}
}

/* ---- pages --------------------------------------------------------------- */

uint64_t mp_pool_pages(struct magpool *pool)
{
	uint64_t given_back = mp_tally_read(&pool->slabs.given_back);
	uint64_t created = mp_tally_read(&pool->slabs.created);

	return created > given_back ? created - given_back : 0;
}

size_t mp_pool_park(struct magpool *pool, struct mp_page *page)
{
	struct mp_block *front = page->front;
	size_t bytes = 0;

	if (front) {
		mp_budget_release(&pool->kept.budget, front->bytes);
		bytes = mp_block_unmap_all(&pool->upstream, front);
	}
	/* Its next use finds it as new (init_page): without a front block. */
	mp_slabs_park(&pool->slabs, page);
	return bytes;
}

/* ---- wrap fences --------------------------------------------------------- */

static void tick(struct magpool *pool)
{
	struct mp_list *lists[2 * MP_SHARDS_MAX + 2];
	uint32_t n = 0;

	for (uint32_t i = 0; i < pool->depot.shards; i++) {
		lists[n++] = &pool->depot.shard[i].full;
		lists[n++] = &pool->depot.shard[i].empty;
	}
	lists[n++] = &pool->slabs.list;
	lists[n++] = &pool->slabs.spare;
	mp_quiesce_tick(&pool->quiesce, pool, mp_registry_caches(), lists, n);
}

void mp_pool_tick(struct magpool *pool, uint32_t shard,
		  const struct mp_trip *trip)
{
	struct mp_shard *s = &pool->depot.shard[shard];

	if (trip->refused)
		mp_tally_add(&pool->fences_refused, trip->refused);
	if (mp_unlikely(trip->refused || mp_list_owes(&s->full) ||
			mp_list_owes(&s->empty) ||
			mp_list_owes(&pool->slabs.list) ||
			mp_list_owes(&pool->slabs.spare)))
		tick(pool);
}

/* ---- time ---------------------------------------------------------------- */

void mp_pool_pass_time(struct magpool *pool)
{
	uint64_t end = mp_load_relaxed(&pool->interval_end);
	uint64_t now;

	if (!pool->interval)
		return;
	now = mp_platform_milliseconds();
	if (mp_likely(now < end) ||
	    !mp_cas_relaxed(&pool->interval_end, &end, now + pool->interval))
		return;
	/* Another one after it without a trip: nothing was needed in that. */
	mp_trim_interval(pool, now - end >= pool->interval);
	mp_journal_pass_time(now);
}

/* ---- errors -------------------------------------------------------------- */

void mp_pool_misuse(struct magpool *pool, const char *format, ...)
{
	int saved = errno;
	uint64_t before = mp_tally_add(&pool->misuse, 1);
	char message[MP_REPORT_LINE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	MP_PROBE2(misuse, pool->name, message);
	if (pool->on_error)
		pool->on_error(pool->upstream.context, EINVAL, message);
	else if (before == 0 || pool->debug)
		mp_warn("pool %s: %s", pool->name, message);
	errno = saved;
}

void *mp_pool_refuse(struct magpool *pool, const char *what, size_t size)
{
	char message[MP_REPORT_LINE];

	mp_tally_add(&pool->refusals, 1);
	MP_PROBE3(refuse, pool->name, what, size);
	errno = ENOMEM;
	if (pool->on_error) {
		snprintf(message, sizeof message,
			 "pool %s: no memory for %s of %zu bytes", pool->name,
			 what, size);
		pool->on_error(pool->upstream.context, ENOMEM, message);
		errno = ENOMEM;
	}
	return NULL;
}
