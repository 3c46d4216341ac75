/* SPDX-License-Identifier: MIT */
#include "target.h"

#include <string.h>

#include "group.h"
#include "peer.h"
#include "settings.h"
#include "util.h"
#include "workload.h"

static bool wants(const struct perf_target_set *set,
		  const struct perf_peer *peer)
{
	for (size_t i = 0; set->peers[i]; i++)
		if (strcmp(set->peers[i], peer->name) == 0)
			return true;
	return set->rivals && peer->is_rival;
}

/* Of the peers that are there, with their processes. */
static void keep_wanted(struct perf_settings *settings,
			const struct perf_target_set *set)
{
	size_t kept = 0;

	for (size_t i = 0; settings->peers[i]; i++) {
		if (!wants(set, settings->peers[i]) &&
		    settings->task != PERF_SERVE)
			continue;
		settings->peers[kept] = settings->peers[i];
		settings->remotes[kept++] = settings->remotes[i];
	}
	settings->peers[kept] = NULL;
}

static unsigned threads_of(unsigned threads)
{
	return threads == PERF_CORES ? perf_cores() : threads;
}

static void add_set(struct perf_plan *plan,
		    const struct perf_settings *settings,
		    const struct perf_shapes *shapes,
		    const struct perf_target_set *set)
{
	struct perf_settings own = *settings;

	keep_wanted(&own, set);
	memset(own.workloads, 0, sizeof(own.workloads));
	own.workloads[0] = perf_workload_find(set->workload);
	own.variant = set->variant;
	own.mixes[0] = set->mix;
	own.mixes[1] = NULL;
	own.threads[0] = threads_of(set->threads[0]);
	own.threads[1] = threads_of(set->threads[1]);
	own.threads[2] = 0;
	perf_plan_make(plan, &own, shapes);
}

void perf_target_plan(struct perf_plan *plan,
		      const struct perf_settings *settings,
		      const struct perf_shapes *shapes)
{
	for (size_t i = 0; i < perf_target_set_count; i++)
		add_set(plan, settings, shapes, &perf_target_sets[i]);
}
