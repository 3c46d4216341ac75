/* SPDX-License-Identifier: MIT */
/* The full screen. */
#ifndef STAT_SCREEN_H
#define STAT_SCREEN_H

#include "target.h"

struct stat_settings;

/*
 * Shows the process until somebody leaves (STAT_EXIT_DONE) or it ends
 * (STAT_EXIT_GONE).  However it ends, the terminal is as it was.
 */
enum stat_exit stat_screen_run(struct stat_target *target,
			       const struct stat_settings *settings);

#endif
