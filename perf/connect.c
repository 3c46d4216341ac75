/* SPDX-License-Identifier: MIT */
#include "connect.h"

#include <stdlib.h>

#include "ring.h"
#include "util.h"

static void make_rooms(struct perf_work *work, unsigned rings, bool gives)
{
	work->rings = tool_zalloc(rings, sizeof(struct perf_ring *));
	work->gives = gives;
}

static void make_ring(struct perf_work *giver, struct perf_work *taker)
{
	struct perf_ring *ring = perf_zalloc_apart(sizeof(*ring));

	giver->rings[giver->ring_count++] = ring;
	taker->rings[taker->ring_count++] = ring;
}

void perf_connect_pairs(struct perf_work *work, unsigned threads)
{
	for (unsigned i = 0; i < threads; i += 2) {
		make_rooms(&work[i], 1, true);
		make_rooms(&work[i + 1], 1, false);
		make_ring(&work[i], &work[i + 1]);
	}
}

void perf_connect_fan_out(struct perf_work *work, unsigned threads)
{
	make_rooms(work, threads - 1, true);
	for (unsigned i = 1; i < threads; i++) {
		make_rooms(&work[i], 1, false);
		make_ring(work, &work[i]);
	}
}

void perf_connect_fan_in(struct perf_work *work, unsigned threads)
{
	make_rooms(work, threads - 1, false);
	for (unsigned i = 1; i < threads; i++) {
		make_rooms(&work[i], 1, true);
		make_ring(&work[i], work);
	}
}

void perf_connect_circle(struct perf_work *work, unsigned threads)
{
	for (unsigned i = 0; i < threads; i++) {
		/* [0] to the next one, which it owns; [1] from the last one. */
		make_rooms(&work[i], 2, true);
		work[i].rings[0] = perf_zalloc_apart(sizeof(struct perf_ring));
		work[i].ring_count = 1;
	}
	for (unsigned i = 0; i < threads; i++)
		work[(i + 1) % threads].rings[1] = work[i].rings[0];
}

void perf_disconnect(struct perf_work *work, unsigned threads)
{
	for (unsigned i = 0; i < threads; i++) {
		/* Each ring has one giver, and that one frees it. */
		for (unsigned k = 0; work[i].gives && k < work[i].ring_count;
		     k++)
			free(work[i].rings[k]);
		free(work[i].rings);
	}
}
