/* SPDX-License-Identifier: MIT */
/*
 * A remote peer: this tool again, in another process, with another malloc
 * preloaded or linked in another way.  It has the same plan and runs one batch
 * whenever it is told to, so that its repeats fall between those of the
 * others; while it is not told to, it sleeps.
 */
#ifndef PERF_REMOTE_H
#define PERF_REMOTE_H

#include <stddef.h>
#include <stdint.h>

#include "crew.h"

struct perf_latency;
struct perf_plan;
struct perf_remote;
struct perf_series;

/* The program with its own arguments; NULL when the peer is not there. */
struct perf_remote *perf_remote_start(const struct perf_peer *peer,
				      char *const *arguments);
/* Adds to what latency holds; NULL: the workload records none. */
struct perf_taken perf_remote_run(struct perf_remote *remote, size_t group,
				  size_t row, uint64_t cycles,
				  struct perf_latency *latency);
void perf_remote_series(struct perf_remote *remote, size_t group, size_t row,
			struct perf_series *series);
/* Ends the process.  NULL does nothing. */
void perf_remote_stop(struct perf_remote *remote);

/* The other side: serves until the input ends.  Never returns. */
_Noreturn void perf_remote_serve(struct perf_plan *plan);

#endif
