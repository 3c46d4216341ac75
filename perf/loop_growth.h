/* SPDX-License-Identifier: MIT */
/*
 * Part of loops.h: calls that get larger, by a system page at a time up to
 * `amount`, all of it written to; then from the start.
 */

enum { GROWTH_PAGE = PERF_GROWTH_PAGE };

static inline void growth_call(void *state, size_t pages)
{
	void *hold[PEER_WORDS(1)];
	char *memory;

	begin(state, hold);
	memory = peer_alloc(state, hold, 0, pages * GROWTH_PAGE);
	if (__builtin_expect(!memory, 0))
		tool_out_of_memory();
	for (size_t i = 0; i < pages; i++)
		touch(memory + i * GROWTH_PAGE, 1);
	native_call();
	peer_return(state, hold, 1);
}

static void loop_growth(void *state, const struct perf_work *work)
{
	for (uint64_t i = 0; i < work->cycles; i++)
		growth_call(state, 1 + i % work->amount);
}
