/* SPDX-License-Identifier: MIT */
/* In place of report_json.c when there is no jansson. */
#include "report.h"

#include "tool.h"

void stat_report_json(const struct stat_target *targets, size_t count,
		      const struct stat_settings *settings, FILE *out)
{
	(void)targets;
	(void)count;
	(void)settings;
	(void)out;
	tool_die(TOOL_EXIT_USAGE,
		 "--json: this magpool-stat was built without jansson");
}
