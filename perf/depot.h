/* SPDX-License-Identifier: MIT */
/* The library's own statistics, and what the process holds. */
#ifndef PERF_DEPOT_H
#define PERF_DEPOT_H

#include <magpool/magpool.h>
#include <stddef.h>
#include <stdint.h>

enum { PERF_SHARDS = 64 };

struct perf_depot {
	struct magpool_stats stats;                    /* of all pools */
	struct magpool_shard_stats shard[PERF_SHARDS]; /* default pool's */
	size_t shards;
	uint64_t resident; /* bytes of memory that the process has */
};

/* A word of the statistics: a counter only grows, a gauge is what is now. */
struct perf_figure {
	const char *text;
	size_t offset; /* in struct magpool_stats */
	enum { PERF_COUNTER, PERF_GAUGE, PERF_BYTES } kind;
};

extern const struct perf_figure perf_figures[];
extern const size_t perf_figure_count;

uint64_t perf_figure_value(const struct perf_figure *figure,
			   const struct magpool_stats *stats);

void perf_depot_read(struct perf_depot *depot);

/* What the counters added between the two; gauges as they are at the end. */
struct perf_depot perf_depot_added(const struct perf_depot *before,
				   const struct perf_depot *after);

/* Percent of the pages wanted and given back that needed no depot trip. */
double perf_depot_hit_rate(const struct magpool_stats *stats);

/* Failed compare-and-swaps for each magazine exchanged. */
double perf_depot_contention(const struct magpool_stats *stats);

#endif
