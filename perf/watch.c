/* SPDX-License-Identifier: MIT */
#include "watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "depot.h"
#include "sampler.h"
#include "util.h"

enum { INTERVAL_NS = 500000000, LINES_PER_HEAD = 20 };

struct perf_watch {
	struct perf_sampler *sampler;
	struct perf_depot last;
	uint64_t last_ns;
	unsigned lines;
};

static void print_head(void)
{
	fprintf(stderr, "%7s %10s %9s %10s %8s %7s %7s %7s %9s %9s\n", "s",
		"gets/s", "hits %", "trips/s", "CAS/exch", "full", "empty",
		"in use", "mapped M", "RSS M");
}

static void print_line(const struct perf_depot *now,
		       const struct perf_depot *added, double seconds,
		       double interval)
{
	const struct magpool_stats *stats = &now->stats;

	fprintf(stderr,
		"%7.1f %10.3e %9.4f %10.3e %8.4f %7" PRIu64 " %7" PRIu64
		" %7" PRIu64 " %9.1f %9.1f\n",
		seconds, (double)added->stats.gets / interval,
		perf_depot_hit_rate(&added->stats),
		(double)added->stats.exchanges / interval,
		perf_depot_contention(&added->stats), stats->magazines_full,
		stats->magazines_empty, stats->pages_out,
		(double)stats->bytes_mapped / (1 << 20),
		(double)now->resident / (1 << 20));
}

static void see(void *context, const struct perf_depot *depot, uint64_t ns)
{
	struct perf_watch *watch = context;
	struct perf_depot added = perf_depot_added(&watch->last, depot);

	if (watch->lines++ % LINES_PER_HEAD == 0)
		print_head();
	print_line(depot, &added, (double)ns / 1e9,
		   (double)(ns - watch->last_ns) / 1e9);
	watch->last = *depot;
	watch->last_ns = ns;
}

struct perf_watch *perf_watch_start(void)
{
	struct perf_watch *watch = tool_zalloc(1, sizeof(*watch));

	perf_depot_read(&watch->last);
	watch->sampler = perf_sampler_start(INTERVAL_NS, see, watch);
	return watch;
}

void perf_watch_stop(struct perf_watch *watch)
{
	perf_sampler_stop(watch->sampler);
	free(watch);
}
