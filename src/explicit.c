/* SPDX-License-Identifier: MIT */
/*
 * Explicit caches: the same record, owned by the caller.  It is entered by a
 * compare-and-swap, so that a second thread at the same moment is noticed and
 * goes to the depot.
 */
#include "arena.h"
#include "chain.h"
#include "registry.h"
#include "trim.h"

#include <errno.h>

struct magpool_cache *magpool_cache_create(struct magpool *pool)
{
	int saved = errno;
	struct magpool_cache *cache;

	if (!pool) {
		errno = EINVAL;
		return NULL;
	}
	mp_registry_start();
	cache = NULL;
	if (mp_registry_lock()) {
		cache = mp_registry_bind(pool, MP_CACHE_EXPLICIT);
		mp_registry_unlock();
	}
	errno = saved;
	return cache ? cache : mp_pool_refuse(pool, "a cache", sizeof *cache);
}

void magpool_cache_flush(struct magpool_cache *cache)
{
	int saved = errno;

	mp_cache_flush(mp_cache_pool(cache), cache);
	errno = saved;
}

void magpool_cache_destroy(struct magpool_cache **cache)
{
	int saved = errno;

	if (!cache || !*cache)
		return;
	mp_cache_flush(mp_cache_pool(*cache), *cache);
	if (mp_registry_lock()) {
		mp_registry_unbind(*cache);
		mp_registry_unlock();
	}
	*cache = NULL;
	mp_registry_reap();
	errno = saved;
}

/* ---- get ----------------------------------------------------------------- */

/* Up to n arenas from the magazine that is loaded. */
static size_t hits(struct magpool_cache *cache, struct magpool_arena **out,
		   size_t n)
{
	_Atomic uint64_t *gets = &cache->counters->gets;
	uint64_t word = mp_cache_enter_shared(cache);
	size_t done = 0;

	if (mp_unlikely(!word))
		return 0;
	while (done < n) {
		struct mp_page *page = mp_cache_pop(cache);

		if (!page)
			break;
		out[done++] = mp_page_open(page);
	}
	mp_store_relaxed(gets, mp_load_relaxed(gets) + done);
	mp_cache_leave(cache, word);
	return done;
}

static struct magpool_arena *get_missed(struct magpool_cache *cache)
{
	int saved = errno;
	struct magpool *pool = mp_cache_pool(cache);
	struct mp_page *page = mp_trim_take(pool, cache, MP_USE_ARENA);

	errno = saved;
	if (!page)
		return mp_pool_refuse(pool, "an arena", pool->slabs.page_size);
	return mp_page_open(page);
}

struct magpool_arena *magpool_cache_get(struct magpool_cache *cache)
{
	struct magpool_arena *arena;

	if (mp_likely(hits(cache, &arena, 1)))
		return arena;
	return get_missed(cache);
}

size_t magpool_cache_get_batch(struct magpool_cache *cache,
			       struct magpool_arena **out, size_t n)
{
	size_t done = 0;

	for (;;) {
		done += hits(cache, out + done, n - done);
		if (done == n)
			return done;
		out[done] = get_missed(cache);
		if (!out[done])
			return done;
		done++;
	}
}

/* ---- return -------------------------------------------------------------- */

static bool push(struct magpool_cache *cache, struct mp_page *page)
{
	uint64_t word = mp_cache_enter_shared(cache);
	bool pushed;

	if (mp_unlikely(!word))
		return false;
	mp_cache_strip(cache);
	pushed = mp_cache_push(cache, page);
	if (pushed)
		mp_cache_count_return(cache);
	mp_cache_leave(cache, word);
	return pushed;
}

static void put_missed(struct magpool_cache *cache, struct mp_page *page)
{
	int saved = errno;

	mp_cache_put(page->pool, cache, page, MP_USE_ARENA);
	mp_registry_reap();
	errno = saved;
}

void magpool_cache_return(struct magpool_cache *cache,
			  struct magpool_arena *arena)
{
	struct mp_page *page = mp_page_of(arena);

	if (!arena || !mp_arena_is_out(arena, "magpool_cache_return"))
		return;
	if (mp_unlikely(page->pool != mp_cache_pool(cache))) {
		magpool_return(arena);
		return;
	}
	if (mp_unlikely(page->attention))
		mp_chain_reset(page);
	mp_page_close(page);
	if (mp_unlikely(!push(cache, page)))
		put_missed(cache, page);
}

void magpool_cache_return_batch(struct magpool_cache *cache,
				struct magpool_arena *const *arenas, size_t n)
{
	for (size_t i = 0; i < n; i++)
		magpool_cache_return(cache, arenas[i]);
}
