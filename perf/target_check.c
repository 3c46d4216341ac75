/* SPDX-License-Identifier: MIT */
/* From the repeats of a part to what it says about each target. */
#include "target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "group.h"
#include "latency.h"
#include "peer.h"
#include "settings.h"
#include "summary.h"
#include "util.h"
#include "workload.h"

/* A thread without its core for longer than that measured something else. */
static const double least_share = 0.97;
/* So many of the pairs have to be without that. */
enum { LEAST_PAIRS = 3 /* one in three */ };

static bool had_cores(const struct perf_group *group,
		      const struct perf_trial *trial, size_t i)
{
	return group->variant->sleeps || trial->threads > perf_cores() ||
	       trial->share[i] >= least_share;
}

static const struct perf_trial *find(const struct perf_group *group, size_t row,
				     const char *peer)
{
	return perf_group_find(group, row, perf_peer_find(peer));
}

static double compare(enum perf_target_kind kind, double mine, double other)
{
	switch (kind) {
	case PERF_TARGET_AT_MOST:
		return mine / other;
	case PERF_TARGET_ABOVE:
		return mine - other;
	default:
		return other / mine;
	}
}

static struct perf_target_item make_item(const struct perf_target *target,
					 const struct perf_trial *mine,
					 const struct perf_trial *other,
					 size_t repeats)
{
	struct perf_target_item item = {
		.target = (unsigned)(target - perf_targets),
		.mine = perf_summarise(mine->ns, repeats).median,
		.peers = perf_summarise(other->ns, repeats).median,
	};

	snprintf(item.other, sizeof(item.other), "%s", other->peer->name);
	return item;
}

/* Ends a list of pairs, of which `clean` were clean and come first. */
static void summarise(struct perf_target_item *item, double *pairs,
		      size_t clean, size_t repeats)
{
	struct perf_summary summary;

	item->is_clean = clean * LEAST_PAIRS >= repeats;
	summary = perf_summarise(pairs, clean ? clean : repeats);
	item->value = summary.median;
	/* Not as a share of the median: that of a difference may be 0. */
	item->spread = summary.high - summary.low;
	free(pairs);
}

/* Clean pairs to the front, the others to the back. */
static void put(double *pairs, size_t repeats, size_t i, size_t *clean,
		bool is_clean, double value)
{
	if (is_clean)
		pairs[(*clean)++] = value;
	else
		pairs[repeats - 1 - (i - *clean)] = value;
}

/* Pair by pair: the repeats that followed each other. */
static struct perf_target_item pair_up(const struct perf_target *target,
				       const struct perf_group *group,
				       const struct perf_trial *mine,
				       const struct perf_trial *other,
				       size_t repeats)
{
	struct perf_target_item item = make_item(target, mine, other, repeats);
	double *pairs = tool_zalloc(repeats, sizeof(*pairs));
	size_t clean = 0;

	for (size_t i = 0; i < repeats; i++)
		put(pairs, repeats, i, &clean,
		    had_cores(group, mine, i) && had_cores(group, other, i),
		    compare(target->kind, mine->ns[i], other->ns[i]));
	summarise(&item, pairs, clean, repeats);
	return item;
}

/* Calls a second in the second row by those in the first. */
static double kept(const struct perf_trial *one, const struct perf_trial *more,
		   size_t i)
{
	return one->ns[i] / one->lanes / more->ns[i] * more->lanes;
}

/* In one group with two numbers of threads; `limit` may be NULL. */
static struct perf_target_item scale(const struct perf_target *target,
				     const struct perf_group *group,
				     const struct perf_trial *limit,
				     size_t repeats)
{
	const struct perf_trial *one = find(group, 0, target->mine);
	const struct perf_trial *more = find(group, 1, target->mine);
	struct perf_target_item item = make_item(target, more, one, repeats);
	double *pairs = tool_zalloc(repeats, sizeof(*pairs));
	size_t clean = 0;

	for (size_t i = 0; i < repeats; i++)
		put(pairs, repeats, i, &clean,
		    had_cores(group, one, i) && had_cores(group, more, i),
		    kept(one, more, i) /
			    (limit ? kept(limit, limit + group->peers, i) : 1));
	summarise(&item, pairs, clean, repeats);
	/* Of all threads together. */
	item.mine /= more->lanes;
	item.peers /= one->lanes;
	snprintf(item.other, sizeof(item.other), "%u thread%s", one->threads,
		 one->threads == 1 ? "" : "s");
	return item;
}

static double percentile(const struct perf_trial *trial, enum perf_step step)
{
	return (double)perf_recorder_percentile(&trial->latency->step[step],
						0.999);
}

/* Of all repeats together: a percentile so far out needs them all. */
static struct perf_target_item rank(const struct perf_target *target,
				    const struct perf_trial *mine,
				    const struct perf_trial *other)
{
	struct perf_target_item item = {
		.target = (unsigned)(target - perf_targets),
		.mine = percentile(mine, PERF_STEP_GET),
		.peers = percentile(other, PERF_STEP_GET),
		.empty = percentile(mine, PERF_STEP_EMPTY),
		.most = (double)mine->latency->step[PERF_STEP_GET].most,
		.is_clean = true,
	};

	item.value = item.mine / item.peers;
	snprintf(item.other, sizeof(item.other), "%s", other->peer->name);
	return item;
}

static bool is_asked(const struct perf_target *target,
		     const struct perf_peer *peer)
{
	switch (target->kind) {
	case PERF_TARGET_RIVALS:
		return peer->is_rival;
	case PERF_TARGET_CROSSING:
		return peer->is_rival && perf_peer_can(peer, PERF_LOOP_HANDOFF);
	default:
		return strcmp(peer->name, target->other) == 0;
	}
}

static void see_pairs(const struct perf_target *target,
		      const struct perf_group *group,
		      const struct perf_trial *mine, size_t repeats,
		      perf_target_see *see, FILE *out)
{
	for (size_t i = 0; i < group->peers; i++) {
		const struct perf_trial *other = &group->trial[i];
		struct perf_target_item item;

		if (!is_asked(target, other->peer))
			continue;
		if (target->kind == PERF_TARGET_PERCENTILE)
			item = rank(target, mine, other);
		else
			item = pair_up(target, group, mine, other, repeats);
		see(&item, out);
	}
}

static void check_one(const struct perf_target *target,
		      const struct perf_group *group, size_t repeats,
		      perf_target_see *see, FILE *out)
{
	const struct perf_trial *mine = find(group, 0, target->mine);
	struct perf_target_item item;

	if (!mine)
		return;
	if (target->kind != PERF_TARGET_KEEPS &&
	    target->kind != PERF_TARGET_SCALES) {
		see_pairs(target, group, mine, repeats, see, out);
		return;
	}
	item = scale(target, group,
		     target->other ? find(group, 0, target->other) : NULL,
		     repeats);
	see(&item, out);
}

void perf_target_check(const struct perf_settings *settings,
		       const struct perf_plan *plan, size_t set,
		       perf_target_see *see, FILE *out)
{
	for (size_t i = 0; i < perf_target_count; i++)
		if (strcmp(perf_targets[i].set, perf_target_sets[set].label) ==
		    0)
			check_one(&perf_targets[i], &plan->group[set],
				  settings->repeats, see, out);
}
