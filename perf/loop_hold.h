/* SPDX-License-Identifier: MIT */
/*
 * Part of loops.h: arenas held for a random time while others come and go.
 * A cycle returns one of those held, by lot, and gets another in its place.
 */

enum { HOLD_MOST = 64 };

static inline void hold_cycle(void *state, void **hold)
{
	peer_return(state, hold, SMALL);
	small_call(state, hold);
}

static void loop_hold(void *state, const struct perf_work *work)
{
	void *hold[HOLD_MOST][PEER_WORDS(SMALL)];
	uint64_t lot = 1;

	for (size_t k = 0; k < HOLD_MOST; k++)
		small_call(state, hold[k]);
	for (uint64_t i = 0; i < work->cycles; i++)
		hold_cycle(state, hold[next_random(&lot) % HOLD_MOST]);
	for (size_t k = 0; k < HOLD_MOST; k++)
		peer_return(state, hold[k], SMALL);
}
