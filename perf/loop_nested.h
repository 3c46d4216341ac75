/* SPDX-License-Identifier: MIT */
/*
 * Part of loops.h: arenas held at once, as by a call whose callback makes
 * another call; the last one goes back first.  Each holds a struct of 40 bytes
 * and a name of 24.
 */

enum { NESTED = 2, NESTED_MOST = 8 };

/* A constant depth, so that the compiler sees what a program shows it. */
static inline __attribute__((always_inline)) void nest(void *state,
						       unsigned depth)
{
	void *hold[NESTED_MOST][PEER_WORDS(NESTED)];

	for (unsigned k = 0; k < depth; k++) {
		begin(state, hold[k]);
		parameter(state, hold[k], 0, 40);
		parameter(state, hold[k], 1, 24);
		native_call();
	}
	for (unsigned k = depth; k-- > 0;)
		peer_return(state, hold[k], NESTED);
}

static void loop_nested(void *state, const struct perf_work *work)
{
	if (work->amount == 2)
		for (uint64_t i = 0; i < work->cycles; i++)
			nest(state, 2);
	else
		for (uint64_t i = 0; i < work->cycles; i++)
			nest(state, NESTED_MOST);
}
