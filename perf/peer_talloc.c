/* SPDX-License-Identifier: MIT */
/* A talloc pool for each call: one block, freed with all that is in it. */
#include "peer.h"

#include <stdlib.h>
#include <talloc.h>

#define PEER_WORDS(n) 1
#define PEER_CAN (CAN_CALL | CAN_GET | CAN_NEST | CAN_HOLD | CAN_CROSS)

enum { POOL_BYTES = 4096 };

static inline bool peer_get(void *state, void **hold)
{
	(void)state;
	hold[0] = talloc_pool(NULL, POOL_BYTES);
	return hold[0];
}

static inline void *peer_alloc(void *state, void **hold, size_t i, size_t size)
{
	(void)state;
	(void)i;
	return talloc_size(hold[0], size);
}

static inline void peer_return(void *state, void **hold, size_t n)
{
	(void)state;
	(void)n;
	talloc_free(hold[0]);
}

#include "loops.h"

const struct perf_peer perf_peer_talloc = {
	.name = "talloc",
	.text = "talloc_pool of 4096 bytes, freed at once",
	.is_rival = true,
	.loop = PEER_LOOPS,
};
