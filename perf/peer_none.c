/* SPDX-License-Identifier: MIT */
/*
 * No memory at all: every parameter is the same few bytes.  What a workload
 * costs by itself: its rings, its threads, its table of held arenas.
 */
#include "peer.h"

#include <stdlib.h>

#define PEER_WORDS(n) 1
#define PEER_CAN (CAN_NEST | CAN_HOLD | CAN_CROSS)

static __thread char dummy[16];

static inline bool peer_get(void *state, void **hold)
{
	(void)state;
	hold[0] = dummy;
	return true;
}

static inline void *peer_alloc(void *state, void **hold, size_t i, size_t size)
{
	(void)state;
	(void)i;
	(void)size;
	return hold[0];
}

static inline void peer_return(void *state, void **hold, size_t n)
{
	(void)state;
	(void)hold;
	(void)n;
}

#include "loops.h"

const struct perf_peer perf_peer_none = {
	.name = "none",
	.text = "no memory: what nested, hold, handoff, churn cost themselves",
	.loop = PEER_LOOPS,
};
