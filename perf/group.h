/* SPDX-License-Identifier: MIT */
/*
 * A group: what is measured interleaved, repeat by repeat, because it will be
 * compared.  One variant of a workload (and one mix), each number of threads,
 * each peer.
 */
#ifndef PERF_GROUP_H
#define PERF_GROUP_H

#include <stddef.h>
#include <stdint.h>

#include "depot.h"

struct perf_latency;
struct perf_peer;
struct perf_remote;
struct perf_sequence;
struct perf_settings;
struct perf_shapes;
struct perf_variant;
struct perf_workload;

/* One peer with one number of threads. */
struct perf_trial {
	const struct perf_peer *peer;
	struct perf_remote *remote; /* NULL: in this process */
	unsigned threads;
	unsigned lanes;  /* calls that are made at the same time */
	unsigned turns;  /* calls that a lane makes in a cycle of the loop */
	uint64_t cycles; /* of the loop, in one repeat */
	double *ns;      /* a call, for each repeat */
	double *share;   /* of a core that a thread had, for each repeat */
	struct perf_latency *latency; /* NULL: the workload records none */
};

struct perf_group {
	char *label;
	const struct perf_workload *workload;
	const struct perf_variant *variant;
	struct perf_sequence *calls; /* NULL: no call shapes */
	unsigned most_threads;
	size_t rows;                /* numbers of threads */
	size_t peers;               /* trials of a row */
	struct perf_trial *trial;   /* row by row */
	struct perf_series *series; /* one for each peer, or NULL */
	struct perf_depot before, after;
};

struct perf_plan {
	struct perf_group *group;
	size_t count;
	size_t trials; /* of all groups */
};

/* Ends the program, with status 2, when a mix has no rows. */
void perf_plan_make(struct perf_plan *plan,
		    const struct perf_settings *settings,
		    const struct perf_shapes *shapes);
void perf_plan_fini(struct perf_plan *plan);

/* The trial of that peer in the row, NULL if it is not there. */
const struct perf_trial *perf_group_find(const struct perf_group *group,
					 size_t row,
					 const struct perf_peer *peer);

#endif
