/* SPDX-License-Identifier: MIT */
/* What the command line asked for, checked. */
#ifndef PERF_SETTINGS_H
#define PERF_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

struct perf_peer;
struct perf_remote;
struct perf_workload;

enum { PERF_MOST_NAMES = 32 };

enum perf_output { PERF_TABLE, PERF_JSON, PERF_CSV };

/* What the program is run for. */
enum perf_task {
	PERF_MEASURE,
	PERF_LIST,
	PERF_COMPARE,
	PERF_SERVE,
	PERF_TARGETS, /* in several processes ... */
	PERF_PART     /* ... of which this is one */
};

struct perf_settings {
	enum perf_task task;
	enum perf_output output;
	double seconds;
	unsigned repeats;
	unsigned processes; /* PERF_TARGETS */
	bool watches;
	bool has_targets; /* the groups are those of the targets */
	bool is_part;
	bool is_picky;      /* peers were named: each has to be there */
	const char *shapes; /* a file, NULL = built in */
	const char *plot;   /* a file, NULL = none */
	const struct perf_peer *baseline;
	const struct perf_peer *served;                 /* PERF_SERVE */
	const struct perf_peer *peers[PERF_MOST_NAMES]; /* NULL-terminated */
	struct perf_remote *remotes[PERF_MOST_NAMES];   /* of the same peers */
	const struct perf_workload *workloads[PERF_MOST_NAMES];
	const char *variant; /* its label, the only one to run; NULL = all */
	bool is_usual;       /* no workload was named */
	const char *mixes[PERF_MOST_NAMES]; /* NULL-terminated; "" = all */
	unsigned threads[PERF_MOST_NAMES];  /* 0-terminated; none = default */
	const char *compared[2];            /* files of --compare */
};

/* Ends the program, with status 2, when something cannot be used. */
void perf_settings_parse(struct perf_settings *settings, int argc, char **argv);

/* Prints what there is to choose from. */
void perf_settings_list(void);

#endif
