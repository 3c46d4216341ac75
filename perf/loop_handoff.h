/* SPDX-License-Identifier: MIT */
/*
 * Part of loops.h: the four parameters of `small`, got in one thread and
 * returned in another.  What a program would hand over goes through the ring:
 * the arena, or each parameter's pointer.
 */
#include "ring.h"

_Static_assert((int)PEER_WORDS(SMALL) <= (int)PERF_RING_WORDS,
	       "it fits a ring's cell");

static inline void give(void *state, struct perf_ring *ring)
{
	void *hold[PEER_WORDS(SMALL)];

	small_call(state, hold);
	perf_ring_put(ring, hold, PEER_WORDS(SMALL));
}

static inline void take(void *state, struct perf_ring *ring)
{
	void *hold[PEER_WORDS(SMALL)];

	perf_ring_take(ring, hold, PEER_WORDS(SMALL));
	peer_return(state, hold, SMALL);
}

static void give_all(void *state, const struct perf_work *work)
{
	for (uint64_t i = 0; i < work->cycles; i++)
		for (unsigned k = 0; k < work->ring_count; k++)
			give(state, work->rings[k]);
}

static void take_all(void *state, const struct perf_work *work)
{
	for (uint64_t i = 0; i < work->cycles; i++)
		for (unsigned k = 0; k < work->ring_count; k++)
			take(state, work->rings[k]);
}

static void loop_handoff(void *state, const struct perf_work *work)
{
	if (work->gives)
		give_all(state, work);
	else
		take_all(state, work);
}
