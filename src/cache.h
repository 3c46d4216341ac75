/* SPDX-License-Identifier: MIT */
/*
 * A cache: a slot for one arena, two magazines, counters.  One thread at a
 * time: the thread it is attached to, or, for an explicit cache, whoever
 * entered it (operation.h).
 *
 * | field           | written by                | read by                    |
 * |-----------------|---------------------------|----------------------------|
 * | operation       | see operation.h           |                            |
 * | hot, top, base, | whoever is inside;        | walkers (relaxed),         |
 * | ...             | drainer                   | fork child                 |
 * | links, state    | registry's mutex          | walkers; owner             |
 *
 * The slot.  `hot` is the arena that was returned last, and what the next get
 * takes: a get and its return need not touch the magazine.  It counts as the
 * loaded magazine's: there is always room for it there.  An empty slot is 0 if
 * there is room for one that comes, MP_CACHE_CLOSED if that is not sure.
 *
 * Spare pages.  An arena that had further pages keeps them while it is the hot
 * one, because the next get takes that very arena.  The low bits of `hot` are
 * their number.  They count as cached pages, and there is room for them in the
 * magazine too; when the arena has to leave the slot, they go there first.
 *
 * Draining.  MP_CACHE_DRAINED in the slot says that a drainer has the cache, or
 * wants it: nothing of it is to be touched (drain.h).  An operation loads the
 * slot once.  A hit goes by what it saw; what is no hit takes the arena out
 * first, and knows from then on that the slot is empty.
 *
 * Records are process-wide, type-stable, recycled, never freed.
 */
#ifndef MP_CACHE_H
#define MP_CACHE_H

#include "depot.h"
#include "drain.h"
#include "quiesce.h"
#include "rcu.h"

#define MP_SECOND_LINE _Alignas(64)

enum mp_cache_state {
	MP_CACHE_FREE, /* on the process's free list */
	MP_CACHE_IDLE, /* of a pool, nobody's */
	MP_CACHE_ATTACHED,
	MP_CACHE_EXPLICIT,
};

struct magpool_cache {
	/* The slow paths'. */
	MP_LINE_ALIGNED struct mp_magazine *loaded;
	struct mp_magazine *previous;
	_Atomic uint32_t previous_pages; /* copies for walkers */
	_Atomic uint32_t magazines;
	struct magpool_cache *next; /* free, idle or the thread's list */
	struct mp_trip untold;      /* what sizing.h was not told yet */
	bool hidden;                /* show.c: there was no room to show it */
	/* What a hit touches. */
	MP_SECOND_LINE struct mp_operation operation;
	_Atomic uintptr_t hot;
	_Atomic(struct mp_page **) top; /* above the topmost round */
	struct mp_page **end;
	/* Without a hot arena. */
	MP_SECOND_LINE _Atomic(struct mp_page **) base;
	/* The slow paths'. */
	uintptr_t thread_pointer;
	struct mp_rcu_link link; /* in the pool's list of caches */
	_Atomic uint32_t state;  /* enum mp_cache_state */
	uint32_t shard;          /* of its last trip */
	struct mp_drain drain;
	/* What a hit touches: as the operation. */
	MP_SECOND_LINE struct mp_counters own;
	/* Where they are shown when nobody can see them. */
	struct mp_live_counters unseen;
};

_Static_assert(offsetof(struct magpool_cache, operation) == MP_OPERATION_AT,
	       "the operation is where ticks look for it");
_Static_assert(offsetof(struct magpool_cache, base) == 128,
	       "a hit touches one line");
_Static_assert(offsetof(struct magpool_cache, own) % MP_CACHE_LINE ==
		       MP_OPERATION_AT,
	       "the counters are apart from pages too");

/* What a page is taken for, and so how it is counted. */
enum mp_use {
	MP_USE_ARENA,   /* gets, returns */
	MP_USE_FURTHER, /* chained, unchained */
};

#define MP_CACHE_CLOSED ((uintptr_t)1)
#define MP_CACHE_DRAINED ((uintptr_t)2)
#define MP_CACHE_SPARE ((uintptr_t)MP_PAGE_HEADER - 1) /* mask of the number */

/* The arena in the slot, or NULL. */
static inline struct mp_page *mp_cache_hot_page(uintptr_t hot)
{
	return (struct mp_page *)(hot & ~MP_CACHE_SPARE);
}

/* Its spare pages. */
static inline uint32_t mp_cache_hot_spare(uintptr_t hot)
{
	return mp_cache_hot_page(hot) ? (uint32_t)(hot & MP_CACHE_SPARE) : 0;
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
	uintptr_t hot = mp_load_relaxed(&cache->hot);
	struct mp_page *page = mp_cache_hot_page(hot);

	if (mp_unlikely(!page)) {
		if (mp_unlikely(hot == MP_CACHE_DRAINED))
			return NULL;
		page = mp_cache_pop(cache);
		if (mp_unlikely(!page))
			return NULL;
	}
	mp_store_relaxed(&cache->hot, 0);
	return page;
}

/* As that, counted; NULL: a miss. */
static inline struct mp_page *mp_cache_get(struct magpool_cache *cache)
{
	struct mp_page *page = mp_cache_take_first(cache);

	if (mp_likely(page))
		mp_operation_count(gets, &cache->own);
	return page;
}

/* A further page, counted; NULL: a miss. */
static inline struct mp_page *mp_cache_get_further(struct magpool_cache *cache)
{
	struct mp_page *page = NULL;

	if (mp_likely(mp_load_relaxed(&cache->hot) != MP_CACHE_DRAINED))
		page = mp_cache_pop(cache);
	if (mp_likely(page))
		mp_operation_count(chained, &cache->own);
	return page;
}

/* A page without further ones goes on the magazine, under the slot. */
static inline bool mp_cache_push(struct magpool_cache *cache,
				 struct mp_page *page)
{
	struct mp_page **top = mp_load_relaxed(&cache->top);

	if (mp_unlikely(top + 1 == cache->end))
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
	uintptr_t hot = mp_load_relaxed(&cache->hot);

	if (hot && (mp_unlikely(hot & MP_CACHE_SPARE) ||
		    !mp_cache_push(cache, mp_cache_hot_page(hot))))
		return false;
	mp_store_relaxed(&cache->hot, (uintptr_t)page);
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
		mp_operation_count(returns, &cache->own);
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

/*
 * Both magazines to the depot; what is above its limit to the system, unless
 * the limit is to be `passed`.  Inside, or when nobody else can be.
 */
void mp_cache_empty(struct magpool *pool, struct magpool_cache *cache,
		    bool passed);

/*
 * By a drainer that has taken the cache: its magazines to the depot; those that
 * would pass its limit to the drainer, who gives them back without the mutex,
 * each as a move of its own (mp_pool_end_direct).  How many with arenas the
 * depot got.
 */
uint32_t mp_cache_surrender(struct magpool *pool, struct magpool_cache *cache,
			    struct mp_surplus *surplus);

/* Without its magazines, which are lost or go with their pool. */
void mp_cache_forget(struct magpool_cache *cache);

/* As a call of its own: enters, empties, counts. */
void mp_cache_flush(struct magpool *pool, struct magpool_cache *cache);

/*
 * What others see of what it holds, unless they can know it from the counters
 * (live_format.h); `coming` pages are back that are not counted yet.
 */
void mp_cache_show_pages(struct magpool_cache *cache, uint32_t coming);

/* Pages that it holds but the spare ones, read by a walker. */
uint64_t mp_cache_pages(struct magpool_cache *cache);

/* The spare ones. */
uint32_t mp_cache_spare(struct magpool_cache *cache);

#endif
