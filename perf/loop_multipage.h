/* SPDX-License-Identifier: MIT */
/* Part of loops.h: ten parameters of 1000 bytes, more than a page holds. */

enum { MULTIPAGE = 10 };

static inline void multipage_cycle(void *state)
{
	void *hold[PEER_WORDS(MULTIPAGE)];

	begin(state, hold);
	for (size_t k = 0; k < MULTIPAGE; k++)
		parameter(state, hold, k, 1000);
	native_call();
	peer_return(state, hold, MULTIPAGE);
}

static void loop_multipage(void *state, const struct perf_work *work)
{
	for (uint64_t i = 0; i < work->cycles; i++)
		multipage_cycle(state);
}
