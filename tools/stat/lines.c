/* SPDX-License-Identifier: MIT */
#include "lines.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "show.h"
#include "tool.h"

/* ---- columns ------------------------------------------------------------- */

/* As many as there is room for, from the left. */
static const char *const usual[] = {
	"gets",          "hit_rate",         "exchanges",
	"arenas_out",    "pages_cached",     "pages_depot",
	"bytes_mapped",  "contention",       "bytes_peak",
	"misses",        "underflows",       "overflows",
	"pages_loose",   "magazines_full",   "magazines_empty",
	"pages_created", "pages_given_back", "caches",
	"refusals",      "misuse",           NULL,
};

const char *stat_columns_choose(struct stat_columns *columns,
				const struct stat_segment *segment,
				const char *const *names)
{
	const char *missing = NULL;

	columns->count = 0;
	if (!names)
		names = usual;
	for (; *names && columns->count < STAT_MOST_FIELDS; names++) {
		if (stat_field_find(segment, *names,
				    &columns->field[columns->count]))
			columns->count++;
		else if (!missing)
			missing = *names;
	}
	return missing;
}

/* ---- lines --------------------------------------------------------------- */

static int compare_lines(const void *a, const void *b)
{
	const struct stat_line *one = a, *other = b;

	/* What has no number comes last. */
	if (isnan(one->key) || isnan(other->key)) {
		if (isnan(one->key) != isnan(other->key))
			return isnan(one->key) ? 1 : -1;
	} else if (one->key != other->key) {
		return one->key < other->key ? 1 : -1;
	}
	/* In the order of the parts, so that lines do not jump about. */
	return (one->part > other->part) - (one->part < other->part);
}

static int compare_labels(const void *a, const void *b)
{
	const struct stat_line *one = a, *other = b;
	int order = strcmp(one->label, other->label);

	return order ? order
		     : (one->part > other->part) - (one->part < other->part);
}

static void reverse(struct stat_line *line, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct stat_line other = line[i];

		line[i] = line[count - 1 - i];
		line[count - 1 - i] = other;
	}
}

static void sort(struct stat_line *line, size_t count,
		 const struct stat_order *order)
{
	if (count > 1)
		qsort(line, count, sizeof(*line),
		      order->by ? compare_lines : compare_labels);
	if (order->is_reversed)
		reverse(line, count);
}

struct maker {
	const struct stat_target *target;
	const struct stat_sample *sample;
	const struct stat_order *order;
	struct stat_line *line;
	size_t count;
};

static void add(struct maker *maker, const struct stat_part *part,
		unsigned depth)
{
	struct stat_line *line = &maker->line[maker->count++];

	line->part = part;
	line->depth = depth;
	line->key = maker->order->by ? stat_field_number(maker->order->by,
							 maker->sample, part)
				     : 0;
	stat_show_part(line->label, sizeof(line->label), maker->target->pid,
		       part);
}

static bool is_wanted(const struct maker *maker, const struct stat_part *part)
{
	if (part->type == MP_LIVE_SHARD)
		return maker->order->has_shards;
	/* A block that nobody has now. */
	if (part->type == MP_LIVE_CACHE && !part->owner)
		return false;
	return part->type == MP_LIVE_CACHE && maker->order->has_caches;
}

/* The shards of a pool, or its caches: sorted among themselves. */
static void add_parts(struct maker *maker, const struct stat_part *pool,
		      uint16_t type)
{
	const struct stat_snapshot *now = &maker->sample->now;
	size_t start = maker->count;

	for (size_t i = 0; i < now->parts; i++) {
		const struct stat_part *part = &now->part[i];

		if (part->pool == pool->pool && part->type == type &&
		    is_wanted(maker, part))
			add(maker, part, 1);
	}
	/* Shards have numbers: by name they are in order already. */
	if (maker->order->by || type != MP_LIVE_SHARD)
		sort(&maker->line[start], maker->count - start, maker->order);
}

static size_t add_pools(struct maker *maker)
{
	const struct stat_snapshot *now = &maker->sample->now;

	for (size_t i = 0; i < now->parts; i++)
		if (now->part[i].type == MP_LIVE_POOL)
			add(maker, &now->part[i], 0);
	sort(maker->line, maker->count, maker->order);
	return maker->count;
}

size_t stat_lines_make(struct stat_line **lines,
		       const struct stat_target *target,
		       const struct stat_sample *sample,
		       const struct stat_order *order)
{
	size_t most = sample->now.parts + 1;
	struct maker pools = { .target = target,
			       .sample = sample,
			       .order = order };
	struct maker all = pools;

	pools.line = tool_zalloc(most, sizeof(*pools.line));
	all.line = tool_zalloc(most, sizeof(*all.line));
	add_pools(&pools);
	if (pools.count != 1)
		add(&all, NULL, 0);
	for (size_t i = 0; i < pools.count; i++) {
		all.line[all.count++] = pools.line[i];
		add_parts(&all, pools.line[i].part, MP_LIVE_SHARD);
		add_parts(&all, pools.line[i].part, MP_LIVE_CACHE);
	}
	free(pools.line);
	*lines = all.line;
	return all.count;
}
