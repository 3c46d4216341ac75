/* SPDX-License-Identifier: MIT */
/*
 * A cache: a slot for one arena, two magazines, counters.  One thread at a
 * time: the thread it is attached to, or, for an explicit cache, whoever
 * entered it (operation.h).
 *
 * | field           | written by                | read by                    |
 * |-----------------|---------------------------|----------------------------|
 * | operation       | see operation.h           |                            |
 * | hot, top, base, | whoever is inside         | walkers (relaxed),         |
 * | spare, ...      |                           | fork child                 |
 * | links, state    | registry's mutex          | walkers; owner             |
 *
 * The slot.  `hot` is the arena that was returned last, and what the next get
 * takes: a get and its return need not touch the magazine.  It counts as the
 * loaded magazine's: there is always room for it there.  An empty slot is NULL
 * if there is room for one that comes, MP_CACHE_CLOSED if that is not sure.
 *
 * Spare pages.  An arena that had further pages keeps them while it is the hot
 * one, because the next get takes that very arena.  cache->spare is their
 * number.  They count as cached pages, and there is room for them in the
 * magazine too; when the arena has to leave the slot, they go there first.
 *
 * Records are process-wide, type-stable, recycled, never freed.
 */
#ifndef MP_CACHE_H
#define MP_CACHE_H

#include "depot.h"
#include "quiesce.h"
#include "rcu.h"

enum mp_cache_state {
	MP_CACHE_FREE, /* on the process's free list */
	MP_CACHE_IDLE, /* of a pool, nobody's */
	MP_CACHE_ATTACHED,
	MP_CACHE_EXPLICIT,
};

struct magpool_cache {
	/* First line: what a hit touches. */
	MP_LINE_ALIGNED struct mp_operation operation;
	_Atomic(struct mp_page *) hot;
	_Atomic(struct mp_page **) top; /* above the topmost round */
	struct mp_page **end;
	/* Second line: what it touches at times. */
	_Atomic(struct mp_page **) base;
	_Atomic uint32_t spare; /* further pages of the hot arena, if any */
	/* The slow paths'. */
	uint32_t shard;
	struct mp_magazine *loaded;
	struct mp_magazine *previous;
	_Atomic uint32_t previous_pages; /* copies for walkers */
	_Atomic uint32_t magazines;
	uintptr_t thread_pointer;
	struct magpool_cache *next; /* free, idle or the thread's list */
	_Atomic uint32_t state;     /* enum mp_cache_state */
	struct mp_rcu_link link;    /* in the pool's list of caches */
	MP_LINE_ALIGNED struct mp_counters own;
};

_Static_assert(offsetof(struct magpool_cache, operation) == 0,
	       "the record starts with its operation");
_Static_assert(offsetof(struct magpool_cache, base) == 64,
	       "a hit touches one line");

/* What a page is taken for, and so how it is counted. */
enum mp_use {
	MP_USE_ARENA,   /* gets, returns */
	MP_USE_FURTHER, /* chained, unchained */
};

#define MP_CACHE_CLOSED ((struct mp_page *)1)

/* Is that what is in the slot? */
static inline bool mp_cache_is_page(const struct mp_page *hot)
{
	return (uintptr_t)hot > (uintptr_t)MP_CACHE_CLOSED;
}

/* ---- hits: inside -------------------------------------------------------- */

/* From the magazine. */
static inline struct mp_page *mp_cache_pop(struct magpool_cache *cache)
{
	struct mp_page **top = mp_load_relaxed(&cache->top);

	if (mp_unlikely(top == mp_load_relaxed(&cache->base)))
		return NULL;
	mp_store_relaxed(&cache->top, top - 1);
	return top[-1];
}

/* A page for an arena: from the slot, or else from the magazine. */
static inline struct mp_page *mp_cache_take_first(struct magpool_cache *cache)
{
	struct mp_page *page = mp_load_relaxed(&cache->hot);

	if (mp_unlikely(!mp_cache_is_page(page)))
		page = mp_cache_pop(cache);
	if (mp_likely(page))
		mp_store_relaxed(&cache->hot, NULL);
	return page;
}

/* As that, counted; NULL: a miss. */
static inline struct mp_page *mp_cache_get(struct magpool_cache *cache)
{
	struct mp_page *page = mp_cache_take_first(cache);

	if (mp_likely(page))
		mp_operation_count(&cache->operation.counters->gets, 1);
	return page;
}

/* A further page, counted; NULL: a miss. */
static inline struct mp_page *mp_cache_get_further(struct magpool_cache *cache)
{
	struct mp_page *page = mp_cache_pop(cache);

	if (mp_likely(page))
		mp_operation_count(&cache->operation.counters->chained, 1);
	return page;
}

/* A page without further ones goes on the magazine, under the slot. */
static inline bool mp_cache_push(struct magpool_cache *cache,
				 struct mp_page *page)
{
	struct mp_page **top = mp_load_relaxed(&cache->top);

	if (mp_unlikely(page->further || top + 1 == cache->end))
		return false;
	*top = page;
	mp_store_relaxed(&cache->top, top + 1);
	return true;
}

/*
 * Puts a page that has no further ones into the slot; who is there makes way.
 * false: a miss.
 */
static inline bool mp_cache_keep(struct magpool_cache *cache,
				 struct mp_page *page)
{
	struct mp_page *hot = mp_load_relaxed(&cache->hot);

	if (hot &&
	    (mp_unlikely(!mp_cache_is_page(hot)) || !mp_cache_push(cache, hot)))
		return false;
	mp_store_relaxed(&cache->spare, 0);
	mp_store_relaxed(&cache->hot, page);
	return true;
}

/* The same for any page. */
bool mp_cache_keep_any(struct magpool_cache *cache, struct mp_page *page);

/*
 * The end of a return: closes the arena, keeps it, counts it, leaves.  false: a
 * miss, the arena is as it was.
 */
static inline bool mp_cache_return(struct magpool_cache *cache,
				   _Atomic uint32_t *word, struct mp_page *page,
				   bool (*keep)(struct magpool_cache *cache,
						struct mp_page *page))
{
	bool kept = keep(cache, page);

	if (mp_likely(kept)) {
		mp_page_close(page);
		mp_operation_count(&cache->operation.counters->returns, 1);
	}
	mp_operation_leave(word);
	return kept;
}

/* ---- misses -------------------------------------------------------------- */

/* A closed page through a cache (NULL: none); NULL when memory ends. */
struct mp_page *mp_cache_take(struct magpool *pool, struct magpool_cache *cache,
			      enum mp_use use);

/* Takes a closed page back.  Never fails.  The pool may be gone after it. */
void mp_cache_put(struct magpool *pool, struct magpool_cache *cache,
		  struct mp_page *page, enum mp_use use);

/* The hot arena and its spare pages go into the magazine.  Inside. */
void mp_cache_settle(struct magpool_cache *cache);

/*
 * Both magazines to the depot; what is above its limit to the system, unless
 * the limit is to be `passed`.  Inside, or when nobody else can be.
 */
void mp_cache_empty(struct magpool *pool, struct magpool_cache *cache,
		    bool passed);

/* Without its magazines, which are lost or go with their pool. */
void mp_cache_forget(struct magpool_cache *cache);

/* As a call of its own: enters, empties, counts. */
void mp_cache_flush(struct magpool *pool, struct magpool_cache *cache);

/* Pages that it holds but the spare ones, read by a walker. */
uint64_t mp_cache_pages(struct magpool_cache *cache);

/* The spare ones. */
uint32_t mp_cache_spare(struct magpool_cache *cache);

#endif
