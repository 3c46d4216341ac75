/* SPDX-License-Identifier: MIT */
/* One of the processes of --targets. */
#include "target.h"

#include "group.h"
#include "measure.h"
#include "progress.h"
#include "settings.h"
#include "util.h"

/* The warm-up, and what is lost at the ends of batches, in repeats. */
enum { MORE_REPEATS = 2 };

/* A shorter repeat would measure how threads start. */
static const double least_slice_ns = 2e6;

/* For each repeat of a trial: its share of what is left from that set on. */
static double slice_of(const struct perf_settings *settings,
		       const struct perf_plan *plan, size_t set, double left)
{
	double weights = 0;

	for (size_t i = set; i < plan->count; i++)
		weights += perf_target_sets[i].weight *
			   (double)(plan->group[i].rows * plan->group[i].peers);
	return left / (weights * (settings->repeats + MORE_REPEATS)) *
	       perf_target_sets[set].weight;
}

/* On a busy machine all takes longer: then what comes later gets less. */
static uint64_t next_slice(const struct perf_settings *settings,
			   const struct perf_plan *plan, size_t set,
			   uint64_t start)
{
	double all = settings->seconds / settings->processes * 1e9;
	double wanted = slice_of(settings, plan, set,
				 all - (double)(tool_now() - start));
	double least = least_slice_ns * perf_target_sets[set].weight;

	return (uint64_t)(wanted > least ? wanted : least);
}

void perf_target_part(const struct perf_settings *settings,
		      struct perf_plan *plan, FILE *out)
{
	uint64_t start = tool_now();
	struct perf_progress progress;

	perf_progress_init(&progress,
			   plan->trials * (settings->repeats + (size_t)1));
	for (size_t i = 0; i < plan->count; i++) {
		perf_measure(plan, i, settings->repeats,
			     next_slice(settings, plan, i, start), &progress);
		perf_target_check(settings, plan, i, perf_target_item_print,
				  out);
	}
	perf_progress_fini(&progress);
}
