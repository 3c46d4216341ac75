/* SPDX-License-Identifier: MIT */
/*
 * The record of a pool: what the parts share.  The parts themselves know only
 * their own struct; what knows a pool is cache.c and above.
 */
#ifndef MP_POOL_H
#define MP_POOL_H

#include "cache.h"
#include "config.h"
#include "kept.h"
#include "live.h"
#include "platform.h"
#include "quarantine.h"
#include "slab.h"

#define MP_POOL_NAME 48

/*
 * The table that leads from a thread to its cache: buckets of one line with
 * four entries, chosen by a hash of the thread pointer.
 *
 * An entry is claimed, written and cleared by the thread it names; abandon and
 * a fork child clear those of others, which that thread sees as a miss.  All
 * relaxed: a thread reads what it wrote itself, and a thread pointer belongs
 * to one living thread.  Who finds the bucket full goes through its
 * thread-local state each time (thread.c).
 */
#define MP_BUCKETS_LOG2 9
#define MP_BUCKETS (1u << MP_BUCKETS_LOG2)
#define MP_BUCKET_ENTRIES 4
/* Filled first and looked at first: the last one of its line, because a hit
 * stores to the start of other lines (see MP_OPERATION_AT). */
#define MP_FIRST (MP_BUCKET_ENTRIES - 1)

struct mp_entry {
	_Atomic uintptr_t thread; /* 0: free */
	_Atomic(struct magpool_cache *) cache;
};

struct mp_bucket {
	_Alignas(64) struct mp_entry entry[MP_BUCKET_ENTRIES];
};

enum mp_pool_state {
	MP_POOL_UNBORN, /* zero: the default pool before its first use */
	MP_POOL_OPEN,
	MP_POOL_ABANDONED,
};

struct magpool {
	struct mp_bucket table[MP_BUCKETS];
	struct mp_depot depot;
	struct mp_slabs slabs;
	struct mp_upstream upstream;
	MP_LINE_ALIGNED struct mp_quiesce quiesce;
	/* Of operations without a cache: many writers. */
	MP_LINE_ALIGNED struct mp_counters direct;
	struct mp_live_counters unseen; /* as in a cache */
	struct mp_tally exit_flushes;
	struct mp_tally flushes;
	struct mp_tally fork_flushes;
	struct mp_tally limit_trips;
	struct mp_tally trim_trips;
	struct mp_tally trimmed_bytes;
	struct mp_tally drains;
	struct mp_tally intervals;
	struct mp_tally pages_leaked;
	struct mp_tally blocks_mapped;
	struct mp_tally blocks_reused;
	struct mp_tally misuse;
	struct mp_tally refusals;
	struct mp_tally fences_refused;
	/* loans.h: whoever is `looking`. */
	struct mp_tally longest_out;
	_Atomic bool looking;
	uint32_t look_at; /* the last slab of this round; 0: it is over */
	uint64_t look_longest;
	/* The process's: of the default pool. */
	struct mp_tally grace_periods;
	struct mp_tally grace_nanoseconds;
	struct mp_tally stalled;
	_Atomic uint64_t interval_end; /* in mp_platform_milliseconds() */
	_Atomic uint64_t taken_back;   /* from caches, before a refusal */
	_Atomic uint32_t state;        /* enum mp_pool_state */

	/* Settings: immutable once the pool is open. */
	MP_LINE_ALIGNED struct mp_settings settings;
	char name[MP_POOL_NAME];
	size_t max_arena_bytes;
	size_t retain_bytes;
	size_t interval; /* in milliseconds; 0: time does not count */
	void (*on_error)(void *context, int error, const char *message);

	/* The registry's, under its mutex; walkers read the links. */
	struct mp_rcu_link link;
	struct mp_rcu_link caches;
	struct magpool_cache *idle;
	struct magpool *limbo_next;
	struct mp_tally attached; /* caches in use */
	uint32_t explicit_caches;
	uint32_t next_shard;
	uint64_t forked_magazines; /* lost to a fork */

	/* What others see of it (show.c): under the mutex. */
	struct mp_live_pool_words *live; /* NULL: not shown */
	uint32_t number;
	uint32_t hidden_caches;
	/* Walkers that change the pool; MP_POOL_DEAD: none may any more. */
	_Atomic uint32_t pins;

	MP_LINE_ALIGNED struct mp_kept kept;

	/* If not 0: arenas are debug arenas, and the caches stay empty. */
	unsigned int debug; /* MAGPOOL_DEBUG */
	struct mp_quarantine quarantine;
};

#define MP_POOL_DEAD UINT32_MAX

/* The pool of magpool_get(): static, so that a hit need not load its address,
 * and all zero before its first use, so that nobody need ask. */
extern struct magpool mp_default_pool;

static inline struct mp_bucket *mp_pool_bucket(struct magpool *pool,
					       uintptr_t thread)
{
	/*
	 * Multiplicative hash (Knuth), with a factor that fits an instruction.
	 * Bits of the middle: stacks lie at distances from some KiB to some
	 * MiB, and all bits of such a distance take part in those.
	 */
	uint64_t product = (uint64_t)thread * UINT64_C(0x61c88647);

	return &pool->table[(product >> 35) & (MP_BUCKETS - 1)];
}

/*
 * Where thread-local storage is an offset from the thread pointer (-Dtls=), the
 * cache of the default pool is found there: fewer instructions than the table,
 * and only the default pool is never abandoned, which must reach other threads'
 * entries.  Written by its thread at attach and detach.
 */
#if defined MP_TLS_IS_NEAR && MP_TLS_IS_NEAR
extern __thread struct magpool_cache *mp_default_cache;

static inline bool mp_pool_is_near(const struct magpool *pool)
{
	return pool == &mp_default_pool;
}

static inline struct magpool_cache *mp_pool_near_cache(void)
{
	return mp_default_cache;
}

static inline void mp_pool_set_near_cache(struct magpool_cache *cache)
{
	mp_default_cache = cache;
}
#else
static inline bool mp_pool_is_near(const struct magpool *pool)
{
	(void)pool;
	return false;
}

static inline struct magpool_cache *mp_pool_near_cache(void)
{
	return NULL;
}

static inline void mp_pool_set_near_cache(struct magpool_cache *cache)
{
	(void)cache;
}
#endif

/* The calling thread's cache, if it is the first one of its bucket. */
static inline struct magpool_cache *mp_pool_find_first(struct magpool *pool)
{
	uintptr_t thread = mp_platform_thread_pointer();
	struct mp_bucket *bucket = mp_pool_bucket(pool, thread);
	struct magpool_cache *cache;

	/* LCOV_EXCL_BR_LINE: false but in a build with -Dtls=. */
	if (mp_likely(mp_pool_is_near(pool)))
		return mp_pool_near_cache();
	if (mp_unlikely(mp_load_relaxed(&bucket->entry[MP_FIRST].thread) !=
			thread))
		return NULL;
	cache = mp_load_relaxed(&bucket->entry[MP_FIRST].cache);
	/* Spares the callers' test of what was found, which is never NULL. */
	/* LCOV_EXCL_BR_LINE: as said. */
	if (!cache)
		__builtin_unreachable(); /* LCOV_EXCL_LINE: as said */
	return cache;
}

/* The calling thread's cache, if its bucket knows it. */
static inline struct magpool_cache *mp_pool_find(struct magpool *pool)
{
	uintptr_t thread = mp_platform_thread_pointer();
	struct mp_bucket *bucket = mp_pool_bucket(pool, thread);

	for (int i = MP_FIRST; i >= 0; i--) {
		struct mp_entry *entry = &bucket->entry[i];

		if (mp_load_relaxed(&entry->thread) == thread)
			return mp_load_relaxed(&entry->cache);
	}
	return NULL;
}

/*
 * The hit: a closed page from that cache (NULL: none) of the calling thread;
 * NULL: not by this way, nothing has changed.
 */
static inline struct mp_page *mp_pool_hit(struct magpool_cache *cache,
					  enum mp_use use)
{
	_Atomic uint32_t *word;
	struct mp_page *page;

	if (mp_unlikely(!cache))
		return NULL;
	word = mp_operation_enter(&cache->operation);
	if (mp_unlikely(!word))
		return NULL;
	page = use == MP_USE_ARENA ? mp_cache_get(cache)
				   : mp_cache_get_further(cache);
	mp_operation_leave(word);
	return page;
}

/*
 * Makes the zeroed record of a pool a pool with these settings; the caller
 * sets upstream's functions and on_error before it is used.
 */
void mp_pool_open(struct magpool *pool, const struct mp_settings *settings,
		  const char *name);

/* Frees all but the record, which walkers may still read. */
void mp_pool_close(struct magpool *pool);

/* A zeroed record, or NULL; and the end of one. */
struct magpool *mp_pool_new(void);
void mp_pool_free(struct magpool *pool);

/* Makes the calling thread's bucket know its cache; false: it is full. */
bool mp_pool_enter_table(struct magpool *pool, struct magpool_cache *cache);

/* Forgets the entry of that cache's thread. */
void mp_pool_leave_table(struct magpool *pool, struct magpool_cache *cache);

/* Forgets all entries but that of `except` (may be NULL). */
void mp_pool_wipe_table(struct magpool *pool,
			const struct magpool_cache *except);

/*
 * Around what moves pages without a cache, a magazine's worth: others see that
 * it is under way, as they do of misses.
 */
static inline void mp_pool_begin_direct(struct magpool *pool)
{
	mp_add_relaxed(&pool->direct.live->begun, 1);
}

static inline void mp_pool_end_direct(struct magpool *pool)
{
	/* Release: all that was moved is seen with it (live_format.h). */
	mp_add_release(&pool->direct.live->misses, 1);
}

/* Pages that exist: taken out of slabs and not put back. */
uint64_t mp_pool_pages(struct magpool *pool);

/* Puts a closed page back into its slab, and unmaps its front block: bytes of
 * that. */
size_t mp_pool_park(struct magpool *pool, struct mp_page *page);

/* Pays wrap fences, if this trip saw that one is owed. */
void mp_pool_tick(struct magpool *pool, uint32_t shard,
		  const struct mp_trip *trip);

/*
 * Looks at the clock: when an interval is over, one caller does what is to be
 * done then (mp_trim_interval).  Inside an operation on the pool, or pinned.
 */
void mp_pool_pass_time(struct magpool *pool);

/*
 * Counts the misuse and tells the pool's on_error or, the first time, stderr.
 * Keeps errno.  Outside of operations: on_error may longjmp.
 */
__attribute__((format(printf, 2, 3))) void
mp_pool_misuse(struct magpool *pool, const char *format, ...);

/* Counts it, tells on_error, sets errno to ENOMEM; NULL. */
void *mp_pool_refuse(struct magpool *pool, const char *what, size_t size);

#endif
