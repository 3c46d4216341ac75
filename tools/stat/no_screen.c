/* SPDX-License-Identifier: MIT */
/* In place of the full screen when there is no ncurses. */
#include "screen.h"

#include "tool.h"

enum stat_exit stat_screen_run(struct stat_target *target,
			       const struct stat_settings *settings)
{
	(void)target;
	(void)settings;
	tool_die(STAT_EXIT_USAGE, "this magpool-stat was built without "
				  "ncurses: try --once or --json");
}
