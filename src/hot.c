/* SPDX-License-Identifier: MIT */
/*
 * get and return: the hits.  What happens on a miss is cache.c's.
 */
#include "arena.h"
#include "chain.h"
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

	mp_registry_start();
	if (mp_load_relaxed(&pool->state) != MP_POOL_OPEN) {
		mp_pool_misuse(pool, "magpool_get: the pool was abandoned");
		errno = EINVAL;
		return NULL;
	}
	cache = mp_pool_find(pool);
	if (!cache)
		cache = mp_thread_cache(pool, true);
	page = mp_trim_take(pool, cache, MP_USE_ARENA);
	mp_registry_reap();
	errno = saved;
	if (!page)
		return mp_pool_refuse(pool, "an arena", pool->slabs.page_size);
	return mp_page_open(page);
}

struct magpool_arena *magpool_get(void)
{
	struct mp_page *page = mp_pool_hit(&mp_default_pool, MP_USE_ARENA);

	if (mp_likely(page))
		return mp_page_open(page);
	return get_slow(&mp_default_pool);
}

struct magpool_arena *magpool_get_from(struct magpool *pool)
{
	struct mp_page *page;

	if (mp_unlikely(!pool)) {
		errno = EINVAL;
		return NULL;
	}
	page = mp_pool_hit(pool, MP_USE_ARENA);
	if (mp_likely(page))
		return mp_page_open(page);
	return get_slow(pool);
}

/* ---- return -------------------------------------------------------------- */

/* Through whatever cache this thread has. */
MP_COLD void put_slow(struct mp_page *page)
{
	struct magpool *pool = page->pool;
	int saved = errno;
	struct magpool_cache *cache = mp_pool_find(pool);

	mp_chain_reset(page);
	mp_page_close(page);
	if (!cache)
		cache = mp_thread_cache(pool, false);
	if (!cache && mp_thread_counts_return(pool))
		cache = mp_thread_cache(pool, true);
	mp_cache_put(pool, cache, page, MP_USE_ARENA);
	mp_registry_reap();
	errno = saved;
}

MP_COLD void return_nothing(struct magpool_arena *arena)
{
	if (arena)
		mp_arena_is_out(arena, "magpool_return");
}

/*
 * An arena that has nothing but further pages keeps them for its next use, if
 * the magazine has room for them too.  false: the long way.
 */
static inline bool push_chained(struct magpool_cache *cache,
				struct mp_page *page)
{
	uint32_t n = mp_chain_may_spare(page);

	if (!n || mp_cache_room(cache) <= n)
		return false;
	mp_cache_push(cache, page);
	mp_store_relaxed(&cache->spare, n);
	mp_chain_spare(page);
	return true;
}

/* With the cache's and the arena's spare pages. */
static inline bool push_any(struct magpool_cache *cache, struct mp_page *page)
{
	mp_cache_strip(cache);
	return page->attention ? push_chained(cache, page)
			       : mp_cache_push(cache, page);
}

static inline bool push_plain(struct magpool_cache *cache, struct mp_page *page)
{
	return mp_likely(!mp_cache_has_spare(cache)) &&
	       mp_cache_push(cache, page);
}

/* Into the thread's cache; false: there is none, it is busy or full. */
static inline bool put_hit(struct mp_page *page,
			   bool (*push)(struct magpool_cache *cache,
					struct mp_page *page))
{
	struct magpool_cache *cache = mp_pool_find(page->pool);
	uint64_t word = mp_likely(cache) ? mp_cache_enter(cache) : 0;
	bool pushed;

	if (mp_unlikely(!word))
		return false;
	pushed = push(cache, page);
	if (mp_likely(pushed)) {
		mp_page_close(page);
		mp_cache_count_return(cache);
	}
	mp_cache_leave(cache, word);
	return pushed;
}

/* Not cold: arenas that outgrow their page come here every time. */
static __attribute__((noinline)) void return_more(struct mp_page *page)
{
	if (page->attention & ~(uint32_t)MP_PAGE_CHAINED)
		mp_chain_reset(page);
	if (mp_unlikely(!put_hit(page, push_any)))
		put_slow(page);
}

void magpool_return(struct magpool_arena *arena)
{
	struct mp_page *page = mp_page_of(arena);

	if (mp_unlikely(!arena || !mp_page_is_one(page) || !page->words.cursor))
		return_nothing(arena);
	else if (mp_unlikely(page->attention || !put_hit(page, push_plain)))
		return_more(page);
}

void magpool_scope_end(struct magpool_arena **arena)
{
	magpool_return(*arena);
}
