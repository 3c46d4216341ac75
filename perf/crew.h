/* SPDX-License-Identifier: MIT */
/*
 * A crew: threads that live through a group of measurements, so that every
 * peer finds the same threads with their caches warm.
 */
#ifndef PERF_CREW_H
#define PERF_CREW_H

#include <stddef.h>
#include <stdint.h>

#include "peer.h"

struct perf_crew;

/* One batch: `threads` of the crew run the peer's loop, each its own work. */
struct perf_batch {
	const struct perf_peer *peer;
	size_t slot; /* which of the crew's states the peer has */
	enum perf_loop_id loop;
	unsigned threads;
	struct perf_work *work; /* one for each thread */
};

struct perf_taken {
	uint64_t wall; /* ns from the first start to the last stop */
	double share;  /* of a core that each thread had, 0..1 */
};

/* Ends the program when a thread cannot be had. */
struct perf_crew *perf_crew_create(unsigned threads, size_t slots, size_t most);
struct perf_taken perf_crew_run(struct perf_crew *crew,
				const struct perf_batch *batch);
void perf_crew_destroy(struct perf_crew *crew);

#endif
