/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <magpool/magpool.h>
#include <stdlib.h>

#include "util.h"

#define PEER_WORDS(n) 1
#define PEER_CAN (CAN_CALL | CAN_GET | CAN_NEST | CAN_HOLD | CAN_CROSS)

enum { POOLS = 8 };

struct own {
	unsigned turn;
	struct magpool *pool[POOLS];
};

static inline bool peer_get(void *state, void **hold)
{
	struct own *own = state;

	hold[0] = magpool_get_from(own->pool[own->turn++ % POOLS]);
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

static void *open_pools(size_t most)
{
	struct own *own = perf_zalloc_apart(sizeof(*own));

	(void)most;
	for (size_t i = 0; i < POOLS; i++) {
		own->pool[i] = magpool_create(NULL);
		if (!own->pool[i])
			tool_out_of_memory();
	}
	return own;
}

static void close_pools(void *state)
{
	struct own *own = state;

	for (size_t i = 0; i < POOLS; i++)
		magpool_abandon(&own->pool[i]);
	free(own);
}

const struct perf_peer perf_peer_magpool_own8 = {
	.name = "magpool-own8",
	.text = "magpool_get_from, eight own pools for each thread, in turn",
	.open = open_pools,
	.close = close_pools,
	.loop = PEER_LOOPS,
};
