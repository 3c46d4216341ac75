/* SPDX-License-Identifier: MIT */
/* A fork in the middle of a drain, as a signal handler makes it. */
#include "drain.h"

#include "registry.h"
#include "validate.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY 40

static struct magpool *pool;
static struct magpool_cache *explicit_cache;
static pthread_barrier_t turn;

static bool use_pool(void)
{
	struct magpool_arena *arena[MANY];

	for (int i = 0; i < MANY; i++) {
		arena[i] = magpool_get_from(pool);
		if (!arena[i])
			return false;
	}
	for (int i = 0; i < MANY; i++)
		magpool_return(arena[i]);
	return true;
}

static void fill_cache(void)
{
	struct magpool_arena *arena[MANY];

	explicit_cache = magpool_cache_create(pool);
	cr_assert_not_null(explicit_cache);
	for (int i = 0; i < MANY; i++)
		arena[i] = magpool_cache_get(explicit_cache);
	for (int i = 0; i < MANY; i++)
		magpool_cache_return(explicit_cache, arena[i]);
}

/* A cache that is this thread's until the turn after. */
static void *sleep_with_a_cache(void *argument)
{
	cr_assert(use_pool());
	pthread_barrier_wait(&turn);
	pthread_barrier_wait(&turn);
	cr_assert(use_pool());
	return argument;
}

/* What a drainer has in hand when it is interrupted in its second half. */
static void set_states(enum mp_drain_state from, enum mp_drain_state to)
{
	struct magpool_cache *cache = NULL;

	while ((cache = mp_registry_next_cache(pool, cache))) {
		cr_assert_eq(mp_load_relaxed(&cache->drain.state), from);
		mp_store_relaxed(&cache->drain.state, to);
	}
}

static void go_on_in_child(void)
{
	struct magpool_cache *cache = NULL;
	struct magpool_stats stats;

	while ((cache = mp_registry_next_cache(pool, cache))) {
		if (mp_load_relaxed(&cache->drain.state) == MP_DRAIN_TAKEN)
			_exit(2);
	}
	magpool_stats_read(pool, &stats, sizeof stats);
	/* Half emptied, they are not to be trusted: theirs are lost. */
	if (stats.pages_leaked < 32 || stats.pages_cached)
		_exit(3);
	if (mp_validate(pool) || !use_pool() || mp_validate(pool))
		_exit(4);
	magpool_cache_return(explicit_cache, magpool_cache_get(explicit_cache));
	magpool_cache_destroy(&explicit_cache);
	_exit(magpool_destroy(&pool) ? 5 : 0);
}

Test(fork, a_child_does_not_go_on_with_a_drain)
{
	pthread_t thread;
	pid_t child;
	int status;

	pool = magpool_create(NULL);
	cr_assert_not_null(pool);
	fill_cache();
	pthread_barrier_init(&turn, NULL, 2);
	cr_assert_eq(pthread_create(&thread, NULL, sleep_with_a_cache, NULL),
		     0);
	pthread_barrier_wait(&turn);
	set_states(MP_DRAIN_OWNED, MP_DRAIN_TAKEN);
	child = fork();
	if (child == 0)
		go_on_in_child();
	set_states(MP_DRAIN_TAKEN, MP_DRAIN_OWNED);
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert_eq(status, 0, "status %#x", (unsigned)status);
	pthread_barrier_wait(&turn);
	pthread_join(thread, NULL);
	cr_assert_null(mp_validate(pool));
	magpool_cache_destroy(&explicit_cache);
	cr_assert_eq(magpool_destroy(&pool), 0);
}
