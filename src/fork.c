/* SPDX-License-Identifier: MIT */
/*
 * fork: prepare takes the registry's mutex, and under LeakSanitizer the lock in
 * front of that one's (watch.c).  The depot's lists are whole at every moment.
 * The child wipes the tables of threads, takes over the caches in which nobody
 * was, and counts the rest as leaked; it does not touch liburcu.
 */
#include "registry_state.h"

#include "background.h"
#include "guard.h"
#include "journal.h"
#include "loans.h"
#include "show.h"
#include "stats.h"
#include "watch.h"

/* Of this thread's fork: a handler may fork while it forks. */
static __thread unsigned int depth;
static __thread bool locked;

void mp_registry_before_fork(void)
{
	bool now = mp_registry_lock();

	if (depth++ == 0) {
		locked = now;
		mp_watch_before_fork();
	}
}

static void end_fork(void)
{
	if (--depth)
		return;
	mp_watch_after_fork();
	/* Without a look for reapers: unmapping is not for fork handlers. */
	if (locked)
		mp_registry_release();
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
static void take_over(struct magpool *pool, struct magpool_cache *cache,
		      bool whole)
{
	struct mp_operation *operation = &cache->operation;

	if (mp_operation_runs(operation) || !whole) {
		/* In the middle of something: not to be trusted. */
		mp_count(&cache->own, unchained, mp_cache_spare(cache));
		mp_cache_forget(cache);
		mp_store_relaxed(&operation->inside, 0);
		mp_store_relaxed(&operation->busy, 0);
	} else {
		mp_tally_add(&pool->fork_flushes, 1);
		/* The host's unmap is not called inside fork. */
		mp_cache_empty(pool, cache, true);
	}
	if (mp_load_relaxed(&cache->state) == MP_CACHE_ATTACHED)
		mp_registry_unbind(cache);
}

/* An explicit cache in which a thread was that does not exist here. */
static bool is_broken(struct magpool_cache *cache)
{
	return mp_operation_runs(&cache->operation) &&
	       !mp_operation_is_own(&cache->operation,
				    mp_platform_thread_pointer());
}

static bool is_broken_or_orphan(struct magpool_cache *cache, bool whole)
{
	uint32_t state = mp_load_relaxed(&cache->state);

	return state == MP_CACHE_ATTACHED ||
	       (state == MP_CACHE_EXPLICIT && (is_broken(cache) || !whole));
}

static void take_over_pool(struct magpool *pool, struct magpool_cache *self)
{
	struct magpool_cache *cache = NULL;
	struct magpool_cache *own = NULL;
	/* This thread is in an operation, which a handler interrupted. */
	bool working = false;

	mp_quiesce_after_fork(&pool->quiesce);
	mp_slabs_after_fork(&pool->slabs);
	mp_depot_after_fork(&pool->depot);
	mp_quarantine_after_fork(&pool->quarantine);
	mp_loans_after_fork(pool);
	/* For the leak report. */
	if (pool->debug > 1)
		mp_slabs_visit(&pool->slabs, mp_guard_inherit);
	mp_store_relaxed(&pool->pins, 0);
	while ((cache = mp_registry_next_cache(pool, cache))) {
		bool whole = mp_drain_after_fork(cache);

		mp_operation_after_fork(&cache->operation);
		if (is_own(self, cache))
			own = cache;
		else if (is_broken_or_orphan(cache, whole))
			take_over(pool, cache, whole);
		/* Whose operations are left. */
		working |= mp_operation_runs(&cache->operation);
	}
	mp_pool_wipe_table(pool, own);
	mp_stats_count_leaks(pool, working);
}

void mp_registry_after_fork_child(struct magpool_cache *self)
{
	struct magpool *pool = NULL;

	mp_registry.forked = true;
	if (!mp_load_relaxed(&mp_registry.started)) {
		end_fork();
		return;
	}
	mp_show_fork_begin();
	while ((pool = mp_registry_next_pool(pool)))
		take_over_pool(pool, self);
	mp_stats_show_retired();
	mp_show_fork_end();
	mp_background_after_fork();
	mp_journal_after_fork();
	end_fork();
}
