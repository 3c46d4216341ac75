/* SPDX-License-Identifier: MIT */
/* Part of loops.h: get and return, and nothing between them. */

static void loop_cycle(void *state, const struct perf_work *work)
{
	void *hold[PEER_WORDS(1)];

	for (uint64_t i = 0; i < work->cycles; i++) {
		begin(state, hold);
		native_call();
		peer_return(state, hold, 0);
	}
}
