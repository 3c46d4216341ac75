/* SPDX-License-Identifier: MIT */
/*
 * Part of loops.h: threads that live for a few calls.  A cycle is the whole
 * life of a thread, from its creation until it was joined.
 */
#include <pthread.h>
#include <string.h>

struct life {
	void *state;
	uint64_t calls;
};

static void *live(void *argument)
{
	const struct life *life = argument;
	struct perf_work work = { .cycles = life->calls };

	loop_small(life->state, &work);
	return NULL;
}

static void loop_churn(void *state, const struct perf_work *work)
{
	uint64_t lot = 1;

	for (uint64_t i = 0; i < work->cycles; i++) {
		struct life life = {
			.state = state,
			.calls = 1 + next_random(&lot) % work->amount,
		};
		pthread_t thread;
		int error = pthread_create(&thread, NULL, live, &life);

		if (error)
			tool_die(TOOL_EXIT_FAILED, "thread: %s",
				 strerror(error));
		pthread_join(thread, NULL);
	}
}
