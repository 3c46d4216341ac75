/* SPDX-License-Identifier: MIT */
#include "verdict.h"

#include <stdio.h>

#include "group.h"
#include "summary.h"
#include "util.h"
#include "workload.h"

/* Beyond these a figure is not clean. */
static const double most_spread = 0.10;
static const double least_share = 0.97;

void perf_verdict(const struct perf_group *group,
		  const struct perf_trial *trial, size_t repeats, char *text)
{
	double share = perf_summarise(trial->share, repeats).median;
	double spread = perf_summarise(trial->ns, repeats).spread;
	unsigned cores = perf_cores();

	*text = '\0';
	if (trial->threads > cores)
		snprintf(text, PERF_VERDICT_ROOM,
			 "not clean: more threads than cores (%u)", cores);
	else if (share < least_share && !group->variant->sleeps)
		snprintf(text, PERF_VERDICT_ROOM,
			 "not clean: had %.0f %% of its cores", share * 100);
	else if (spread > most_spread)
		snprintf(text, PERF_VERDICT_ROOM, "not clean: spread");
}
