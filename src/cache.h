/* SPDX-License-Identifier: MIT */
/*
 * A cache: two magazines, an operation word, counters.  One thread at a time:
 * the thread it is attached to, or, for an explicit cache, whoever entered it.
 *
 * | field            | written by                    | read by              |
 * |------------------|-------------------------------|----------------------|
 * | operation.word   | owner                         | ticks, walkers, fork |
 * | top, base, ...   | owner, inside an operation    | walkers (relaxed),   |
 * |                  |                               | fork child           |
 * | counters         | owner                         | walkers (relaxed)    |
 * | operation.pool,  | registry's mutex              | walkers; owner       |
 * | links, state     |                               |                      |
 *
 * The operation word is odd while the owner is inside.  It tells a signal
 * handler of the same thread (and a second thread in an explicit cache) to go
 * to the depot, a fork child which caches are whole, a tick what is running,
 * and walkers when to look again.
 *
 * Records are process-wide, type-stable, recycled, never freed.
 */
#ifndef MP_CACHE_H
#define MP_CACHE_H

#include "counters.h"
#include "depot.h"
#include "quiesce.h"
#include "rcu.h"

/*
 * Spare pages.  An arena that had further pages and is returned keeps them
 * while it lies on top of the loaded magazine, because the next get takes that
 * very arena.  cache->spare is their number, 0 most of the time.  They count
 * as cached pages: there is room for them in the magazine, and whatever comes
 * on top of the arena, or takes it for another use, puts them there first.
 */

#define MP_SECOND_LINE _Alignas(64)

enum mp_cache_state {
	MP_CACHE_FREE, /* on the process's free list */
	MP_CACHE_IDLE, /* of a pool, nobody's */
	MP_CACHE_ATTACHED,
	MP_CACHE_EXPLICIT,
};

struct magpool_cache {
	/* First line: all that a hit touches. */
	MP_LINE_ALIGNED struct mp_operation operation;
	_Atomic(struct mp_page **) top; /* above the topmost round */
	_Atomic(struct mp_page **) base;
	struct mp_page **end;
	struct mp_counters *counters;
	_Atomic uint32_t spare; /* see below */
	/* The slow paths'. */
	MP_SECOND_LINE struct mp_magazine *loaded;
	struct mp_magazine *previous;
	_Atomic uint32_t previous_pages; /* copies for walkers */
	_Atomic uint32_t magazines;
	uint32_t shard;
	_Atomic uint32_t state; /* enum mp_cache_state */
	uintptr_t thread_pointer;
	struct magpool_cache *next; /* free, idle or the thread's list */
	struct mp_rcu_link link;    /* in the pool's list of caches */
	MP_LINE_ALIGNED struct mp_counters own;
};

_Static_assert(offsetof(struct magpool_cache, operation) == 0,
	       "the record starts with its operation");

/* What a page is taken for, and so how it is counted. */
enum mp_use {
	MP_USE_ARENA,   /* gets, returns */
	MP_USE_FURTHER, /* chained, unchained */
};

/* ---- entering ------------------------------------------------------------ */

/*
 * By the thread that the cache is attached to: the word to leave with.  0: that
 * thread is inside already, so this is a signal handler's call.
 */
static inline uint64_t mp_cache_enter(struct magpool_cache *cache)
{
	uint64_t word = mp_load_relaxed(&cache->operation.word);

	if (mp_unlikely(word & 1))
		return 0;
	mp_store_relaxed(&cache->operation.word, word + 1);
	/* The word before what we do; the other side is quiesce.h's tick. */
	mp_compiler_barrier();
	return word + 1;
}

/* By any thread, for an explicit cache.  0: another one is inside. */
static inline uint64_t mp_cache_enter_shared(struct magpool_cache *cache)
{
	uint64_t word = mp_load_relaxed(&cache->operation.word);

	/*
	 * Acquire: all that the thread before us did in the cache (release in
	 * mp_cache_leave) is seen before we use it.
	 */
	if ((word & 1) ||
	    !mp_cas_acquire(&cache->operation.word, &word, word + 1))
		return 0;
	return word + 1;
}

/* The word is handed over, not read again: its latency is that of a hit. */
static inline void mp_cache_leave(struct magpool_cache *cache, uint64_t word)
{
	/*
	 * Release: what we did is seen before the even word, by a tick, by a
	 * walker, by the next thread in an explicit cache.
	 */
	mp_store_release(&cache->operation.word, word + 1);
}

/* ---- hits: inside -------------------------------------------------------- */

static inline bool mp_cache_has_spare(struct magpool_cache *cache)
{
	return mp_load_relaxed(&cache->spare) != 0;
}

/* An arena with its spare pages, if any; only the first one popped has some. */
static inline struct mp_page *mp_cache_pop(struct magpool_cache *cache)
{
	struct mp_page **top = mp_load_relaxed(&cache->top);

	if (mp_unlikely(top == mp_load_relaxed(&cache->base)))
		return NULL;
	mp_store_relaxed(&cache->top, top - 1);
	mp_store_relaxed(&cache->spare, 0);
	return top[-1];
}

/* Not over an arena with spare pages. */
static inline bool mp_cache_push(struct magpool_cache *cache,
				 struct mp_page *page)
{
	struct mp_page **top = mp_load_relaxed(&cache->top);

	if (mp_unlikely(top == cache->end))
		return false;
	*top = page;
	mp_store_relaxed(&cache->top, top + 1);
	return true;
}

static inline uint32_t mp_cache_room(struct magpool_cache *cache)
{
	return (uint32_t)(cache->end - mp_load_relaxed(&cache->top));
}

/* The last step of a return: the reaper of an abandoned pool waits for it. */
static inline void mp_cache_count_return(struct magpool_cache *cache)
{
	_Atomic uint64_t *returns = &cache->counters->returns;

	/*
	 * Release: our last use of the pool comes before the count, by which
	 * mp_registry_reap() decides that nobody uses it any more.
	 */
	mp_store_release(returns, mp_load_relaxed(returns) + 1);
}

/* ---- misses -------------------------------------------------------------- */

/* A closed page through a cache (NULL: none); NULL when memory ends. */
struct mp_page *mp_cache_take(struct magpool *pool, struct magpool_cache *cache,
			      enum mp_use use);

/* Takes a closed page back.  Never fails.  The pool may be gone after it. */
void mp_cache_put(struct magpool *pool, struct magpool_cache *cache,
		  struct mp_page *page, enum mp_use use);

/* Puts the spare pages of the topmost arena into the magazine.  Inside. */
void mp_cache_strip(struct magpool_cache *cache);

/* Both magazines to the depot.  Inside, or when nobody else can be. */
void mp_cache_empty(struct magpool *pool, struct magpool_cache *cache);

/* Without its magazines, which are lost or go with their pool. */
void mp_cache_forget(struct magpool_cache *cache);

/* As a call of its own: enters, empties, counts. */
void mp_cache_flush(struct magpool *pool, struct magpool_cache *cache);

/* Pages that it holds, read by a walker. */
uint64_t mp_cache_pages(struct magpool_cache *cache);

#endif
