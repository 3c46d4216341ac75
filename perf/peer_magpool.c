/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <magpool/magpool.h>

#define PEER_WORDS(n) 1
#define PEER_CAN (CAN_CALL | CAN_GET | CAN_NEST | CAN_HOLD | CAN_CROSS)

static inline bool peer_get(void *state, void **hold)
{
	(void)state;
	hold[0] = magpool_get();
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

const struct perf_peer perf_peer_magpool = {
	.name = "magpool",
	.text = "magpool_get and magpool_return, the default pool",
	.is_usual = true,
	.loop = PEER_LOOPS,
};
