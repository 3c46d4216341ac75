/* SPDX-License-Identifier: MIT */
/* What the command line asked for, checked. */
#ifndef STAT_SETTINGS_H
#define STAT_SETTINGS_H

#include <stdbool.h>
#include <sys/types.h>

#include "lines.h"

enum stat_task {
	STAT_VIEW, /* the full screen */
	STAT_ONCE, /* tables; without a process: the list */
	STAT_JSON,
	STAT_OPENMETRICS,
	STAT_PROMETHEUS,
	STAT_FIELDS,
	STAT_EXPLAIN,
	STAT_CONFIG
};

struct stat_settings {
	enum stat_task task;
	pid_t pid;             /* 0: all */
	double interval;       /* seconds; 0 = none was named */
	unsigned count;        /* of looks; 0 = without end */
	const char *explained; /* STAT_EXPLAIN */
	const char *fields[STAT_MOST_FIELDS + 1]; /* NULL-terminated */
};

/* Ends the program, with status 2, when something cannot be used. */
void stat_settings_parse(struct stat_settings *settings, int argc, char **argv);

/* The columns that were asked for; ends the program if one is not there. */
void stat_settings_columns(const struct stat_settings *settings,
			   const struct stat_segment *segment,
			   struct stat_columns *columns);

#endif
