/* SPDX-License-Identifier: MIT */
/* Everything that was measured, every repeat of it. */
#include "report.h"

#include <jansson.h>

#include "group.h"
#include "latency.h"
#include "machine.h"
#include "peer.h"
#include "series.h"
#include "settings.h"
#include "summary.h"
#include "util.h"
#include "verdict.h"
#include "workload.h"

/* jansson gives NULL when memory ends. */
static json_t *checked(json_t *json)
{
	if (!json)
		tool_out_of_memory();
	return json;
}

static json_t *number(uint64_t value)
{
	return checked(json_integer((json_int_t)value));
}

static json_t *array_of(const double *sample, size_t count)
{
	json_t *array = checked(json_array());

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, checked(json_real(sample[i])));
	return array;
}

static json_t *make_machine(void)
{
	struct perf_machine machine;

	perf_machine_read(&machine);
	return checked(json_pack("{s:s, s:s, s:s, s:i, s:f}", "cpu",
				 machine.cpu, "kernel", machine.kernel,
				 "compiler", machine.compiler, "cores",
				 (int)machine.cores, "load", machine.load));
}

static json_t *make_settings(const struct perf_settings *settings,
			     uint64_t slice)
{
	return checked(json_pack(
		"{s:f, s:i, s:f, s:s, s:s}", "seconds", settings->seconds,
		"repeats", (int)settings->repeats, "slice_ms",
		(double)slice / 1e6, "baseline", settings->baseline->name,
		"shapes", settings->shapes ? settings->shapes : "built in"));
}

static json_t *make_result(const struct perf_group *group,
			   const struct perf_trial *trial,
			   const struct perf_trial *base, size_t repeats)
{
	struct perf_summary ns = perf_summarise(trial->ns, repeats);
	char verdict[PERF_VERDICT_ROOM];
	json_t *result;

	perf_verdict(group, trial, repeats, verdict);
	result = checked(json_pack(
		"{s:s, s:i, s:s, s:f, s:f, s:f, s:f, s:f, s:s, s:o, s:o}",
		"workload", group->label, "threads", (int)trial->threads,
		"peer", trial->peer->name, "ns", ns.median, "ns_least",
		ns.least, "ns_p10", ns.low, "ns_p90", ns.high,
		"calls_per_second", trial->lanes / ns.median * 1e9, "not_clean",
		verdict, "ns_repeats", array_of(trial->ns, repeats),
		"core_share_repeats", array_of(trial->share, repeats)));
	if (base)
		json_object_set_new(result, "ratio",
				    checked(json_real(perf_median_ratio(
					    base->ns, trial->ns, repeats))));
	return result;
}

/* Pairs of a time and how often it, or one a little shorter, was taken. */
static json_t *make_buckets(const struct perf_recorder *recorder)
{
	json_t *buckets = checked(json_array());

	for (size_t i = 0; i < PERF_RECORDER_BUCKETS; i++)
		if (recorder->bucket[i])
			json_array_append_new(
				buckets,
				checked(json_pack(
					"[o, o]", number(perf_recorder_edge(i)),
					number(recorder->bucket[i]))));
	return buckets;
}

static json_t *make_step(const struct perf_group *group,
			 const struct perf_trial *trial, enum perf_step step)
{
	const struct perf_recorder *recorder = &trial->latency->step[step];

	return checked(json_pack(
		"{s:s, s:i, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "workload",
		group->label, "threads", (int)trial->threads, "peer",
		trial->peer->name, "step", perf_step_name(step), "p50",
		number(perf_recorder_percentile(recorder, 0.5)), "p99",
		number(perf_recorder_percentile(recorder, 0.99)), "p99_9",
		number(perf_recorder_percentile(recorder, 0.999)), "most",
		number(recorder->most), "buckets", make_buckets(recorder)));
}

static void add_trials(json_t *results, json_t *latency,
		       const struct perf_group *group,
		       const struct perf_settings *settings)
{
	for (size_t i = 0; i < group->rows * group->peers; i++) {
		const struct perf_trial *trial = &group->trial[i];
		const struct perf_trial *base = perf_group_find(
			group, i / group->peers, settings->baseline);

		if (!trial->latency)
			json_array_append_new(results,
					      make_result(group, trial, base,
							  settings->repeats));
		for (int step = 0; trial->latency && step < PERF_STEPS; step++)
			json_array_append_new(latency,
					      make_step(group, trial,
							(enum perf_step)step));
	}
}

static json_t *make_shards(const struct perf_depot *depot)
{
	json_t *json = checked(json_array());

	for (size_t i = 0; i < depot->shards; i++) {
		const struct magpool_shard_stats *shard = &depot->shard[i];

		json_array_append_new(
			json, checked(json_pack("{s:o, s:o, s:o, s:o}", "full",
						number(shard->full), "empty",
						number(shard->empty), "pages",
						number(shard->pages), "loose",
						number(shard->loose))));
	}
	return json;
}

static json_t *make_depot(const struct perf_group *group)
{
	struct perf_depot depot =
		perf_depot_added(&group->before, &group->after);
	json_t *json = checked(json_object());
	const uint64_t *words = (const uint64_t *)&depot.stats;

	json_object_set_new(json, "workload",
			    checked(json_string(group->label)));
	for (size_t i = 0;
	     i < sizeof(depot.stats) / sizeof(*words) && magpool_stats_name(i);
	     i++)
		json_object_set_new(json, magpool_stats_name(i),
				    number(words[i]));
	json_object_set_new(json, "resident", number(depot.resident));
	json_object_set_new(json, "shards_of_default_pool",
			    make_shards(&depot));
	return json;
}

static json_t *make_series(const struct perf_group *group, size_t peer)
{
	const struct perf_series *series = &group->series[peer];
	json_t *points = checked(json_array());

	for (size_t i = 0; i < series->count; i++) {
		const struct perf_point *point = &series->point[i];

		json_array_append_new(
			points,
			checked(json_pack("[f, o, o]", (double)point->ns / 1e9,
					  number(point->resident),
					  number(point->mapped))));
	}
	return checked(json_pack("{s:s, s:s, s:o}", "workload", group->label,
				 "peer", group->trial[peer].peer->name,
				 "seconds_resident_mapped", points));
}

static void add_series(json_t *all, const struct perf_group *group)
{
	for (size_t i = 0; group->series && i < group->peers; i++)
		if (group->series[i].count)
			json_array_append_new(all, make_series(group, i));
}

void perf_report_json(const struct perf_settings *settings,
		      const struct perf_plan *plan, uint64_t slice, FILE *out)
{
	json_t *results = checked(json_array());
	json_t *latency = checked(json_array());
	json_t *depot = checked(json_array());
	json_t *series = checked(json_array());
	json_t *all;

	for (size_t i = 0; i < plan->count; i++) {
		add_trials(results, latency, &plan->group[i], settings);
		json_array_append_new(depot, make_depot(&plan->group[i]));
		add_series(series, &plan->group[i]);
	}
	all = checked(json_pack(
		"{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "library",
		magpool_version(), "machine", make_machine(), "settings",
		make_settings(settings, slice), "results", results, "latency",
		latency, "depot", depot, "series", series));
	if (json_dumpf(all, out, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) != 0)
		tool_die(TOOL_EXIT_FAILED, "JSON: cannot be written");
	fputc('\n', out);
	json_decref(all);
}
