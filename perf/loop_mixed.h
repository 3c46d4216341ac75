/* SPDX-License-Identifier: MIT */
/*
 * Part of loops.h: everything at once.  A cycle is one native call of the mix
 * and one cycle each of small, multipage, nested (2) and hold; one call is
 * handed to the next thread, one is taken from the thread before.
 */

static inline void mixed_cycle(void *state, const struct perf_work *work,
			       void **held)
{
	void *hold[PEER_WORDS(SMALL)];

	small_call(state, hold);
	peer_return(state, hold, SMALL);
	multipage_cycle(state);
	nest(state, 2);
	hold_cycle(state, held);
	/* Given before taken: nobody waits for a thread that waits. */
	give(state, work->rings[0]);
	take(state, work->rings[1]);
}

static void loop_mixed(void *state, const struct perf_work *work)
{
	void *held[HOLD_MOST][PEER_WORDS(SMALL)];
	void *hold[PEER_WORDS(PERF_MOST_PARAMETERS)];
	const uint32_t *at = work->calls->stream;
	uint64_t lot = 1;

	for (size_t k = 0; k < HOLD_MOST; k++)
		small_call(state, held[k]);
	for (uint64_t i = 0; i < work->cycles; i++) {
		at = call_cycle(state, work->calls, at, hold);
		mixed_cycle(state, work, held[next_random(&lot) % HOLD_MOST]);
	}
	for (size_t k = 0; k < HOLD_MOST; k++)
		peer_return(state, held[k], SMALL);
}
