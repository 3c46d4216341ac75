/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <magpool/magpool.h>

#include "util.h"

#define PEER_WORDS(n) 1
#define PEER_CAN (CAN_CALL | CAN_GET | CAN_NEST | CAN_HOLD | CAN_CROSS)

static inline bool peer_get(void *state, void **hold)
{
	hold[0] = magpool_get_from(state);
	return hold[0];
}

static inline void *peer_alloc(void *state, void **hold, size_t i, size_t size)
{
	(void)state;
	(void)i;
	return magpool_alloc(hold[0], size);
}

static inline void peer_return(void *state, void **hold, size_t n)
{
	(void)state;
	(void)n;
	magpool_return(hold[0]);
}

#include "loops.h"

static void *open_pool(size_t most)
{
	struct magpool *pool = magpool_create(NULL);

	(void)most;
	if (!pool)
		tool_out_of_memory();
	return pool;
}

static void close_pool(void *state)
{
	struct magpool *pool = state;

	/* Arenas are still out if the thread that takes them is not done. */
	magpool_abandon(&pool);
}

const struct perf_peer perf_peer_magpool_own = {
	.name = "magpool-own",
	.text = "magpool_get_from, a pool of its own for each thread",
	.open = open_pool,
	.close = close_pool,
	.loop = PEER_LOOPS,
};
