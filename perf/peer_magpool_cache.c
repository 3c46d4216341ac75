/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <magpool/magpool.h>

#include "util.h"

#define PEER_WORDS(n) 1
#define PEER_CAN (CAN_CALL | CAN_GET | CAN_NEST | CAN_HOLD | CAN_CROSS)

static inline bool peer_get(void *state, void **hold)
{
	hold[0] = magpool_cache_get(state);
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
	(void)n;
	magpool_cache_return(state, hold[0]);
}

#include "loops.h"

static void *open_cache(size_t most)
{
	struct magpool_cache *cache = magpool_cache_create(magpool_default());

	(void)most;
	if (!cache)
		tool_out_of_memory();
	return cache;
}

static void close_cache(void *state)
{
	struct magpool_cache *cache = state;

	magpool_cache_destroy(&cache);
}

const struct perf_peer perf_peer_magpool_cache = {
	.name = "magpool-cache",
	.text = "the same with an explicit cache for each thread",
	.open = open_cache,
	.close = close_cache,
	.is_usual = true,
	.loop = PEER_LOOPS,
};
