/* SPDX-License-Identifier: MIT */
/*
 * A peer: one way to get memory for the parameters of a call.
 *
 * Its file defines the operations as inline functions and then includes
 * loops.h, which compiles every loop for it, so that nothing in a measured
 * loop goes through a pointer that a program would not have.
 *
 * A remote peer is a local one in another process: with another malloc
 * preloaded, or in a program that was linked in another way.
 */
#ifndef PERF_PEER_H
#define PERF_PEER_H

#include <stdbool.h>
#include <stddef.h>

#include "work.h"

struct perf_peer {
	const char *name;
	const char *text;
	bool is_usual; /* measured when no peers are named */
	bool is_rival; /* what programs use today, and pools should beat */
	/* The state of a thread, or NULL when it needs none.  `most` is the
	 * size of the largest call, each parameter rounded up to 16. */
	void *(*open)(size_t most);
	void (*close)(void *state);
	/* NULL = it cannot do that. */
	perf_loop *loop[PERF_LOOPS];

	/* Of a remote peer only. */
	const struct perf_peer *like; /* the local peer that it runs */
	const char *preload;          /* a library, tried by these names ... */
	const char *preload_else;
	const char *program; /* ... or a program beside this one */
};

extern const struct perf_peer perf_peer_magpool;
extern const struct perf_peer perf_peer_magpool_cache;
extern const struct perf_peer perf_peer_magpool_own;
extern const struct perf_peer perf_peer_magpool_own8;
extern const struct perf_peer perf_peer_malloc;
extern const struct perf_peer perf_peer_page;
extern const struct perf_peer perf_peer_obstack;
extern const struct perf_peer perf_peer_apr;
extern const struct perf_peer perf_peer_talloc;
extern const struct perf_peer perf_peer_dpdk;
extern const struct perf_peer perf_peer_floor;
extern const struct perf_peer perf_peer_limit;
extern const struct perf_peer perf_peer_none;

/* All of them, magpool first; NULL after the last. */
extern const struct perf_peer *const perf_peers[];

/* NULL when there is no peer of that name. */
const struct perf_peer *perf_peer_find(const char *name);

bool perf_peer_can(const struct perf_peer *peer, enum perf_loop_id loop);

#endif
