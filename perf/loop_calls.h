/* SPDX-License-Identifier: MIT */
/* Part of loops.h: replays a sequence of calls, over and over. */
#include "sequence.h"
#include "shapes.h"

/* Makes the call at `at` of the stream; gives the place of the next one. */
static inline const uint32_t *call_cycle(void *state,
					 const struct perf_sequence *calls,
					 const uint32_t *at, void **hold)
{
	size_t count = *at++;

	begin(state, hold);
	for (size_t k = 0; k < count; k++)
		parameter(state, hold, k, at[k]);
	native_call();
	peer_return(state, hold, count);
	at += count;
	return at == calls->end ? calls->stream : at;
}

static void loop_calls(void *state, const struct perf_work *work)
{
	const uint32_t *at = work->calls->stream;
	void *hold[PEER_WORDS(PERF_MOST_PARAMETERS)];

	for (uint64_t i = 0; i < work->cycles; i++)
		at = call_cycle(state, work->calls, at, hold);
}
