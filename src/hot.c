/* SPDX-License-Identifier: MIT */
/*
 * get and return: the hits.  What happens on a miss is cache.c's.
 */
#include "arena.h"
#include "background.h"
#include "chain.h"
#include "debug.h"
#include "journal.h"
#include "registry.h"
#include "thread.h"
#include "trim.h"

#include <errno.h>

#define MP_COLD static __attribute__((noinline, cold))

/* ---- get ----------------------------------------------------------------- */

MP_COLD struct magpool_arena *get_slow(struct magpool *pool)
{
	int saved = errno;
	struct magpool_cache *cache;
	struct mp_page *page;
	uint32_t state;

	mp_registry_start();
	mp_background_start();
	state = mp_load_relaxed(&pool->state);
	/* A handler that came in the middle of the first use. */
	if (state == MP_POOL_UNBORN)
		return mp_pool_refuse(pool, "an arena", 0);
	if (state != MP_POOL_OPEN) {
		mp_pool_misuse(pool, "magpool_get: the pool was abandoned");
		errno = EINVAL;
		return NULL;
	}
	cache = mp_pool_find(pool);
	if (!cache)
		cache = mp_thread_cache(pool, true);
	page = mp_trim_take(pool, cache, MP_USE_ARENA);
	mp_registry_reap();
	mp_journal_work();
	errno = saved;
	if (!page)
		return mp_pool_refuse(pool, "an arena", pool->slabs.page_size);
	return mp_debug_get(page);
}

/* Not cold: a thread that is not the first one of its bucket comes here. */
static __attribute__((noinline)) struct magpool_arena *
get_more(struct magpool *pool)
{
	struct mp_page *page = mp_pool_hit(mp_pool_find(pool), MP_USE_ARENA);

	return mp_likely(page) ? mp_page_open(page) : get_slow(pool);
}

static inline struct magpool_arena *get(struct magpool *pool)
{
	struct mp_page *page =
		mp_pool_hit(mp_pool_find_first(pool), MP_USE_ARENA);

	return mp_likely(page) ? mp_page_open(page) : get_more(pool);
}

MP_HOT struct magpool_arena *magpool_get(void)
{
	return get(&mp_default_pool);
}

MP_HOT struct magpool_arena *magpool_get_from(struct magpool *pool)
{
	if (mp_unlikely(!pool)) {
		errno = EINVAL;
		return NULL;
	}
	return get(pool);
}

/* ---- return -------------------------------------------------------------- */

/* Through whatever cache this thread has. */
MP_COLD void put_slow(struct mp_page *page)
{
	struct magpool *pool = page->pool;
	int saved = errno;
	struct magpool_cache *cache = mp_pool_find(pool);

	mp_chain_strip(page);
	mp_page_close(page);
	if (!cache)
		cache = mp_thread_cache(pool, false);
	if (!cache && mp_thread_counts_return(pool))
		cache = mp_thread_cache(pool, true);
	mp_cache_put(pool, cache, page, MP_USE_ARENA);
	mp_registry_reap();
	mp_journal_work();
	errno = saved;
}

MP_COLD void return_nothing(struct magpool_arena *arena)
{
	if (arena)
		mp_arena_is_out(arena, "magpool_return");
}

/* Into that cache (NULL: none) of the thread; false: it is busy or full. */
static inline bool put_hit(struct magpool_cache *cache, struct mp_page *page,
			   bool (*keep)(struct magpool_cache *cache,
					struct mp_page *page))
{
	_Atomic uint32_t *word =
		mp_likely(cache) ? mp_operation_enter(&cache->operation) : NULL;

	return mp_likely(word) && mp_cache_return(cache, word, page, keep);
}

/* Not cold: as get_more(), and arenas that outgrew their page come here. */
static __attribute__((noinline)) void return_more(struct mp_page *page)
{
	if (mp_unlikely(!page->words.cursor)) {
		return_nothing(&page->words);
		return;
	}
	if (!mp_page_is_plain(page) && !mp_chain_spare_all(page)) {
		if (mp_unlikely(page->attention & MP_PAGE_DEBUG)) {
			mp_debug_return(page);
			return;
		}
		mp_chain_end(page);
	}
	if (mp_unlikely(!put_hit(mp_pool_find(page->pool), page,
				 mp_cache_keep_any)))
		put_slow(page);
}

static inline bool return_plain(struct mp_page *page)
{
	return mp_likely(mp_page_is_plain(page)) &&
	       put_hit(mp_pool_find_first(page->pool), page, mp_cache_keep);
}

static inline __attribute__((always_inline)) void
put(struct magpool_arena *arena)
{
	struct mp_page *page = mp_page_of(arena);

	if (mp_unlikely(!arena || !mp_page_is_one(page)))
		return_nothing(arena);
	else if (mp_unlikely(!return_plain(page)))
		return_more(page);
}

MP_HOT void magpool_return(struct magpool_arena *arena)
{
	put(arena);
}

/* Not through the call above: for callers, what it was given is freed. */
void magpool_scope_end(struct magpool_arena **arena)
{
	put(*arena);
}
