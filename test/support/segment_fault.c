/* SPDX-License-Identifier: MIT */
/* What the segment shows against what the library says of itself. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <magpool/magpool.h>

#include "segment.h"

enum { ROWS = sizeof(struct magpool_stats) / sizeof(uint64_t) };

static char text[256];

/* Pages that an arena keeps are out there, and in a cache here. */
static bool is_about_caches(const char *name)
{
	return strcmp(name, "pages_out") == 0 ||
	       strcmp(name, "pages_cached") == 0;
}

static uint64_t held(const struct segment_shot *shot, uint32_t pool)
{
	return segment_value(shot, "pages_out", pool) +
	       segment_value(shot, "pages_cached", pool);
}

/* The first row that differs; ROWS: none does. */
static uint32_t compare(const struct segment_shot *shot, uint32_t pool,
			const struct magpool_stats *stats)
{
	uint64_t word[ROWS];

	memcpy(word, stats, sizeof word);
	for (uint32_t i = 0; i < ROWS; i++) {
		const char *name = magpool_stats_name(i);

		if (is_about_caches(name)
			    ? held(shot, pool) !=
				      stats->pages_out + stats->pages_cached
			    : segment_row(shot, i, pool) != word[i])
			return i;
	}
	return ROWS;
}

static const char *tell(const struct segment_shot *shot, uint32_t pool,
			const struct magpool_stats *stats, uint32_t row)
{
	uint64_t all = stats->pages_out + stats->pages_cached;
	uint64_t word[ROWS];

	memcpy(word, stats, sizeof word);
	snprintf(text, sizeof text,
		 "the segment shows %s as %llu (pages held: %llu), it is %llu "
		 "(%llu)",
		 magpool_stats_name(row),
		 (unsigned long long)segment_row(shot, row, pool),
		 (unsigned long long)held(shot, pool),
		 (unsigned long long)word[row], (unsigned long long)all);
	return text;
}

static const char *find(const struct segment_shot *shot,
			const struct magpool_stats *stats)
{
	const struct mp_live_block *block = NULL;
	uint32_t best = 0;
	uint32_t closest = 0;

	while ((block = segment_next(shot, block))) {
		uint32_t row;

		if (block->type != MP_LIVE_POOL)
			continue;
		row = compare(shot, block->pool, stats);
		if (row == ROWS)
			return NULL;
		if (!best || row > closest) {
			best = block->pool;
			closest = row;
		}
	}
	return best ? tell(shot, best, stats, closest)
		    : "the segment shows no pool";
}

const char *segment_fault(const struct magpool *pool)
{
	static struct segment_shot shot;
	struct magpool_stats stats;
	struct segment segment = { NULL, -1, -1 };
	bool whole;

	magpool_stats_read(pool, &stats, sizeof stats);
	if (!segment_open(&segment, getpid()))
		return NULL;
	whole = segment_shoot(&segment, &shot);
	segment_close(&segment);
	if (!whole)
		return "the blocks of the segment do not hold still";
	if (segment_changes(&shot)->hidden_pools ||
	    segment_changes(&shot)->hidden_caches)
		return NULL;
	if (!pool) {
		uint32_t row = compare(&shot, 0, &stats);

		return row == ROWS ? NULL : tell(&shot, 0, &stats, row);
	}
	return find(&shot, &stats);
}
