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
	mp_add_relaxed(&mp_registry.ended, 1);
}

/* By who has had the mutex, and so is in no handler of who holds it. */
static struct magpool *take_list(struct magpool **list)
{
	struct magpool *pool;

	mp_registry_lock();
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

/* Under the mutex. */
static void free_pools(struct magpool *pool)
{
	for (struct magpool *next; pool; pool = next) {
		next = pool->limbo_next;
		collect_caches(pool);
		mp_pool_free(pool);
		mp_sub_relaxed(&mp_registry.ended, 1);
	}
}

static void count_grace(uint64_t start)
{
	mp_tally_add(&mp_default_pool.grace_periods, 1);
	mp_tally_add(&mp_default_pool.grace_nanoseconds,
		     mp_platform_monotonic() - start);
}

/*
 * Under the mutex: those that no walker reads any more.  Those that come while
 * a period is under way wait for the next one.
 */
static struct magpool *take_passed(void)
{
	struct magpool *pool;

	if (!mp_registry.passing) {
		mp_registry.passing = mp_registry.limbo;
		mp_registry.limbo = NULL;
		mp_grace_start(&mp_registry.grace);
	}
	pool = mp_registry.passing;
	/* In a fork child walkers hold the mutex, so there are none. */
	if (!pool ||
	    (!mp_registry.forked && !mp_grace_ended(&mp_registry.grace)))
		return NULL;
	mp_registry.passing = NULL;
	return pool;
}

/* One look.  False: a walker is still there. */
static bool look(uint64_t start)
{
	struct magpool *pool;
	bool passed;

	/* A handler's interrupted thread holds it, and goes on after it. */
	if (!mp_registry_lock())
		return true;
	/* Twice at most: while we hold the mutex, none joins them. */
	while ((pool = take_passed())) {
		free_pools(pool);
		count_grace(start);
	}
	passed = !mp_registry.passing;
	mp_registry_release();
	return passed;
}

#define FIRST_PAUSE UINT64_C(100000)

static bool look_for(uint64_t patience)
{
	uint64_t start = mp_platform_monotonic();
	uint64_t pause = FIRST_PAUSE;
	uint64_t spent;

	while (!look(start)) {
		spent = mp_platform_monotonic() - start;
		if (spent >= patience)
			return false;
		if (pause > patience - spent)
			pause = patience - spent;
		mp_platform_sleep(pause);
		pause *= 2;
	}
	return true;
}

void mp_registry_collect(uint32_t least, uint64_t patience)
{
	if (mp_load_relaxed(&mp_registry.ended) < least)
		return;
	if (!look_for(patience) && patience)
		mp_tally_add(&mp_default_pool.stalled, 1);
	/* For those who found the mutex taken. */
	mp_registry_reap();
}

/* All that ended, also what waits for a period that is polled. */
static struct magpool *take_ended(void)
{
	struct magpool *pool = take_list(&mp_registry.limbo);
	struct magpool **last = &pool;

	while (*last)
		last = &(*last)->limbo_next;
	*last = take_list(&mp_registry.passing);
	return pool;
}

/* The one that waits, without bound. */
static void wait_and_free(void)
{
	struct magpool *pool = take_ended();
	uint64_t start = mp_platform_monotonic();
	bool waited = !mp_registry.forked && mp_rcu_wait();

	if (waited || mp_registry.forked) {
		mp_registry_lock();
		free_pools(pool);
		mp_registry_release();
	} else {
		/* Refused, but walkers can still be asked. */
		put_limbo(pool);
		mp_registry_collect(1, 0);
	}
	if (waited)
		count_grace(start);
	mp_registry_reap();
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
	wait_and_free();
	return 0;
}

/* ---- abandoned pools ----------------------------------------------------- */

/* Brief: for a return that was just about to end when abandon came. */
#define ABANDON_LOOKS 100

bool mp_registry_abandon(struct magpool *pool)
{
	if (!mp_registry_lock())
		return false;
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
	return true;
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
