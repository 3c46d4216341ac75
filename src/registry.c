/* SPDX-License-Identifier: MIT */
#include "registry.h"

#include "check.h"
#include "report.h"
#include "stats.h"
#include "thread.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct {
	pthread_mutex_t mutex;
	_Atomic uintptr_t holder; /* thread pointer */
	_Atomic bool started;
	bool forked;     /* a fork child: the mutex instead of RCU */
	bool fork_locks; /* the fork under way took the mutex */
	struct mp_settings settings;
	struct mp_budget budget;
	struct mp_rcu_link pools;
	struct mp_table caches;
	struct magpool_cache *free;
	struct magpool *limbo;
	_Atomic uint32_t abandoned; /* pools that wait for their last return */
	_Atomic bool reap_wanted;   /* by one who found the mutex taken */
	_Atomic uint32_t epoch;
} registry = { .mutex = PTHREAD_MUTEX_INITIALIZER };

/* ---- the mutex ------------------------------------------------------------ */

bool mp_registry_lock(void)
{
	uintptr_t self = mp_platform_thread_pointer();

	/* Relaxed: only this thread's own value matters. */
	if (mp_load_relaxed(&registry.holder) == self)
		return false;
	pthread_mutex_lock(&registry.mutex);
	mp_store_relaxed(&registry.holder, self);
	return true;
}

static void unlock(void)
{
	mp_store_relaxed(&registry.holder, (uintptr_t)0);
	pthread_mutex_unlock(&registry.mutex);
}

void mp_registry_unlock(void)
{
	unlock();
	/*
	 * Sequentially consistent, after the unlock: who wanted to reap and
	 * found the mutex taken either finds it free or is seen here.
	 */
	if (mp_unlikely(mp_load_seq(&registry.reap_wanted)))
		mp_registry_reap();
}

/* ---- first use ------------------------------------------------------------ */

static void print_at_exit(void)
{
	magpool_stats_print(NULL, STDERR_FILENO);
}

static void start(void)
{
	mp_config_read(&registry.settings);
	registry.budget.limit =
		registry.settings.value[MP_OPTION_max_total_bytes];
	mp_rcu_init(&registry.pools);
	mp_table_init(&registry.caches, sizeof(struct magpool_cache),
		      MP_TABLE_CAPACITY);
	mp_pool_open(&mp_default_pool, &registry.settings, "default");
	mp_registry_add_pool(&mp_default_pool);
	mp_thread_start();
	/* Release: all of this before another thread skips the mutex. */
	mp_store_release(&registry.started, true);
}

void mp_registry_start(void)
{
	bool print = false;

	/* Acquire: what start() wrote. */
	if (mp_likely(mp_load_acquire(&registry.started)) ||
	    !mp_registry_lock())
		return;
	if (!mp_load_relaxed(&registry.started)) {
		start();
		print = registry.settings.value[MP_OPTION_stats] &&
			!registry.settings.value[MP_OPTION_quiet];
	}
	mp_registry_unlock();
	/* Outside of the mutex: libc may allocate for it. */
	if (print)
		atexit(print_at_exit);
}

const struct mp_settings *mp_registry_settings(void)
{
	return &registry.settings;
}

struct mp_budget *mp_registry_budget(void)
{
	return &registry.budget;
}

struct mp_table *mp_registry_caches(void)
{
	return &registry.caches;
}

/* ---- pools and records ---------------------------------------------------- */

void mp_registry_add_pool(struct magpool *pool)
{
	mp_rcu_init(&pool->caches);
	mp_rcu_add(&registry.pools, &pool->link);
}

static struct magpool_cache *new_record(void)
{
	struct magpool_cache *cache = registry.free;
	uint32_t index;

	if (cache) {
		registry.free = cache->next;
		return cache;
	}
	index = mp_table_add(&registry.caches);
	return index ? mp_table_at(&registry.caches, index) : NULL;
}

static void free_record(struct magpool_cache *cache)
{
	mp_store_relaxed(&cache->state, MP_CACHE_FREE);
	cache->next = registry.free;
	registry.free = cache;
}

/* Puts a free record on the pool's list, for as long as the pool lives. */
static struct magpool_cache *adopt_record(struct magpool *pool)
{
	struct magpool_cache *cache = new_record();

	if (!cache)
		return NULL;
	cache->counters = &cache->own;
	mp_counters_clear(&cache->own);
	cache->shard = pool->next_shard++ % pool->depot.shards;
	mp_store_relaxed(&cache->operation.pool, pool);
	mp_rcu_add(&pool->caches, &cache->link);
	return cache;
}

struct magpool_cache *mp_registry_bind(struct magpool *pool,
				       enum mp_cache_state state)
{
	struct magpool_cache *cache = pool->idle;

	if (cache)
		pool->idle = cache->next;
	else
		cache = adopt_record(pool);
	if (!cache)
		return NULL;
	cache->thread_pointer = mp_platform_thread_pointer();
	cache->next = NULL;
	mp_store_relaxed(&cache->state, state);
	mp_add_relaxed(&pool->attached, 1);
	if (state == MP_CACHE_EXPLICIT)
		pool->explicit_caches++;
	return cache;
}

/*
 * Without a pool: attached means that its pool is still being collected, which
 * will free it; free, that this was done.
 */
static void unbind_orphan(struct magpool_cache *cache)
{
	if (mp_load_relaxed(&cache->state) == MP_CACHE_FREE)
		free_record(cache);
	else
		mp_store_relaxed(&cache->state, MP_CACHE_IDLE);
}

void mp_registry_unbind(struct magpool_cache *cache)
{
	struct magpool *pool = mp_cache_pool(cache);

	if (!pool) {
		unbind_orphan(cache);
		return;
	}
	if (mp_load_relaxed(&cache->state) == MP_CACHE_EXPLICIT)
		pool->explicit_caches--;
	mp_store_relaxed(&cache->state, MP_CACHE_IDLE);
	mp_sub_relaxed(&pool->attached, 1);
	cache->next = pool->idle;
	pool->idle = cache;
}

/* ---- walking -------------------------------------------------------------- */

bool mp_registry_enter(void)
{
	if (registry.forked)
		return mp_registry_lock();
	mp_rcu_read_lock();
	return true;
}

void mp_registry_leave(bool entered)
{
	if (!registry.forked)
		mp_rcu_read_unlock();
	else if (entered)
		mp_registry_unlock();
}

struct magpool *mp_registry_next_pool(struct magpool *pool)
{
	struct mp_rcu_link *link =
		pool ? mp_rcu_next(&registry.pools, &pool->link)
		     : mp_rcu_first(&registry.pools);

	return link ? mp_container_of(link, struct magpool, link) : NULL;
}

struct magpool_cache *mp_registry_next_cache(struct magpool *pool,
					     struct magpool_cache *cache)
{
	struct mp_rcu_link *link =
		cache ? mp_rcu_next(&pool->caches, &cache->link)
		      : mp_rcu_first(&pool->caches);

	return link ? mp_container_of(link, struct magpool_cache, link) : NULL;
}

bool mp_registry_pin(struct magpool *pool)
{
	uint32_t pins = mp_load_relaxed(&pool->pins);

	do {
		if (pins == MP_POOL_DEAD)
			return false;
	} while (!mp_cas_weak_acquire(&pool->pins, &pins, pins + 1));
	return true;
}

void mp_registry_unpin(struct magpool *pool)
{
	/* Release: what we did to the pool comes before its end. */
	mp_sub_release(&pool->pins, 1);
	mp_registry_reap();
}

uint32_t mp_registry_epoch(void)
{
	return mp_load_seq(&registry.epoch);
}

/* ---- the end of a pool ---------------------------------------------------- */

/* Are all arenas back, for good?  Nobody gets from it any more. */
static bool is_unused(struct magpool *pool)
{
	struct magpool_stats stats;

	if (pool->explicit_caches)
		return false;
	/* Acquires each count of returns: see mp_cache_count_return(). */
	mp_stats_sum(pool, &stats);
	return stats.gets == stats.returns && stats.chained == stats.unchained;
}

static void orphan_caches(struct magpool *pool)
{
	struct magpool_cache *cache = NULL;

	while ((cache = mp_registry_next_cache(pool, cache))) {
		mp_store_relaxed(&cache->operation.pool, NULL);
		/* Their magazines go with the pool. */
		mp_cache_forget(cache);
	}
}

/*
 * Takes the pool off the list and frees all that walkers do not read; the
 * record waits in limbo for a grace period.  The caller has made it dead.
 */
static void retire(struct magpool *pool)
{
	/* Odd: sums of all pools that are read now are read again. */
	mp_add_seq(&registry.epoch, 1);
	mp_stats_retire(pool);
	mp_rcu_remove(&pool->link);
	mp_add_seq(&registry.epoch, 1);
	orphan_caches(pool);
	mp_pool_close(pool);
	pool->limbo_next = registry.limbo;
	registry.limbo = pool;
}

/* Acquire: what the last walker did to the pool (mp_registry_unpin). */
static bool make_dead(struct magpool *pool)
{
	uint32_t none = 0;

	return mp_cas_acquire(&pool->pins, &none, MP_POOL_DEAD);
}

int mp_registry_end(struct magpool *pool)
{
	bool dead = false;

	while (!dead) {
		if (!mp_registry_lock())
			return -EBUSY;
		if (!is_unused(pool)) {
			mp_registry_unlock();
			return -EBUSY;
		}
		dead = make_dead(pool);
		if (dead)
			retire(pool);
		mp_registry_unlock();
		/* A trim of all pools is at this one. */
		if (!dead)
			sched_yield();
	}
	mp_registry_collect();
	return 0;
}

/* Records of an ended pool: free, or free for the thread that has it. */
static void collect_caches(struct magpool *pool)
{
	struct magpool_cache *cache = mp_registry_next_cache(pool, NULL);

	while (cache) {
		struct magpool_cache *next =
			mp_registry_next_cache(pool, cache);

		if (mp_load_relaxed(&cache->state) == MP_CACHE_IDLE)
			free_record(cache);
		else
			mp_store_relaxed(&cache->state, MP_CACHE_FREE);
		cache = next;
	}
}

static struct magpool *take_limbo(void)
{
	struct magpool *pool;

	if (!mp_registry_lock())
		return NULL;
	pool = registry.limbo;
	registry.limbo = NULL;
	mp_registry_unlock();
	return pool;
}

static void put_limbo(struct magpool *pool)
{
	struct magpool *last = pool;

	while (last->limbo_next)
		last = last->limbo_next;
	mp_registry_lock();
	last->limbo_next = registry.limbo;
	registry.limbo = pool;
	mp_registry_unlock();
}

void mp_registry_collect(void)
{
	struct magpool *pool = take_limbo();

	if (!pool)
		return;
	/* In a fork child walkers hold the mutex, so this needs no wait. */
	if (!registry.forked && !mp_rcu_wait()) {
		put_limbo(pool);
		return;
	}
	mp_registry_lock();
	for (struct magpool *next; pool; pool = next) {
		next = pool->limbo_next;
		collect_caches(pool);
		mp_pool_free(pool);
	}
	mp_registry_unlock();
}

/* ---- abandoned pools ------------------------------------------------------ */

/* Brief: for a return that was just about to end when abandon came. */
#define ABANDON_LOOKS 100

void mp_registry_abandon(struct magpool *pool)
{
	if (!mp_registry_lock())
		return;
	mp_store_relaxed(&pool->state, MP_POOL_ABANDONED);
	mp_add_seq(&registry.abandoned, 1);
	/*
	 * From now on every return takes the slow path, and then reaps.  A hit
	 * that found its cache just before is looked for below; if its thread
	 * sleeps right there, the next slow path of anybody finds the pool.
	 */
	mp_pool_wipe_table(pool, NULL);
	/* Our marks before their loads, their counts before our looks. */
	mp_platform_membarrier();
	for (int i = 0; i < ABANDON_LOOKS && !is_unused(pool); i++)
		mp_compiler_barrier();
	mp_registry_unlock();
	mp_registry_reap();
}

static void reap_all(void)
{
	struct magpool *pool = mp_registry_next_pool(NULL);

	while (pool) {
		struct magpool *next = mp_registry_next_pool(pool);

		if (mp_load_relaxed(&pool->state) == MP_POOL_ABANDONED &&
		    is_unused(pool) && make_dead(pool)) {
			mp_sub_relaxed(&registry.abandoned, 1);
			retire(pool);
		}
		pool = next;
	}
}

static bool try_lock(void)
{
	uintptr_t self = mp_platform_thread_pointer();

	if (mp_load_relaxed(&registry.holder) == self ||
	    pthread_mutex_trylock(&registry.mutex) != 0)
		return false;
	mp_store_relaxed(&registry.holder, self);
	return true;
}

void mp_registry_reap(void)
{
	/*
	 * After our own count of a return: either we see the pool abandoned, or
	 * abandon sees our count.  Its membarrier stands for the fence that is
	 * not here.
	 */
	if (mp_likely(!mp_load_seq(&registry.abandoned)))
		return;
	do {
		mp_exchange_seq(&registry.reap_wanted, true);
		/* The holder looks for our wish when it lets go. */
		if (!try_lock())
			return;
		mp_exchange_seq(&registry.reap_wanted, false);
		reap_all();
		unlock();
	} while (mp_load_seq(&registry.reap_wanted));
}

/* ---- fork ----------------------------------------------------------------- */

void mp_registry_before_fork(void)
{
	/* A handler that forks while its thread holds the mutex has it. */
	bool locks = mp_registry_lock();

	registry.fork_locks = locks;
}

static void end_fork(void)
{
	if (registry.fork_locks)
		mp_registry_unlock();
}

void mp_registry_after_fork_parent(void)
{
	end_fork();
}

static bool is_own(struct magpool_cache *self, struct magpool_cache *cache)
{
	for (; self; self = self->next) {
		if (self == cache)
			return true;
	}
	return false;
}

/* A cache whose thread does not exist here. */
static void take_over(struct magpool *pool, struct magpool_cache *cache)
{
	uint64_t word = mp_load_relaxed(&cache->operation.word);

	if (word & 1) {
		/* In the middle of something: not to be trusted. */
		pool->forked_magazines += mp_load_relaxed(&cache->magazines);
		mp_cache_forget(cache);
		mp_store_relaxed(&cache->operation.word, word + 1);
	} else {
		mp_count(cache->counters, fork_flushes, 1);
		mp_cache_empty(pool, cache);
	}
	if (mp_load_relaxed(&cache->state) == MP_CACHE_ATTACHED)
		mp_registry_unbind(cache);
}

static void take_over_pool(struct magpool *pool, struct magpool_cache *self)
{
	struct magpool_cache *cache = NULL;
	struct magpool_cache *own = NULL;

	mp_quiesce_after_fork(&pool->quiesce);
	mp_slabs_after_fork(&pool->slabs);
	mp_store_relaxed(&pool->pins, 0);
	while ((cache = mp_registry_next_cache(pool, cache))) {
		uint32_t state = mp_load_relaxed(&cache->state);
		bool inside = mp_load_relaxed(&cache->operation.word) & 1;

		if (is_own(self, cache))
			own = cache;
		else if (state == MP_CACHE_ATTACHED ||
			 (state == MP_CACHE_EXPLICIT && inside))
			take_over(pool, cache);
	}
	mp_pool_wipe_table(pool, own);
	mp_stats_count_leaks(pool);
}

void mp_registry_after_fork_child(struct magpool_cache *self)
{
	struct magpool *pool = NULL;

	registry.forked = true;
	while ((pool = mp_registry_next_pool(pool)))
		take_over_pool(pool, self);
	end_fork();
}
