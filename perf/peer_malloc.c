/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <stdlib.h>

#define PEER_WORDS(n) (n)
#define PEER_CAN (CAN_CALL | CAN_NEST | CAN_HOLD | CAN_CROSS)

static inline bool peer_get(void *state, void **hold)
{
	(void)state;
	(void)hold;
	return true;
}

static inline void *peer_alloc(void *state, void **hold, size_t i, size_t size)
{
	(void)state;
	hold[i] = malloc(size);
	return hold[i];
}

static inline void peer_return(void *state, void **hold, size_t n)
{
	(void)state;
	for (size_t i = 0; i < n; i++)
		free(hold[i]);
}

#include "loops.h"

const struct perf_peer perf_peer_malloc = {
	.name = "malloc",
	.text = "malloc and free, one for each parameter",
	.is_rival = true,
	.is_usual = true,
	.loop = PEER_LOOPS,
};
