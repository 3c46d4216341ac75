/* SPDX-License-Identifier: MIT */
/*
 * Part of loops.h: the same as small and handoff, with the clock read around
 * each step.  What is called get here includes the first parameter, so that
 * it is the time to the first memory for every peer.
 */
#include "latency.h"

static inline void timed_call(void *state, void **hold,
			      struct perf_latency *latency)
{
	uint64_t start = tool_now(), now;

	begin(state, hold);
	parameter(state, hold, 0, 1);
	now = tool_now();
	perf_recorder_add(&latency->step[PERF_STEP_GET], now - start);
	/* Two readings with nothing between them: what reading costs. */
	start = now;
	now = tool_now();
	perf_recorder_add(&latency->step[PERF_STEP_EMPTY], now - start);
	parameter(state, hold, 1, 10);
	parameter(state, hold, 2, 100);
	parameter(state, hold, 3, 1000);
	native_call();
}

static inline void timed_return(void *state, void **hold,
				struct perf_latency *latency)
{
	uint64_t start = tool_now();

	peer_return(state, hold, SMALL);
	perf_recorder_add(&latency->step[PERF_STEP_RETURN], tool_now() - start);
}

static void loop_latency(void *state, const struct perf_work *work)
{
	void *hold[PEER_WORDS(SMALL)];

	for (uint64_t i = 0; i < work->cycles; i++) {
		timed_call(state, hold, work->latency);
		timed_return(state, hold, work->latency);
	}
}

static void loop_latency_handoff(void *state, const struct perf_work *work)
{
	void *hold[PEER_WORDS(SMALL)];

	for (uint64_t i = 0; i < work->cycles; i++)
		if (work->gives) {
			timed_call(state, hold, work->latency);
			perf_ring_put(work->rings[0], hold, PEER_WORDS(SMALL));
		} else {
			perf_ring_take(work->rings[0], hold, PEER_WORDS(SMALL));
			timed_return(state, hold, work->latency);
		}
}
