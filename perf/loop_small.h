/* SPDX-License-Identifier: MIT */
/* Part of loops.h: four parameters of 1, 10, 100 and 1000 bytes. */

static void loop_small(void *state, const struct perf_work *work)
{
	void *hold[PEER_WORDS(SMALL)];

	for (uint64_t i = 0; i < work->cycles; i++) {
		small_call(state, hold);
		peer_return(state, hold, SMALL);
	}
}
