/* SPDX-License-Identifier: MIT */
#include "series.h"

#include <magpool/magpool.h>
#include <malloc.h>
#include <stdlib.h>
#include <time.h>

#include "depot.h"
#include "group.h"
#include "remote.h"
#include "sampler.h"
#include "session.h"
#include "util.h"
#include "workload.h"

enum {
	INTERVAL_NS = 10000000,
	BURST_NS = 300000000,
	IDLE_NS = 1000000000,
	PAUSE_NS = 200000000
};

static void add_point(void *context, const struct perf_depot *depot,
		      uint64_t ns)
{
	struct perf_series *series = context;
	struct perf_point point = {
		.ns = ns,
		.resident = depot->resident,
		.mapped = depot->stats.bytes_mapped,
	};

	series->point =
		tool_grow(series->point, series->count + 1, sizeof(point));
	series->point[series->count++] = point;
	if (series->peak < point.resident)
		series->peak = point.resident;
}

static void pause_for(long ns)
{
	struct timespec time = {
		.tv_sec = ns / 1000000000,
		.tv_nsec = ns % 1000000000,
	};

	nanosleep(&time, NULL);
}

static void end_part(struct perf_series *series, enum perf_part part)
{
	struct perf_depot depot;

	perf_depot_read(&depot);
	series->part[part] = (struct perf_point){
		.resident = depot.resident,
		.mapped = depot.stats.bytes_mapped,
	};
}

static void burst(struct perf_session *session, struct perf_group *group,
		  size_t trial)
{
	uint64_t end = tool_now() + BURST_NS;

	group->trial[trial].cycles = group->variant->unit;
	while (tool_now() < end)
		perf_session_run(session, trial);
}

/* What a thread has cached goes with the second trim: it was idle. */
static void give_back(void)
{
	for (int i = 0; i < 2; i++)
		magpool_trim(NULL);
	malloc_trim(0);
}

void perf_series_take_one(struct perf_session *session,
			  struct perf_group *group, size_t trial,
			  struct perf_series *series)
{
	struct perf_sampler *sampler =
		perf_sampler_start(INTERVAL_NS, add_point, series);

	/* Of what was measured before. */
	give_back();
	pause_for(PAUSE_NS);
	end_part(series, PERF_PART_BEFORE);
	burst(session, group, trial);
	end_part(series, PERF_PART_BURST);
	pause_for(IDLE_NS);
	end_part(series, PERF_PART_IDLE);
	give_back();
	pause_for(PAUSE_NS);
	end_part(series, PERF_PART_TRIMMED);
	perf_sampler_stop(sampler);
}

void perf_series_take(struct perf_plan *plan, size_t number)
{
	struct perf_group *group = &plan->group[number];
	struct perf_session *session = perf_session_open(plan, number);

	group->series = tool_zalloc(group->peers, sizeof(*group->series));
	for (size_t i = 0; i < group->peers; i++) {
		struct perf_remote *remote = group->trial[i].remote;

		/* The peers of one row, so the number of its row is 0. */
		if (remote)
			perf_remote_series(remote, number, 0,
					   &group->series[i]);
		else
			perf_series_take_one(session, group, i,
					     &group->series[i]);
	}
	perf_session_close(session);
}

void perf_series_fini(struct perf_series *series)
{
	free(series->point);
}

const char *perf_part_name(enum perf_part part)
{
	static const char *const names[] = {
		[PERF_PART_BEFORE] = "before",
		[PERF_PART_BURST] = "burst",
		[PERF_PART_IDLE] = "idle",
		[PERF_PART_TRIMMED] = "trimmed",
	};

	return names[part];
}
