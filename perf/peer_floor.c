/* SPDX-License-Identifier: MIT */
/* The call floor: the least that any pool in a shared library can cost. */
#include "peer.h"

#include <stdlib.h>

#include "floor.h"
#include "util.h"

#define PEER_WORDS(n) 1
#define PEER_CAN (CAN_CALL | CAN_GET)

static inline bool peer_get(void *state, void **hold)
{
	hold[0] = perf_floor_get(state);
	return hold[0];
}

static inline void *peer_alloc(void *state, void **hold, size_t i, size_t size)
{
	struct perf_floor *floor = hold[0];

	(void)state;
	(void)i;
	return perf_bump_alloc(&floor->bump, size);
}

static inline void peer_return(void *state, void **hold, size_t n)
{
	(void)state;
	(void)n;
	perf_floor_return(hold[0]);
}

#include "loops.h"

static void *open_floor(size_t most)
{
	struct perf_floor *floor = perf_zalloc_apart(sizeof(*floor));

	floor->block = perf_zalloc_apart(most);
	floor->end = floor->block + most;
	return floor;
}

static void close_floor(void *state)
{
	struct perf_floor *floor = state;

	free(floor->block);
	free(floor);
}

const struct perf_peer perf_peer_floor = {
	.name = "floor",
	.text = "call floor: a shared library whose get sets two words",
	.open = open_floor,
	.close = close_floor,
	.is_usual = true,
	.loop = PEER_LOOPS,
};
