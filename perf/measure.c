/* SPDX-License-Identifier: MIT */
#include "measure.h"

#include <string.h>

#include "group.h"
#include "latency.h"
#include "progress.h"
#include "sequence.h"
#include "session.h"
#include "workload.h"

/* Whole sequences, so that every peer makes the same calls. */
static uint64_t round_cycles(const struct perf_group *group, double cycles)
{
	uint64_t unit = group->calls ? group->calls->calls : 1;
	uint64_t units;

	if (group->variant->unit)
		unit = group->variant->unit;
	units = (uint64_t)(cycles / (double)unit);
	return unit * (units ? units : 1);
}

/* The shorter of two: a batch that lost its core says nothing of its length. */
static uint64_t try_out(struct perf_session *session, size_t at)
{
	uint64_t first = perf_session_run(session, at).wall;
	uint64_t second = perf_session_run(session, at).wall;

	return first < second ? first : second;
}

/* Also the warm-up: it ends with batches of at least a quarter slice. */
static void calibrate(struct perf_session *session, struct perf_group *group,
		      size_t at, uint64_t slice)
{
	struct perf_trial *trial = &group->trial[at];
	uint64_t wall;

	trial->cycles = round_cycles(group, 1);
	for (;;) {
		wall = try_out(session, at);
		if (wall >= slice / 4)
			break;
		trial->cycles *= wall < slice / 64 ? 8 : 2;
	}
	trial->cycles = round_cycles(
		group, (double)trial->cycles * (double)slice / (double)wall);
	if (trial->latency)
		memset(trial->latency, 0, sizeof(*trial->latency));
}

static void repeat(struct perf_session *session, struct perf_group *group,
		   size_t at, unsigned turn)
{
	struct perf_trial *trial = &group->trial[at];
	struct perf_taken taken = perf_session_run(session, at);

	trial->ns[turn] =
		(double)taken.wall / (double)trial->cycles / trial->turns;
	trial->share[turn] = taken.share;
}

void perf_measure(struct perf_plan *plan, size_t number, unsigned repeats,
		  uint64_t slice, struct perf_progress *progress)
{
	struct perf_group *group = &plan->group[number];
	struct perf_session *session = perf_session_open(plan, number);
	size_t trials = group->rows * group->peers;

	perf_depot_read(&group->before);
	for (size_t i = 0; i < trials; i++) {
		perf_progress_step(progress, group->label);
		calibrate(session, group, i, slice);
	}
	for (unsigned turn = 0; turn < repeats; turn++)
		for (size_t i = 0; i < trials; i++) {
			perf_progress_step(progress, group->label);
			/* Nobody always comes after the same peer. */
			repeat(session, group, (i + turn) % trials, turn);
		}
	perf_depot_read(&group->after);
	perf_session_close(session);
}
