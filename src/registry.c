/* SPDX-License-Identifier: MIT */
#include "registry_state.h"

#include "nodes.h"
#include "show.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

struct mp_registry mp_registry;

/* ---- the mutex ----------------------------------------------------------- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/*
 * Does this thread hold the mutex, or is it about to, or just letting go?  Set
 * before and cleared after, so that a handler that comes in between goes
 * without, and never waits for the thread it interrupted.
 */
static __thread bool locking;

bool mp_registry_lock(void)
{
	if (locking)
		return false;
	locking = true;
	mp_compiler_barrier();
	pthread_mutex_lock(&mutex);
	return true;
}

bool mp_registry_try_lock(void)
{
	if (locking)
		return false;
	locking = true;
	mp_compiler_barrier();
	if (pthread_mutex_trylock(&mutex) == 0)
		return true;
	locking = false;
	return false;
}

void mp_registry_release(void)
{
	pthread_mutex_unlock(&mutex);
	mp_compiler_barrier();
	locking = false;
}

void mp_registry_unlock(void)
{
	mp_registry_release();
	/*
	 * Sequentially consistent, after the unlock: who wanted to reap and
	 * found the mutex taken either finds it free or is seen here.
	 */
	if (mp_unlikely(mp_load_seq(&mp_registry.reap_wanted)))
		mp_registry_reap();
}

/* ---- first use ----------------------------------------------------------- */

static void start(void)
{
	struct mp_settings *settings = &mp_registry.settings;

	mp_config_read(settings);
	mp_registry.budget.limit = settings->value[MP_OPTION_max_total_bytes];
	mp_rcu_init(&mp_registry.pools);
	mp_table_init(&mp_registry.caches, sizeof(struct magpool_cache),
		      MP_TABLE_CAPACITY);
	mp_registry.nodes = mp_nodes_count(MP_NODES_DIRECTORY);
	if (settings->value[MP_OPTION_stats] & MP_STATS_LIVE)
		mp_live_start();
	if (mp_live_words())
		mp_budget_show(&mp_registry.budget, mp_live_words()->process);
	mp_pool_open(&mp_default_pool, settings, "default");
	mp_registry_add_pool(&mp_default_pool);
	/* Release: all of this before another thread skips the mutex. */
	mp_store_release(&mp_registry.started, true);
}

void mp_registry_start(void)
{
	bool first;

	/* Acquire: what start() wrote. */
	if (mp_likely(mp_load_acquire(&mp_registry.started)) ||
	    !mp_registry_lock())
		return;
	first = !mp_load_relaxed(&mp_registry.started);
	if (first)
		start();
	mp_registry_unlock();
	if (first)
		mp_registry_announce();
}

const struct mp_settings *mp_registry_settings(void)
{
	return &mp_registry.settings;
}

struct mp_budget *mp_registry_budget(void)
{
	return &mp_registry.budget;
}

uint32_t mp_registry_nodes(void)
{
	return mp_registry.nodes;
}

struct mp_table *mp_registry_caches(void)
{
	return &mp_registry.caches;
}

/* ---- pools and records --------------------------------------------------- */

void mp_registry_add_pool(struct magpool *pool)
{
	mp_rcu_init(&pool->caches);
	mp_show_pool(pool);
	mp_rcu_add(&mp_registry.pools, &pool->link);
}

static struct magpool_cache *new_record(void)
{
	struct magpool_cache *cache = mp_registry.free;
	uint32_t index;

	if (cache) {
		mp_registry.free = cache->next;
		return cache;
	}
	index = mp_table_add(&mp_registry.caches);
	return index ? mp_table_at(&mp_registry.caches, index) : NULL;
}

void mp_registry_free_record(struct magpool_cache *cache)
{
	mp_store_relaxed(&cache->state, MP_CACHE_FREE);
	cache->next = mp_registry.free;
	mp_registry.free = cache;
}

/* Puts a free record on the pool's list, for as long as the pool lives. */
static struct magpool_cache *adopt_record(struct magpool *pool)
{
	struct magpool_cache *cache = new_record();

	if (!cache)
		return NULL;
	cache->operation.counters = &cache->own;
	mp_counters_clear(&cache->own);
	cache->own.live = &cache->unseen;
	mp_cache_forget(cache);
	cache->shard = pool->next_shard++ % pool->depot.shards;
	/* Release: a tick that finds it ours finds its counters. */
	mp_store_release(&cache->operation.pool, pool);
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
	mp_store_relaxed(&cache->operation.owner, MP_OWNER_NONE);
	mp_drain_begin(cache);
	cache->next = NULL;
	mp_store_relaxed(&cache->state, state);
	mp_show_cache(pool, cache);
	mp_tally_add(&pool->attached, 1);
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
		mp_registry_free_record(cache);
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
	mp_drain_end(cache);
	mp_store_relaxed(&cache->state, MP_CACHE_IDLE);
	mp_show_cache(pool, cache);
	mp_tally_sub(&pool->attached, 1);
	cache->next = pool->idle;
	pool->idle = cache;
}

/* ---- walking ------------------------------------------------------------- */

enum mp_walk mp_registry_enter(void)
{
	if (!mp_registry.forked && mp_rcu_read_lock())
		return (enum mp_walk)(MP_WALK_RCU +
				      mp_grace_enter(&mp_registry.grace));
	return mp_registry_lock() ? MP_WALK_MUTEX : MP_WALK_NONE;
}

void mp_registry_leave(enum mp_walk walk)
{
	if (walk >= MP_WALK_RCU) {
		mp_grace_leave(&mp_registry.grace, walk - MP_WALK_RCU);
		mp_rcu_read_unlock();
	} else if (walk == MP_WALK_MUTEX) {
		mp_registry_unlock();
	}
}

struct magpool *mp_registry_next_pool(struct magpool *pool)
{
	struct mp_rcu_link *link =
		pool ? mp_rcu_next(&mp_registry.pools, &pool->link)
		     : mp_rcu_first(&mp_registry.pools);

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
	uint32_t pins = mp_load_relaxed(&pool->pins);

	/*
	 * Release: what we did to the pool comes before its end.  None: we are
	 * in a fork child that a handler made, and that has cleared them.
	 */
	while (pins && !mp_cas_weak_release(&pool->pins, &pins, pins - 1))
		;
	mp_registry_reap();
}

uint32_t mp_registry_epoch(void)
{
	return mp_load_seq(&mp_registry.epoch);
}
