/* SPDX-License-Identifier: MIT */
/*
 * Pools of the Apache Portable Runtime: one for each thread, cleared after
 * each call; further ones are made for arenas held at the same time.
 */
#include "peer.h"

#include <apr_allocator.h>
#include <apr_general.h>
#include <apr_pools.h>
#include <pthread.h>
#include <stdlib.h>

#include "util.h"

#define PEER_WORDS(n) 1
#define PEER_CAN (CAN_CALL | CAN_GET | CAN_NEST | CAN_HOLD)

struct thread_pool {
	apr_allocator_t *allocator; /* of this thread, so without a lock */
	apr_pool_t *pool;
	bool is_used;
};

static bool make_pool(struct thread_pool *mine, apr_pool_t **pool)
{
	return apr_pool_create_unmanaged_ex(pool, NULL, mine->allocator) ==
	       APR_SUCCESS;
}

static inline bool peer_get(void *state, void **hold)
{
	struct thread_pool *mine = state;
	apr_pool_t *pool = mine->pool;

	if (mine->is_used && !make_pool(mine, &pool))
		return false;
	mine->is_used = true;
	hold[0] = pool;
	return true;
}

static inline void *peer_alloc(void *state, void **hold, size_t i, size_t size)
{
	(void)state;
	(void)i;
	return apr_palloc(hold[0], size);
}

static inline void peer_return(void *state, void **hold, size_t n)
{
	struct thread_pool *mine = state;

	(void)n;
	if (hold[0] == mine->pool) {
		apr_pool_clear(mine->pool);
		mine->is_used = false;
	} else {
		apr_pool_destroy(hold[0]);
	}
}

#include "loops.h"

static void start_apr(void)
{
	if (apr_initialize() != APR_SUCCESS)
		tool_die(TOOL_EXIT_FAILED, "apr_initialize failed");
}

static void *open_pool(size_t most)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct thread_pool *mine = perf_zalloc_apart(sizeof(*mine));

	(void)most;
	pthread_once(&once, start_apr);
	if (apr_allocator_create(&mine->allocator) != APR_SUCCESS ||
	    !make_pool(mine, &mine->pool))
		tool_out_of_memory();
	return mine;
}

static void close_pool(void *state)
{
	struct thread_pool *mine = state;

	apr_pool_destroy(mine->pool);
	apr_allocator_destroy(mine->allocator);
	free(mine);
}

const struct perf_peer perf_peer_apr = {
	.name = "apr",
	.text = "APR pool, one for each thread, cleared",
	.is_rival = true,
	.open = open_pool,
	.close = close_pool,
	.loop = PEER_LOOPS,
};
