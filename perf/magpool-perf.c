/* SPDX-License-Identifier: MIT */
/*
 * magpool-perf: the benchmark program of magpool, and the tool that shows the
 * statistics of its depot.  How a figure is taken: README.md beside this file.
 */
#include <stdio.h>
#include <stdlib.h>

#include "compare.h"
#include "group.h"
#include "measure.h"
#include "peer.h"
#include "progress.h"
#include "remote.h"
#include "report.h"
#include "series.h"
#include "settings.h"
#include "shapes.h"
#include "target.h"
#include "util.h"
#include "watch.h"
#include "workload.h"

/* Every repeat of every trial gets the same time; the warm-up counts as one. */
static uint64_t slice_of(const struct perf_settings *settings,
			 const struct perf_plan *plan)
{
	return (uint64_t)(settings->seconds * 1e9 /
			  ((double)plan->trials * (settings->repeats + 1)));
}

/* A remote peer that is missing is an error only if it was asked for. */
static void start_remotes(struct perf_settings *settings, char **argv)
{
	size_t kept = 0;

	for (size_t i = 0; settings->peers[i]; i++) {
		const struct perf_peer *peer = settings->peers[i];
		struct perf_remote *remote =
			peer->like ? perf_remote_start(peer, argv) : NULL;

		if (peer->like && !remote && settings->is_picky)
			tool_die(TOOL_EXIT_USAGE,
				 "--peers: `%s': expected %s on this machine",
				 peer->name,
				 peer->preload ? peer->preload : peer->program);
		if (peer->like && !remote)
			continue;
		settings->peers[kept] = peer;
		settings->remotes[kept++] = remote;
	}
	settings->peers[kept] = NULL;
}

static void stop_remotes(struct perf_settings *settings)
{
	for (size_t i = 0; settings->peers[i]; i++)
		perf_remote_stop(settings->remotes[i]);
}

static void measure(const struct perf_settings *settings,
		    struct perf_plan *plan, uint64_t slice)
{
	struct perf_watch *watch = settings->watches ? perf_watch_start()
						     : NULL;
	struct perf_progress progress;

	perf_progress_init(&progress,
			   settings->watches
				   ? 0
				   : plan->trials *
					     (settings->repeats + (size_t)1));
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->group[i].workload->is_series)
			perf_series_take(plan, i);
		perf_measure(plan, i, settings->repeats, slice, &progress);
	}
	perf_progress_fini(&progress);
	if (watch)
		perf_watch_stop(watch);
}

static void print_tables(const struct perf_settings *settings,
			 const struct perf_plan *plan)
{
	perf_report_results(settings, plan, stdout);
	perf_report_scaling(settings, plan, stdout);
	perf_report_latency(plan, stdout);
	perf_report_series(plan, stdout);
	perf_report_depot(plan, stdout);
}

static void measure_and_report(const struct perf_settings *settings,
			       struct perf_plan *plan)
{
	uint64_t slice = slice_of(settings, plan);

	if (settings->output == PERF_TABLE) {
		perf_report_machine(settings, plan, slice, stdout);
		fflush(stdout);
	}
	measure(settings, plan, slice);
	if (settings->output == PERF_JSON)
		perf_report_json(settings, plan, slice, stdout);
	else if (settings->output == PERF_CSV)
		perf_report_csv(settings, plan, stdout);
	else
		print_tables(settings, plan);
	if (settings->plot)
		perf_report_plot(settings, plan);
}

static void run_targets(const struct perf_settings *settings, char **argv)
{
	if (settings->output == PERF_TABLE) {
		perf_report_system(stdout);
		fputc('\n', stdout);
		fflush(stdout);
	}
	perf_target_run(settings, argv, stdout);
}

static void run(struct perf_settings *settings, char **argv)
{
	struct perf_plan plan = { 0 };
	struct perf_shapes shapes;

	perf_shapes_read(&shapes, settings->shapes);
	if (settings->task != PERF_SERVE)
		start_remotes(settings, argv);
	if (settings->has_targets)
		perf_target_plan(&plan, settings, &shapes);
	else
		perf_plan_make(&plan, settings, &shapes);
	if (settings->task == PERF_SERVE)
		perf_remote_serve(&plan);
	if (settings->task == PERF_PART)
		perf_target_part(settings, &plan, stdout);
	else
		measure_and_report(settings, &plan);
	stop_remotes(settings);
	perf_plan_fini(&plan);
	perf_shapes_fini(&shapes);
}

int main(int argc, char **argv)
{
	struct perf_settings settings;

	perf_settings_parse(&settings, argc, argv);
	if (settings.task == PERF_LIST)
		perf_settings_list();
	else if (settings.task == PERF_COMPARE)
		perf_compare(settings.compared[0], settings.compared[1],
			     stdout);
	else if (settings.task == PERF_TARGETS)
		run_targets(&settings, argv);
	else
		run(&settings, argv);
	tool_finish_output();
	return EXIT_SUCCESS;
}
