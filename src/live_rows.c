/* SPDX-License-Identifier: MIT */
/*
 * The table that travels in the live segment: stats.def, and for each row the
 * words of which its value is the sum.
 */
#include "counters.h"
#include "depot.h"
#include "live.h"

#include <string.h>

#define CACHE (1 << MP_LIVE_CACHE)
#define DIRECT (1 << MP_LIVE_DIRECT)
#define SHARD (1 << MP_LIVE_SHARD)
#define POOL (1 << MP_LIVE_POOL)
#define CALLS (CACHE | DIRECT)

#define AT(name) ((uint32_t)offsetof(struct mp_live_counters, name))
#define WORD(row) ((uint32_t)offsetof(struct mp_live_pool_words, word[row]))
#define PLUS(types, at)             \
	{                           \
		types, 0, 0, 64, at \
	}
#define MINUS(types, at)            \
	{                           \
		types, 1, 0, 64, at \
	}

/* Rows that are not one word of the pool or of its caches. */
static const struct source {
	enum mp_row row;
	enum mp_live_level level;
	struct mp_live_term term[MP_LIVE_TERMS];
} sources[] = {
	{ MP_ROW_misses, MP_LIVE_LEVEL_CACHE, { PLUS(CACHE, AT(misses)) } },
	{ MP_ROW_direct_gets,
	  MP_LIVE_LEVEL_POOL,
	  { PLUS(DIRECT, AT(gets)), PLUS(DIRECT, AT(chained)) } },
	{ MP_ROW_direct_returns,
	  MP_LIVE_LEVEL_POOL,
	  { PLUS(DIRECT, AT(returns)), PLUS(DIRECT, AT(unchained)) } },
	{ MP_ROW_arenas_out,
	  MP_LIVE_LEVEL_CACHE,
	  { PLUS(CALLS, AT(gets)), MINUS(CALLS, AT(returns)) } },
	{ MP_ROW_pages_out,
	  MP_LIVE_LEVEL_CACHE,
	  { PLUS(CALLS, AT(gets)), PLUS(CALLS, AT(chained)),
	    MINUS(CALLS, AT(returns)), MINUS(CALLS, AT(unchained)) } },
	{ MP_ROW_pages_cached,
	  MP_LIVE_LEVEL_CACHE,
	  { PLUS(CACHE, AT(balance)), PLUS(CACHE, AT(returns)),
	    PLUS(CACHE, AT(unchained)), MINUS(CACHE, AT(gets)),
	    MINUS(CACHE, AT(chained)) } },
	{ MP_ROW_magazines_loaded,
	  MP_LIVE_LEVEL_CACHE,
	  { PLUS(CACHE, AT(magazines)) } },
	{ MP_ROW_pages_depot,
	  MP_LIVE_LEVEL_SHARD,
	  { { SHARD, 0, 0, 32, offsetof(struct mp_live_lists, content) } } },
	{ MP_ROW_magazines_full,
	  MP_LIVE_LEVEL_SHARD,
	  { { SHARD, 0, 32, 32, offsetof(struct mp_live_lists, content) } } },
	{ MP_ROW_magazines_empty,
	  MP_LIVE_LEVEL_SHARD,
	  { PLUS(SHARD, offsetof(struct mp_live_lists, empties)) } },
	{ MP_ROW_pages_loose,
	  MP_LIVE_LEVEL_SHARD,
	  { PLUS(SHARD, offsetof(struct mp_live_lists, loose)) } },
};

/* Rows that are not summed over the pools. */
static const enum mp_row settings[] = {
	MP_ROW_shards,    MP_ROW_magazine_rounds, MP_ROW_rounds_peak,
	MP_ROW_page_size, MP_ROW_membarrier,
};

#define MP_STAT_HIT_SOURCE(name) MP_LIVE_LEVEL_CACHE, PLUS(CALLS, AT(name))
#define MP_STAT_TRIP_SOURCE(name) MP_LIVE_LEVEL_CACHE, PLUS(CALLS, AT(name))
#define MP_STAT_POOL_SOURCE(name) \
	MP_LIVE_LEVEL_POOL, PLUS(POOL, WORD(MP_ROW_##name))
#define COUNTER MP_LIVE_COUNTER
#define GAUGE MP_LIVE_GAUGE

static const struct row {
	const char *text[4];
	enum mp_live_kind kind;
	enum mp_live_level level;
	struct mp_live_term term;
} rows[] = {
#define MP_STAT(name, kind, unit, level, line, text) \
	{ { #name, unit, line, text }, kind, MP_STAT_##level##_SOURCE(name) },
#include "stats.def"
#undef MP_STAT
};

static uint16_t copy_terms(struct mp_live_row *to,
			   const struct mp_live_term *term)
{
	uint16_t n = 0;

	/* LCOV_EXCL_BR_LINE: no row has so many that there is no end. */
	for (; n < MP_LIVE_TERMS && term[n].bits; n++)
		to->term[n] = term[n];
	return n;
}

static void find_terms(struct mp_live_row *to, enum mp_row row)
{
	to->level = (uint16_t)rows[row].level;
	to->term[0] = rows[row].term;
	to->terms = 1;
	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
		if (sources[i].row != row)
			continue;
		to->level = (uint16_t)sources[i].level;
		to->terms = copy_terms(to, sources[i].term);
	}
}

static void find_total(struct mp_live_row *to, enum mp_row row)
{
	to->total = MP_LIVE_TOTAL_SUM;
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		if (settings[i] == row)
			to->total = MP_LIVE_TOTAL_DEFAULT;
	}
	if (row == MP_ROW_longest_out)
		to->total = MP_LIVE_TOTAL_MOST;
}

static uint32_t put_text(char *segment, uint32_t *at, const char *text)
{
	uint32_t put = *at;
	uint32_t length = (uint32_t)strlen(text) + 1;

	memcpy(segment + put, text, length);
	*at += length;
	return put;
}

static void write_row(char *segment, struct mp_live_row *to, enum mp_row row,
		      uint32_t *at)
{
	const struct row *from = &rows[row];

	to->name = put_text(segment, at, from->text[0]);
	to->unit = put_text(segment, at, from->text[1]);
	to->line = put_text(segment, at, from->text[2]);
	to->text = put_text(segment, at, from->text[3]);
	to->kind = (uint16_t)from->kind;
	find_terms(to, row);
	find_total(to, row);
}

#define UNIT 128

enum {
	TEXTS = 0
#define MP_STAT(name, kind, unit, level, line, text) \
	+sizeof #name + sizeof unit + sizeof line + sizeof text
#include "stats.def"
#undef MP_STAT
	,
	ROWS = MP_ROW_COUNT * sizeof(struct mp_live_row),
	CHANGES_AT = UNIT,
	ROWS_AT = CHANGES_AT + UNIT,
	TEXTS_AT = ROWS_AT + ROWS,
	BLOCKS_AT = (TEXTS_AT + TEXTS + UNIT - 1) / UNIT * UNIT,
	/* The first block is that of the pools that ended. */
	RETIRED_AT = BLOCKS_AT + offsetof(struct mp_live_retired, word),
};

_Static_assert(BLOCKS_AT < MP_LIVE_BYTES / 2, "most of it is for blocks");
_Static_assert(sizeof(struct mp_live_header) <= UNIT &&
		       sizeof(struct mp_live_words) <= UNIT,
	       "they fit");

void mp_live_write_rows(char *segment)
{
	struct mp_live_header *header = (void *)segment;
	struct mp_live_row *row = (void *)(segment + ROWS_AT);
	uint32_t at = TEXTS_AT;

	header->header_bytes = sizeof *header;
	header->bytes = MP_LIVE_BYTES;
	header->rows_at = ROWS_AT;
	header->row_count = MP_ROW_COUNT;
	header->row_bytes = sizeof *row;
	header->texts_at = TEXTS_AT;
	header->texts_bytes = TEXTS;
	header->changes_at = CHANGES_AT;
	header->blocks_at = BLOCKS_AT;
	header->unit = UNIT;
	for (uint32_t i = 0; i < MP_ROW_COUNT; i++) {
		write_row(segment, &row[i], (enum mp_row)i, &at);
		row[i].retired_at =
			(uint32_t)(RETIRED_AT + i * sizeof(uint64_t));
	}
	row[MP_ROW_bytes_peak].total = MP_LIVE_TOTAL_CHANGES;
	row[MP_ROW_bytes_peak].total_at =
		CHANGES_AT + offsetof(struct mp_live_words, process[1]);
}
