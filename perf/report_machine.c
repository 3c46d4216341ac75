/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <magpool/magpool.h>

#include "group.h"
#include "machine.h"
#include "peer.h"
#include "sequence.h"
#include "settings.h"

static void print_mix(const struct perf_sequence *calls, FILE *out)
{
	fprintf(out,
		"mix %-5s %zu calls by weight, %.2f parameters and %.0f "
		"bytes a call, the largest %zu bytes\n",
		*calls->mix ? calls->mix : "all", calls->calls,
		(double)calls->parameters / (double)calls->calls,
		(double)calls->bytes / (double)calls->calls, calls->most);
}

void perf_report_system(FILE *out)
{
	struct perf_machine machine;

	perf_machine_read(&machine);
	fprintf(out, "library   magpool %s (built against %s)\n",
		magpool_version(), MAGPOOL_VERSION);
	fprintf(out, "machine   %s, %u core%s, load %.2f before the run\n",
		machine.cpu, machine.cores, machine.cores == 1 ? "" : "s",
		machine.load);
	fprintf(out, "kernel    %s\ncompiler  %s\n", machine.kernel,
		machine.compiler);
}

void perf_report_machine(const struct perf_settings *settings,
			 const struct perf_plan *plan, uint64_t slice,
			 FILE *out)
{
	perf_report_system(out);
	fprintf(out,
		"settings  %u repeats of %.1f ms, peers in turn, call shapes "
		"%s\n",
		settings->repeats, (double)slice / 1e6,
		settings->shapes ? settings->shapes : "built in");
	for (size_t i = 0; i < plan->count; i++)
		if (plan->group[i].calls)
			print_mix(plan->group[i].calls, out);
	fputc('\n', out);
}
