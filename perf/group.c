/* SPDX-License-Identifier: MIT */
#include "group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "latency.h"
#include "peer.h"
#include "sequence.h"
#include "series.h"
#include "settings.h"
#include "util.h"
#include "workload.h"

static struct perf_trial make_trial(const struct perf_group *group,
				    const struct perf_settings *settings,
				    size_t peer, unsigned threads)
{
	struct perf_trial trial = {
		.peer = settings->peers[peer],
		.remote = settings->remotes[peer],
		.threads = threads,
		.ns = tool_zalloc(settings->repeats, sizeof(double)),
		.share = tool_zalloc(settings->repeats, sizeof(double)),
	};

	if (group->workload->is_latency)
		trial.latency = tool_zalloc(1, sizeof(*trial.latency));
	return trial;
}

static void add_row(struct perf_group *group,
		    const struct perf_settings *settings, unsigned threads)
{
	const struct perf_variant *variant = group->variant;
	unsigned step = variant->threads_step ? variant->threads_step : 1;
	struct perf_trial *trial;

	if (threads < variant->least_threads)
		threads = variant->least_threads;
	threads = (threads + step - 1) / step * step;
	if (group->most_threads < threads)
		group->most_threads = threads;
	group->trial = tool_grow(group->trial, (group->rows + 1) * group->peers,
				 sizeof(*group->trial));
	trial = &group->trial[group->rows++ * group->peers];
	for (size_t i = 0; settings->peers[i]; i++)
		if (perf_peer_can(settings->peers[i], variant->loop))
			*trial++ = make_trial(group, settings, i, threads);
}

static void add_default_row(struct perf_group *group,
			    const struct perf_settings *settings,
			    unsigned threads)
{
	unsigned cores = perf_cores();

	for (unsigned n = 1; threads == PERF_SWEEP && n < cores; n *= 2)
		add_row(group, settings, n);
	if (threads == PERF_SWEEP || threads == PERF_CORES)
		threads = cores;
	add_row(group, settings, threads);
}

static void add_rows(struct perf_group *group,
		     const struct perf_settings *settings)
{
	for (size_t i = 0; settings->threads[i]; i++)
		add_row(group, settings, settings->threads[i]);
	if (group->rows)
		return;
	for (size_t i = 0; group->variant->threads[i]; i++)
		add_default_row(group, settings, group->variant->threads[i]);
}

static size_t count_able(const struct perf_settings *settings,
			 enum perf_loop_id loop)
{
	size_t count = 0;

	for (size_t i = 0; settings->peers[i]; i++)
		count += perf_peer_can(settings->peers[i], loop);
	return count;
}

static char *make_label(const struct perf_group *group)
{
	const char *mix = group->calls ? group->calls->mix : "";
	char *label;

	if (asprintf(&label, "%s%s%s%s%s", group->workload->name,
		     *group->variant->label ? " " : "", group->variant->label,
		     *mix ? " " : "", mix) < 0)
		tool_out_of_memory();
	return label;
}

static void add_group(struct perf_plan *plan,
		      const struct perf_settings *settings,
		      const struct perf_workload *workload,
		      const struct perf_variant *variant,
		      struct perf_sequence *calls)
{
	struct perf_group group = {
		.workload = workload,
		.variant = variant,
		.calls = calls,
		.peers = count_able(settings, variant->loop),
	};

	if (group.peers == 0 && settings->task != PERF_SERVE)
		tool_die(TOOL_EXIT_USAGE, "%s: none of the peers can do it",
			 workload->name);
	group.label = make_label(&group);
	add_rows(&group, settings);
	plan->group =
		tool_grow(plan->group, plan->count + 1, sizeof(*plan->group));
	plan->group[plan->count++] = group;
	plan->trials += group.rows * group.peers;
}

static struct perf_sequence *make_calls(const struct perf_shapes *shapes,
					const char *mix)
{
	struct perf_sequence *calls = perf_sequence_make(shapes, mix);

	if (!calls)
		tool_die(TOOL_EXIT_USAGE,
			 "--mix: `%s': expected what the name of a call in the "
			 "CSV begins with",
			 mix);
	return calls;
}

static void add_variant(struct perf_plan *plan,
			const struct perf_settings *settings,
			const struct perf_workload *workload,
			const struct perf_variant *variant,
			const struct perf_shapes *shapes)
{
	if (variant->is_unusual && settings->is_usual)
		return;
	if (settings->variant && strcmp(settings->variant, variant->label) != 0)
		return;
	if (!workload->has_mixes) {
		add_group(plan, settings, workload, variant, NULL);
		return;
	}
	for (size_t i = 0; settings->mixes[i]; i++)
		add_group(plan, settings, workload, variant,
			  make_calls(shapes, settings->mixes[i]));
}

void perf_plan_make(struct perf_plan *plan,
		    const struct perf_settings *settings,
		    const struct perf_shapes *shapes)
{
	for (size_t i = 0; settings->workloads[i]; i++) {
		const struct perf_workload *workload = settings->workloads[i];

		for (size_t k = 0; workload->variant[k].label; k++)
			add_variant(plan, settings, workload,
				    &workload->variant[k], shapes);
	}
}

static void fini_group(struct perf_group *group)
{
	for (size_t i = 0; i < group->rows * group->peers; i++) {
		free(group->trial[i].ns);
		free(group->trial[i].share);
		free(group->trial[i].latency);
	}
	for (size_t i = 0; group->series && i < group->peers; i++)
		perf_series_fini(&group->series[i]);
	free(group->series);
	free(group->trial);
	free(group->label);
	if (group->calls)
		perf_sequence_free(group->calls);
}

void perf_plan_fini(struct perf_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		fini_group(&plan->group[i]);
	free(plan->group);
}

const struct perf_trial *perf_group_find(const struct perf_group *group,
					 size_t row,
					 const struct perf_peer *peer)
{
	for (size_t i = 0; i < group->peers; i++)
		if (group->trial[row * group->peers + i].peer == peer)
			return &group->trial[row * group->peers + i];
	return NULL;
}
