/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <stdlib.h>

#include "connect.h"
#include "group.h"
#include "latency.h"
#include "peer.h"
#include "remote.h"
#include "sequence.h"
#include "util.h"
#include "workload.h"

struct perf_session {
	struct perf_group *group;
	size_t number; /* of the group in its plan */
	struct perf_crew *crew;
	struct perf_work **work; /* for each row, for each thread */
};

/* The first trial of a row: what all peers of the row have in common. */
static struct perf_trial *row_of(const struct perf_group *group, size_t row)
{
	return &group->trial[row * group->peers];
}

static struct perf_work *make_work(const struct perf_group *group,
				   unsigned threads)
{
	struct perf_work *work = tool_zalloc(threads, sizeof(*work));

	for (unsigned i = 0; i < threads; i++) {
		work[i].calls = group->calls;
		work[i].amount = group->variant->amount;
		if (group->workload->is_latency)
			work[i].latency =
				perf_zalloc_apart(sizeof(*work[i].latency));
	}
	if (group->variant->connect)
		group->variant->connect(work, threads);
	return work;
}

static void free_work(struct perf_work *work, unsigned threads)
{
	perf_disconnect(work, threads);
	for (unsigned i = 0; i < threads; i++)
		free(work[i].latency);
	free(work);
}

/* Calls that a batch makes in one cycle of every thread. */
static unsigned count_calls(const struct perf_work *work, unsigned threads)
{
	unsigned calls = 0;

	for (unsigned i = 0; i < threads; i++)
		calls += !work[i].rings  ? 1
			 : work[i].gives ? work[i].ring_count
					 : 0;
	return calls;
}

/* Of these, what one thread makes itself: it is in step with others. */
static unsigned most_calls(const struct perf_work *work, unsigned threads)
{
	unsigned most = 1;

	for (unsigned i = 0; i < threads; i++)
		if (most < work[i].ring_count)
			most = work[i].ring_count;
	return most;
}

static void open_row(struct perf_session *session, size_t row)
{
	struct perf_trial *trial = row_of(session->group, row);
	unsigned threads = trial->threads;
	struct perf_work *work = make_work(session->group, threads);
	unsigned turns = most_calls(work, threads);
	unsigned lanes = count_calls(work, threads) / turns;

	for (size_t i = 0; i < session->group->peers; i++) {
		trial[i].turns = turns;
		trial[i].lanes = lanes;
	}
	session->work[row] = work;
}

struct perf_session *perf_session_open(struct perf_plan *plan, size_t group)
{
	struct perf_session *session = tool_zalloc(1, sizeof(*session));
	const struct perf_sequence *calls = plan->group[group].calls;
	size_t most = plan->group[group].workload->most;

	if (calls && most < calls->most)
		most = calls->most;
	session->number = group;
	session->group = &plan->group[group];
	session->crew = perf_crew_create(session->group->most_threads,
					 session->group->peers, most);
	session->work = tool_zalloc(session->group->rows, sizeof(void *));
	for (size_t i = 0; i < session->group->rows; i++)
		open_row(session, i);
	return session;
}

static struct perf_taken run_here(struct perf_session *session,
				  const struct perf_trial *trial,
				  struct perf_batch batch)
{
	struct perf_taken taken;

	for (unsigned i = 0; i < trial->threads; i++)
		batch.work[i].cycles = trial->cycles;
	taken = perf_crew_run(session->crew, &batch);
	for (unsigned i = 0; trial->latency && i < trial->threads; i++)
		perf_latency_move(trial->latency, batch.work[i].latency);
	return taken;
}

struct perf_taken perf_session_run(struct perf_session *session, size_t trial)
{
	const struct perf_group *group = session->group;
	const struct perf_trial *run = &group->trial[trial];
	size_t row = trial / group->peers;
	struct perf_batch batch = {
		.peer = run->peer,
		.slot = trial % group->peers,
		.loop = group->variant->loop,
		.threads = run->threads,
		.work = session->work[row],
	};

	if (run->remote)
		return perf_remote_run(run->remote, session->number, row,
				       run->cycles, run->latency);
	return run_here(session, run, batch);
}

void perf_session_close(struct perf_session *session)
{
	const struct perf_group *group = session->group;

	perf_crew_destroy(session->crew);
	for (size_t i = 0; i < group->rows; i++)
		free_work(session->work[i], row_of(group, i)->threads);
	free(session->work);
	free(session);
}
