/* SPDX-License-Identifier: MIT */
#include "remote.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "group.h"
#include "latency.h"
#include "remote_wire.h"
#include "series.h"
#include "session.h"
#include "util.h"

static void reply_with(const void *from, size_t size)
{
	if (!perf_wire_write(STDOUT_FILENO, from, size))
		exit(TOOL_EXIT_FAILED);
}

static void run_batch(struct perf_session *session, struct perf_trial *trial,
		      const struct perf_request *request)
{
	struct perf_taken taken;
	struct perf_reply reply;

	trial->cycles = request->cycles;
	taken = perf_session_run(session, request->row);
	reply.wall = taken.wall;
	reply.share = taken.share;
	reply_with(&reply, sizeof(reply));
	if (!trial->latency)
		return;
	/* The other side adds it up. */
	reply_with(trial->latency, sizeof(*trial->latency));
	memset(trial->latency, 0, sizeof(*trial->latency));
}

static void take_series(struct perf_session *session, struct perf_group *group,
			size_t row)
{
	struct perf_series series = { 0 };

	perf_series_take_one(session, group, row, &series);
	reply_with(&series, sizeof(series));
	reply_with(series.point, series.count * sizeof(*series.point));
	perf_series_fini(&series);
}

/* A row holds one peer here, so its number is the trial's. */
static void answer(struct perf_plan *plan, struct perf_session *session,
		   const struct perf_request *request)
{
	struct perf_group *group = &plan->group[request->group];

	if (request->ask == PERF_ASK_SERIES)
		take_series(session, group, request->row);
	else
		run_batch(session, &group->trial[request->row], request);
}

/* The loader goes on without a library that it cannot find. */
static bool is_preloaded(void)
{
	const char *library = getenv("LD_PRELOAD");
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[PATH_MAX];
	bool is_there = !library;

	while (!is_there && maps && fgets(line, sizeof(line), maps))
		is_there = strstr(line, library);
	if (maps)
		fclose(maps);
	return is_there;
}

void perf_remote_serve(struct perf_plan *plan)
{
	struct perf_session *session = NULL;
	struct perf_request request;
	uint64_t hello = PERF_HELLO, open_group = 0;

	if (!is_preloaded() ||
	    !perf_wire_write(STDOUT_FILENO, &hello, sizeof(hello)))
		exit(TOOL_EXIT_FAILED);
	while (perf_wire_read(STDIN_FILENO, &request, sizeof(request))) {
		if (session && open_group != request.group) {
			perf_session_close(session);
			session = NULL;
		}
		if (!session)
			session = perf_session_open(plan, request.group);
		open_group = request.group;
		answer(plan, session, &request);
	}
	if (session)
		perf_session_close(session);
	exit(EXIT_SUCCESS);
}
