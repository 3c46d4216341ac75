/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

#include "util.h"

/* Seldom, so that drawing it does not disturb what is measured. */
enum { INTERVAL_NS = 200000000 };

void perf_progress_init(struct perf_progress *progress, size_t steps)
{
	*progress = (struct perf_progress){
		.steps = steps,
		.is_on = steps && isatty(STDERR_FILENO),
	};
}

void perf_progress_step(struct perf_progress *progress, const char *what)
{
	uint64_t now = tool_now();

	progress->done++;
	if (!progress->is_on || now - progress->shown < INTERVAL_NS)
		return;
	progress->shown = now;
	fprintf(stderr, "\r%3zu %%  %-30.30s",
		progress->done * 100 / progress->steps, what);
}

void perf_progress_fini(struct perf_progress *progress)
{
	if (progress->is_on)
		fprintf(stderr, "\r%-37s\r", "");
}
