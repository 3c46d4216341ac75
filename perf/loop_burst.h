/* SPDX-License-Identifier: MIT */
/* Part of loops.h: very many arenas out at once, then none.  A cycle is one. */
#include <stdlib.h>

static void burst(void *state, void **hold, size_t count)
{
	for (size_t k = 0; k < count; k++)
		small_call(state, hold + k * PEER_WORDS(SMALL));
	for (size_t k = 0; k < count; k++)
		peer_return(state, hold + k * PEER_WORDS(SMALL), SMALL);
}

static void loop_burst(void *state, const struct perf_work *work)
{
	void **hold = tool_zalloc(work->amount * (size_t)PEER_WORDS(SMALL),
				  sizeof(*hold));

	for (uint64_t i = 0; i < work->cycles; i += work->amount)
		burst(state, hold, work->amount);
	free(hold);
}
