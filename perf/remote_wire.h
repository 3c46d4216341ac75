/* SPDX-License-Identifier: MIT */
/* What goes over the pipes of a remote peer; the same build on both sides. */
#ifndef PERF_REMOTE_WIRE_H
#define PERF_REMOTE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum perf_ask {
	PERF_ASK_BATCH,  /* of so many cycles */
	PERF_ASK_SERIES, /* the memory of its process over time */
};

struct perf_request {
	uint64_t ask, group, row, cycles;
};

/* To a batch; after it, where latencies are recorded, a struct perf_latency. */
struct perf_reply {
	uint64_t wall;
	double share;
};

/* To a series: the struct perf_series, then its points. */

/* The first thing a remote peer says: it is there. */
enum { PERF_HELLO = 0x6d70 };

/* All of the bytes, or false. */
bool perf_wire_read(int fd, void *to, size_t size);
bool perf_wire_write(int fd, const void *from, size_t size);

#endif
