/* SPDX-License-Identifier: MIT */
/*
 * Targets: ratios that the library should reach.  --targets measures just what
 * they need, in several processes one after another, because the addresses
 * that a process happens to get are worth more than all repeats inside it.
 */
#ifndef PERF_TARGET_H
#define PERF_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct perf_plan;
struct perf_settings;
struct perf_shapes;

/* One group of measurements that targets need. */
struct perf_target_set {
	const char *label; /* of the group */
	const char *workload, *variant;
	const char *mix;      /* NULL: it has none */
	const char *peers[8]; /* NULL after the last */
	bool rivals;          /* and every rival that is there */
	unsigned threads[2];  /* PERF_CORES, or a number; 0: no second one */
	double weight;        /* of its time */
};

enum perf_target_kind {
	PERF_TARGET_AT_MOST,   /* time of `mine` by time of `other` */
	PERF_TARGET_ABOVE,     /* ns of `mine` above those of `other` */
	PERF_TARGET_TIMES,     /* `other` is so many times slower */
	PERF_TARGET_RIVALS,    /* every rival is so many times slower */
	PERF_TARGET_CROSSING,  /* every rival that may cross threads is */
	PERF_TARGET_KEEPS,     /* calls/s with the second number of threads by
				* those with the first */
	PERF_TARGET_SCALES,    /* the same, by that of `other` */
	PERF_TARGET_PERCENTILE /* p99.9 of get by that of `other` */
};

struct perf_target {
	const char *set;  /* its label */
	const char *mine; /* a peer */
	enum perf_target_kind kind;
	const char *other; /* a peer; NULL where there are many */
	double bound;
};

extern const struct perf_target_set perf_target_sets[];
extern const size_t perf_target_set_count;
extern const struct perf_target perf_targets[];
extern const size_t perf_target_count;

/* More is better: the bound is the least that is wanted. */
bool perf_target_is_least(const struct perf_target *target);

/* What a part says about one target and one of its peers. */
struct perf_target_item {
	unsigned target;
	char other[32];
	double value;       /* median of the pairs: compared with the bound */
	double spread;      /* of the pairs: 10th to 90th percentile */
	double mine, peers; /* ns; of a percentile, ns too */
	double empty, most; /* of a percentile, ns: no step, the longest */
	int is_clean;       /* the threads had their cores */
};

/* The groups of all sets, in their order, in this and in remote processes. */
void perf_target_plan(struct perf_plan *plan,
		      const struct perf_settings *settings,
		      const struct perf_shapes *shapes);

/* A part: measures, and prints its items for the process that started it. */
void perf_target_part(const struct perf_settings *settings,
		      struct perf_plan *plan, FILE *out);

/* Gives every item of a set's group to `see`. */
typedef void perf_target_see(const struct perf_target_item *item, FILE *out);
void perf_target_check(const struct perf_settings *settings,
		       const struct perf_plan *plan, size_t set,
		       perf_target_see *see, FILE *out);

/* Several parts, then a table of all. */
void perf_target_run(const struct perf_settings *settings, char **argv,
		     FILE *out);

/* What the parts said together. */
void perf_target_report(const struct perf_settings *settings,
			const struct perf_target_item *items, size_t count,
			FILE *out);

void perf_target_item_print(const struct perf_target_item *item, FILE *out);
bool perf_target_item_scan(struct perf_target_item *item, FILE *in);

#endif
