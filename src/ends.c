/* SPDX-License-Identifier: MIT */
/*
 * The end of a pool: destroyed, or abandoned and reaped after the last return.
 *
 *     open -> dead (under the mutex: off the list, its caches orphaned)
 *          -> closed (without the mutex: its memory is gone)
 *          -> a grace period, then the record is gone too
 */
#include "registry_state.h"

#include "show.h"
#include "stats.h"

#include <errno.h>
#include <sched.h>

/* Are all arenas back, for good?  Nobody gets from it any more. */
static bool is_unused(struct magpool *pool)
{
	struct magpool_stats stats;

	if (pool->explicit_caches)
		return false;
	/* Acquires each count of returns: see mp_operation_count(). */
	mp_stats_sum(pool, &stats);
	/* LCOV_EXCL_BR_LINE: further pages come back before their arena. */
	return stats.gets == stats.returns && stats.pages_out == 0;
}

static void orphan_caches(struct magpool *pool)
{
	struct magpool_cache *cache = NULL;

	while ((cache = mp_registry_next_cache(pool, cache))) {
		mp_store_relaxed(&cache->operation.pool, NULL);
		mp_drain_end(cache);
		/* Their magazines go with the pool. */
		mp_cache_forget(cache);
	}
}

/* Under the mutex; the caller has made it dead. */
static void retire(struct magpool *pool)
{
	/* Odd: sums of all pools that are read now are read again. */
	mp_add_seq(&mp_registry.epoch, 1);
	mp_stats_retire(pool);
	mp_rcu_remove(&pool->link);
	mp_add_seq(&mp_registry.epoch, 1);
	/* The same for who looks from outside. */
	mp_live_begin();
	mp_stats_show_retired();
	mp_show_no_pool(pool);
	mp_live_end();
	orphan_caches(pool);
	pool->limbo_next = NULL;
}

static struct magpool *take_list(struct magpool **list)
{
	struct magpool *pool;

	if (!mp_registry_lock())
		return NULL;
	pool = *list;
	*list = NULL;
	mp_registry_release();
	return pool;
}

/* A list of closed pools, which walkers may still read. */
static void put_limbo(struct magpool *pool)
{
	mp_registry_lock();
	for (struct magpool *next; pool; pool = next) {
		next = pool->limbo_next;
		pool->limbo_next = mp_registry.limbo;
		mp_registry.limbo = pool;
		mp_add_relaxed(&mp_registry.in_limbo, 1);
	}
	mp_registry_release();
}

/*
 * Frees all that walkers do not read.  Without the mutex: the host's unmap may
 * take a lock that is held around another call of ours.
 */
static void close_ended(void)
{
	struct magpool *pool = take_list(&mp_registry.closing);

	if (!pool)
		return;
	for (struct magpool *p = pool; p; p = p->limbo_next)
		mp_pool_close(p);
	put_limbo(pool);
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
	/*
	 * Not by way of the others' list: after our return the host's unmap is
	 * called no more.
	 */
	mp_pool_close(pool);
	put_limbo(pool);
	mp_registry_collect(1);
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
			mp_registry_free_record(cache);
		else
			mp_store_relaxed(&cache->state, MP_CACHE_FREE);
		cache = next;
	}
}

static void free_pools(struct magpool *pool)
{
	mp_registry_lock();
	for (struct magpool *next; pool; pool = next) {
		next = pool->limbo_next;
		collect_caches(pool);
		mp_pool_free(pool);
	}
	mp_registry_release();
}

/*
 * Without RCU.  The later of this and a walker's first step sees the other:
 * the walker finds the pools off the list, or we find the walker.
 */
static bool is_walked(void)
{
	return mp_add_seq(&mp_registry.walkers, 0) != 0;
}

static bool wait_for_grace(void)
{
	uint64_t start = mp_platform_monotonic();
	bool waited = mp_rcu_wait();

	if (waited) {
		mp_tally_add(&mp_default_pool.grace_periods, 1);
		mp_tally_add(&mp_default_pool.grace_nanoseconds,
			     mp_platform_monotonic() - start);
	}
	return waited;
}

void mp_registry_collect(uint32_t least)
{
	struct magpool *pool;

	if (mp_load_relaxed(&mp_registry.in_limbo) < least)
		return;
	pool = take_list(&mp_registry.limbo);
	if (!pool)
		return;
	mp_store_relaxed(&mp_registry.in_limbo, 0);
	/* In a fork child walkers hold the mutex, so this needs no wait. */
	if (mp_registry.forked || wait_for_grace() || !is_walked())
		free_pools(pool);
	else
		put_limbo(pool);
	/* For those who found the mutex taken. */
	mp_registry_reap();
}

/* ---- abandoned pools ----------------------------------------------------- */

/* Brief: for a return that was just about to end when abandon came. */
#define ABANDON_LOOKS 100

void mp_registry_abandon(struct magpool *pool)
{
	if (!mp_registry_lock())
		return;
	mp_store_relaxed(&pool->state, MP_POOL_ABANDONED);
	mp_show_pool_abandoned(pool);
	mp_add_seq(&mp_registry.abandoned, 1);
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
			mp_sub_relaxed(&mp_registry.abandoned, 1);
			retire(pool);
			pool->limbo_next = mp_registry.closing;
			mp_registry.closing = pool;
		}
		pool = next;
	}
}

void mp_registry_reap(void)
{
	/*
	 * After our own count of a return: either we see the pool abandoned, or
	 * abandon sees our count.  Its membarrier stands for the fence that is
	 * not here.
	 */
	if (mp_likely(!mp_load_seq(&mp_registry.abandoned)))
		return;
	do {
		mp_exchange_seq(&mp_registry.reap_wanted, true);
		/* The holder looks for our wish when it lets go. */
		if (!mp_registry_try_lock())
			return;
		mp_exchange_seq(&mp_registry.reap_wanted, false);
		reap_all();
		mp_registry_release();
		close_ended();
	} while (mp_load_seq(&mp_registry.reap_wanted));
}
