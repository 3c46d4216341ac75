/* SPDX-License-Identifier: MIT */
/*
 * Explicit caches: the same record, owned by the caller, entered by whoever
 * calls (operation.h).  A second thread at the same moment is noticed and goes
 * to the depot.
 */
#include "arena.h"
#include "background.h"
#include "chain.h"
#include "debug.h"
#include "journal.h"
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
	mp_background_start();
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

/*
 * Also a cache that nobody may enter because membarrier is refused.  The
 * caller is alone, and counts as an operation without a cache for ticks.
 */
static void empty(struct magpool_cache *cache)
{
	struct magpool *pool = mp_cache_pool(cache);
	uint32_t phase = mp_quiesce_enter(&pool->quiesce);
	_Atomic uint32_t *word = mp_operation_enter_explicit(
		&cache->operation, mp_platform_thread_pointer());

	mp_tally_add(&pool->flushes, 1);
	mp_cache_empty(pool, cache, false);
	if (word)
		mp_operation_leave(word);
	mp_quiesce_leave(&pool->quiesce, phase);
}

void magpool_cache_destroy(struct magpool_cache **cache)
{
	int saved = errno;

	if (!cache || !*cache)
		return;
	/* A handler that interrupted who holds the mutex leaves it as it is. */
	if (mp_registry_lock()) {
		mp_drain_end(*cache);
		mp_registry_unlock();
		empty(*cache);
		mp_registry_lock();
		mp_registry_unbind(*cache);
		mp_registry_unlock();
	}
	*cache = NULL;
	mp_registry_reap();
	errno = saved;
}

/* ---- get ----------------------------------------------------------------- */

static inline _Atomic uint32_t *enter_own(struct magpool_cache *cache)
{
	return mp_operation_enter_own(&cache->operation,
				      mp_platform_thread_pointer());
}

static inline _Atomic uint32_t *enter(struct magpool_cache *cache)
{
	return mp_operation_enter_explicit(&cache->operation,
					   mp_platform_thread_pointer());
}

/* Up to n arenas from the slot and the magazine that is loaded. */
static size_t hits(struct magpool_cache *cache, struct magpool_arena **out,
		   size_t n)
{
	_Atomic uint32_t *word = enter(cache);
	size_t done = 0;

	if (mp_unlikely(!word))
		return 0;
	while (done < n) {
		struct mp_page *page = mp_cache_get(cache);

		if (mp_unlikely(!page))
			break;
		out[done++] = mp_page_open(page);
	}
	mp_operation_leave(word);
	return done;
}

static struct magpool_arena *get_missed(struct magpool_cache *cache)
{
	int saved = errno;
	struct magpool *pool = mp_cache_pool(cache);
	struct mp_page *page = mp_trim_take(pool, cache, MP_USE_ARENA);

	mp_journal_work();
	errno = saved;
	if (!page)
		return mp_pool_refuse(pool, "an arena", pool->slabs.page_size);
	return mp_debug_get(page);
}

/* Not cold: who is not the cache's owner comes here every time. */
static __attribute__((noinline)) struct magpool_arena *
get_more(struct magpool_cache *cache)
{
	struct magpool_arena *arena;

	return hits(cache, &arena, 1) ? arena : get_missed(cache);
}

MP_HOT struct magpool_arena *magpool_cache_get(struct magpool_cache *cache)
{
	_Atomic uint32_t *word = enter_own(cache);
	struct mp_page *page;

	if (mp_unlikely(!word))
		return get_more(cache);
	page = mp_cache_get(cache);
	mp_operation_leave(word);
	return mp_likely(page) ? mp_page_open(page) : get_more(cache);
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

static void put_missed(struct magpool_cache *cache, struct mp_page *page)
{
	int saved = errno;

	mp_chain_strip(page);
	mp_page_close(page);
	mp_cache_put(page->pool, cache, page, MP_USE_ARENA);
	mp_registry_reap();
	mp_journal_work();
	errno = saved;
}

/* Not cold: as get_more(). */
static __attribute__((noinline)) void return_more(struct magpool_cache *cache,
						  struct mp_page *page)
{
	_Atomic uint32_t *word;

	if (!mp_arena_is_out(&page->words, "magpool_cache_return"))
		return;
	if (page->pool != mp_cache_pool(cache)) {
		magpool_return(&page->words);
		return;
	}
	if (!mp_page_is_plain(page) && !mp_chain_spare_all(page)) {
		if (mp_unlikely(page->attention & MP_PAGE_DEBUG)) {
			mp_debug_return(page);
			return;
		}
		mp_chain_end(page);
	}
	word = enter(cache);
	if (mp_unlikely(!word ||
			!mp_cache_return(cache, word, page, mp_cache_keep_any)))
		put_missed(cache, page);
}

static inline bool put_hit(struct magpool_cache *cache, struct mp_page *page)
{
	_Atomic uint32_t *word = enter_own(cache);

	return mp_likely(word) &&
	       mp_cache_return(cache, word, page, mp_cache_keep);
}

static inline __attribute__((always_inline)) void
put(struct magpool_cache *cache, struct magpool_arena *arena)
{
	struct mp_page *page = mp_page_of(arena);

	if (mp_unlikely(!arena))
		return;
	if (mp_unlikely(!mp_page_is_one(page) || !mp_page_is_plain(page) ||
			page->pool != mp_cache_pool(cache) ||
			!put_hit(cache, page)))
		return_more(cache, page);
}

MP_HOT void magpool_cache_return(struct magpool_cache *cache,
				 struct magpool_arena *arena)
{
	put(cache, arena);
}

/* Not through the call above: for callers, what it was given is freed. */
void magpool_cache_return_batch(struct magpool_cache *cache,
				struct magpool_arena *const *arenas, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put(cache, arenas[i]);
}
