/* SPDX-License-Identifier: MIT */
#include "depot.h"

#include <stdio.h>
#include <unistd.h>

#define COUNTER(name, text)                                              \
	{                                                                \
		text, offsetof(struct magpool_stats, name), PERF_COUNTER \
	}
#define GAUGE(name, text)                                              \
	{                                                              \
		text, offsetof(struct magpool_stats, name), PERF_GAUGE \
	}
#define BYTES(name, text)                                              \
	{                                                              \
		text, offsetof(struct magpool_stats, name), PERF_BYTES \
	}

const struct perf_figure perf_figures[] = {
	COUNTER(gets, "arenas got"),
	COUNTER(returns, "arenas returned"),
	COUNTER(chained, "further pages chained"),
	COUNTER(unchained, "further pages taken back"),
	COUNTER(blocks_mapped, "blocks above a page, mapped"),
	COUNTER(blocks_reused, "blocks above a page, reused"),
	COUNTER(direct_gets, "pages got without a cache"),
	COUNTER(direct_returns, "pages returned without one"),
	COUNTER(underflows, "depot trips: underflow"),
	COUNTER(overflows, "depot trips: overflow"),
	COUNTER(exit_flushes, "depot trips: thread exit"),
	COUNTER(flushes, "depot trips: flush"),
	COUNTER(trim_trips, "depot trips: trim"),
	COUNTER(fork_flushes, "depot trips: fork"),
	COUNTER(limit_trips, "depot trips: over the limit"),
	COUNTER(exchanges, "magazines exchanged"),
	COUNTER(cas_failures, "failed compare-and-swaps"),
	COUNTER(loose_returns, "pages to the loose list"),
	COUNTER(fences_paid, "wrap fences paid"),
	COUNTER(fences_refused, "pops refused for a fence"),
	COUNTER(misuse, "calls reported as misuse"),
	COUNTER(refusals, "calls without memory"),
	COUNTER(pages_created, "pages created"),
	COUNTER(pages_given_back, "pages given back"),
	GAUGE(pages_out, "pages in use"),
	GAUGE(pages_cached, "pages in caches"),
	GAUGE(pages_depot, "pages in the depot"),
	GAUGE(pages_loose, "pages on the loose list"),
	GAUGE(magazines_loaded, "magazines loaded"),
	GAUGE(magazines_full, "magazines full"),
	GAUGE(magazines_empty, "magazines empty"),
	GAUGE(caches, "caches"),
	BYTES(bytes_mapped, "bytes mapped"),
};
const size_t perf_figure_count = sizeof(perf_figures) / sizeof(*perf_figures);

static uint64_t read_resident(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	unsigned long long pages = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%*u %llu", &pages) != 1)
		pages = 0;
	fclose(file);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

void perf_depot_read(struct perf_depot *depot)
{
	magpool_stats_read(NULL, &depot->stats, sizeof(depot->stats));
	depot->shards = magpool_stats_shards(NULL, depot->shard, PERF_SHARDS);
	if (depot->shards > PERF_SHARDS)
		depot->shards = PERF_SHARDS;
	depot->resident = read_resident();
}

static uint64_t *word_of(struct magpool_stats *stats, size_t offset)
{
	return (uint64_t *)(void *)((char *)stats + offset);
}

uint64_t perf_figure_value(const struct perf_figure *figure,
			   const struct magpool_stats *stats)
{
	struct magpool_stats copy = *stats;

	return *word_of(&copy, figure->offset);
}

struct perf_depot perf_depot_added(const struct perf_depot *before,
				   const struct perf_depot *after)
{
	struct perf_depot added = *after;

	for (size_t i = 0; i < perf_figure_count; i++)
		if (perf_figures[i].kind == PERF_COUNTER)
			*word_of(&added.stats, perf_figures[i].offset) -=
				perf_figure_value(&perf_figures[i],
						  &before->stats);
	return added;
}

double perf_depot_hit_rate(const struct magpool_stats *stats)
{
	uint64_t moved = stats->gets + stats->returns + stats->chained +
			 stats->unchained;
	uint64_t missed = stats->underflows + stats->overflows +
			  stats->direct_gets + stats->direct_returns;

	/* Nothing was asked for, so nothing missed. */
	return moved ? 100 - 100 * (double)missed / (double)moved : 100;
}

double perf_depot_contention(const struct magpool_stats *stats)
{
	if (stats->exchanges == 0)
		return 0;
	return (double)stats->cas_failures / (double)stats->exchanges;
}
