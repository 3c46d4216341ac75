/* SPDX-License-Identifier: MIT */
/* A process that is looked at: its segments, and samples of them. */
#ifndef STAT_TARGET_H
#define STAT_TARGET_H

#include "find.h"
#include "process.h"
#include "sample.h"

struct stat_target {
	pid_t pid;
	char command[STAT_COMMAND_ROOM];
	struct stat_found found;
	struct stat_sample sample[STAT_MOST_SEGMENTS]; /* found.count of them */
};

/* STAT_EXIT_DONE: there is one, with a first sample taken. */
enum stat_exit stat_target_open(struct stat_target *target, pid_t pid);

/* The next samples.  STAT_EXIT_GONE: it ended, or runs another program. */
enum stat_exit stat_target_take(struct stat_target *target);
void stat_target_close(struct stat_target *target);

/* It is there from now on, and no more here. */
void stat_target_move(struct stat_target *to, const struct stat_target *from);

/* All that can be looked at, each with a first sample; *targets to be freed. */
size_t stat_targets_open(struct stat_target **targets);

#endif
