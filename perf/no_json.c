/* SPDX-License-Identifier: MIT */
/* In place of report_json.c and compare.c when there is no jansson. */
#include "compare.h"
#include "report.h"
#include "util.h"

static _Noreturn void refuse(const char *option)
{
	tool_die(TOOL_EXIT_USAGE,
		 "%s: this magpool-perf was built without jansson", option);
}

void perf_report_json(const struct perf_settings *settings,
		      const struct perf_plan *plan, uint64_t slice, FILE *out)
{
	(void)settings;
	(void)plan;
	(void)slice;
	(void)out;
	refuse("--json");
}

void perf_compare(const char *old_file, const char *new_file, FILE *out)
{
	(void)old_file;
	(void)new_file;
	(void)out;
	refuse("--compare");
}
