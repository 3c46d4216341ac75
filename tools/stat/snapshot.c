/* SPDX-License-Identifier: MIT */
#include "snapshot.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

enum { MOST_LOOKS = 300 };

/* ---- a copy that fits together ------------------------------------------- */

/* What changes. */
struct image {
	char *bytes; /* from changes_at on */
	size_t size; /* as far as blocks are used */
	struct mp_live_changes changes;
	bool is_torn;
};

/* One attempt; false: it can no longer be read. */
static bool look(const struct stat_segment *segment, struct image *image)
{
	const struct stat_source *source = &segment->source;
	uint64_t at = segment->changes_at;
	uint64_t used, after;

	if (!stat_source_read(source, &image->changes, sizeof(image->changes),
			      at))
		return false;
	/* Acquire: the blocks are those of this generation or of later ones. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	used = image->changes.used_bytes;
	if (used < segment->blocks_at || used > segment->bytes)
		used = segment->bytes;
	image->size = (size_t)(used - at);
	if (!stat_source_read(source, image->bytes, image->size, at))
		return false;
	/* Acquire: if it is the same now, it was all the time. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	at += offsetof(struct mp_live_changes, generation);
	if (!stat_source_read(source, &after, sizeof(after), at))
		return false;
	image->is_torn = image->changes.generation % 2 ||
			 image->changes.generation != after;
	return true;
}

static bool take_image(const struct stat_segment *segment, struct image *image)
{
	int looks = 0;
	bool good;

	image->bytes = tool_zalloc(segment->bytes - segment->changes_at, 1);
	while ((good = look(segment, image)) && image->is_torn &&
	       ++looks < MOST_LOOKS)
		sched_yield();
	if (!good)
		free(image->bytes);
	return good;
}

/* ---- blocks -------------------------------------------------------------- */

struct block {
	struct mp_live_block head;
	const char *bytes;
	size_t size;
};

/* The block at *at, which moves on; false: there is none. */
static bool next_block(const struct stat_segment *segment,
		       const struct image *image, size_t *at,
		       struct block *block)
{
	size_t left = image->size - *at;

	if (left < sizeof(block->head))
		return false;
	block->bytes = image->bytes + *at;
	memcpy(&block->head, block->bytes, sizeof(block->head));
	block->size = (size_t)block->head.units * segment->unit;
	if (block->size == 0 || block->size > left)
		return false;
	*at += block->size;
	return true;
}

static uint64_t word_of(const struct block *block, size_t at)
{
	uint64_t word = 0;

	if (at + sizeof(word) <= block->size)
		memcpy(&word, block->bytes + at, sizeof(word));
	return word;
}

static uint64_t term_of(const struct mp_live_term *term,
			const struct block *block)
{
	uint64_t value = word_of(block, term->at) >> term->shift;

	if (term->bits < 64)
		value &= (UINT64_C(1) << term->bits) - 1;
	return term->minus ? -value : value;
}

static bool asks(const struct mp_live_term *term, uint16_t type)
{
	return type < 8 && (term->types >> type & 1);
}

static void add_terms(const struct stat_segment *segment,
		      const struct block *block, uint64_t *value)
{
	for (size_t i = 0; i < segment->rows; i++) {
		const struct stat_row *row = &segment->row[i];

		for (size_t j = 0; j < row->terms; j++)
			if (asks(&row->term[j], block->head.type))
				value[i] += term_of(&row->term[j], block);
	}
}

bool stat_part_has(const struct stat_part *part, const struct stat_row *row)
{
	if (part->type == MP_LIVE_POOL)
		return true;
	if (row->level == MP_LIVE_LEVEL_POOL)
		return false;
	for (size_t i = 0; i < row->terms; i++)
		if (asks(&row->term[i], part->type))
			return true;
	return false;
}

/* ---- parts --------------------------------------------------------------- */

static bool is_part(uint16_t type)
{
	return type == MP_LIVE_POOL || type == MP_LIVE_DIRECT ||
	       type == MP_LIVE_SHARD || type == MP_LIVE_CACHE;
}

#define WORD_OF(block, type, field) word_of(block, offsetof(struct type, field))

static void take_pool(const struct block *block, struct stat_part *part)
{
	size_t at = offsetof(struct mp_live_pool, name);

	if (block->size >= sizeof(struct mp_live_pool))
		stat_printable(part->name, sizeof(part->name),
			       block->bytes + at, sizeof(part->name));
	part->state = WORD_OF(block, mp_live_pool, state);
	part->hidden = WORD_OF(block, mp_live_pool, hidden);
}

static void take_part(const struct block *block, struct stat_part *part)
{
	*part = (struct stat_part){
		.type = block->head.type,
		.pool = block->head.pool,
		.serial = block->head.serial,
		.index = block->head.index,
	};
	if (part->type == MP_LIVE_POOL)
		take_pool(block, part);
	if (part->type == MP_LIVE_SHARD) {
		part->exchanges = WORD_OF(block, mp_live_shard, exchanges);
		part->cas_failures =
			WORD_OF(block, mp_live_shard, cas_failures);
	}
	if (part->type == MP_LIVE_CACHE) {
		part->owner = WORD_OF(block, mp_live_cache, owner);
		part->balance = WORD_OF(block, mp_live_cache, balance);
	}
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Pools one after the other, each before what is its own. */
static int compare_parts(const void *a, const void *b)
{
	const struct stat_part *one = a, *other = b;
	int order = compare(one->pool, other->pool);

	if (!order)
		order = compare(one->type, other->type);
	if (!order && one->type == MP_LIVE_SHARD)
		order = compare(one->index, other->index);
	return order ? order : compare(one->serial, other->serial);
}

static bool walk(const struct stat_segment *segment, const struct image *image,
		 struct stat_snapshot *snapshot, uint64_t *retired)
{
	size_t at = segment->blocks_at - segment->changes_at;
	uint64_t *value = snapshot->values;
	struct block block;

	while (next_block(segment, image, &at, &block)) {
		struct stat_part *part = &snapshot->part[snapshot->parts];

		if (block.head.type == MP_LIVE_RETIRED)
			for (size_t i = 0; i < segment->rows; i++)
				retired[i] += word_of(
					&block, segment->row[i].retired_at);
		if (!is_part(block.head.type))
			continue;
		take_part(&block, part);
		part->value = value;
		add_terms(segment, &block, value);
		value += segment->rows;
		snapshot->parts++;
	}
	return at == image->size;
}

static size_t count_blocks(const struct stat_segment *segment,
			   const struct image *image)
{
	size_t at = segment->blocks_at - segment->changes_at;
	struct block block;
	size_t count = 0;

	while (next_block(segment, image, &at, &block))
		count++;
	return count;
}

/* ---- sums ---------------------------------------------------------------- */

/* What is below 0 by a little, while threads work, is 0. */
static void end_sums(uint64_t *value, size_t rows)
{
	for (size_t i = 0; i < rows; i++)
		if (value[i] >> 63)
			value[i] = 0;
}

/* To each pool what its parts have; what is nobody's is left out. */
static void sum_pools(const struct stat_segment *segment,
		      struct stat_snapshot *snapshot)
{
	struct stat_part *pool = NULL;
	size_t kept = 0;

	for (size_t i = 0; i < snapshot->parts; i++) {
		struct stat_part *part = &snapshot->part[i];
		bool is_new = !pool || pool->pool != part->pool;

		/* A second one of that number cannot be. */
		if (is_new != (part->type == MP_LIVE_POOL))
			continue;
		snapshot->part[kept] = *part;
		part = &snapshot->part[kept++];
		if (is_new)
			pool = part;
		for (size_t j = 0; !is_new && j < segment->rows; j++)
			pool->value[j] += part->value[j];
	}
	snapshot->parts = kept;
	for (size_t i = 0; i < kept; i++)
		end_sums(snapshot->part[i].value, segment->rows);
}

static uint64_t changes_word(const struct stat_segment *segment,
			     const struct image *image, uint64_t at)
{
	uint64_t word = 0;

	if (at >= segment->changes_at &&
	    at - segment->changes_at + sizeof(word) <= image->size)
		memcpy(&word, image->bytes + (at - segment->changes_at),
		       sizeof(word));
	return word;
}

static void sum_all(const struct stat_segment *segment,
		    const struct image *image, struct stat_snapshot *snapshot,
		    const uint64_t *retired)
{
	for (size_t i = 0; i < segment->rows; i++) {
		const struct stat_row *row = &segment->row[i];
		bool is_sum = row->total == MP_LIVE_TOTAL_SUM;
		uint64_t *total = &snapshot->total[i];

		*total = is_sum ? retired[i] : 0;
		if (row->total == MP_LIVE_TOTAL_CHANGES)
			*total = changes_word(segment, image, row->total_at);
		for (size_t j = 0; j < snapshot->parts; j++) {
			const struct stat_part *part = &snapshot->part[j];

			if (part->type != MP_LIVE_POOL)
				continue;
			if (is_sum || (row->total == MP_LIVE_TOTAL_DEFAULT &&
				       part->pool == segment->default_pool))
				*total += part->value[i];
			else if (row->total == MP_LIVE_TOTAL_MOST &&
				 part->value[i] > *total)
				*total = part->value[i];
		}
	}
	end_sums(snapshot->total, segment->rows);
}

/* ---- a snapshot ---------------------------------------------------------- */

static bool take(const struct stat_segment *segment, const struct image *image,
		 struct stat_snapshot *snapshot)
{
	size_t blocks = count_blocks(segment, image);
	uint64_t *retired = tool_zalloc(segment->rows, sizeof(*retired));
	bool is_whole;

	*snapshot = (struct stat_snapshot){
		.is_torn = image->is_torn,
		.hidden_pools = image->changes.hidden_pools,
		.hidden_caches = image->changes.hidden_caches,
		.total = tool_zalloc(segment->rows, sizeof(uint64_t)),
		.part = tool_zalloc(blocks, sizeof(*snapshot->part)),
		.values = tool_zalloc(blocks * segment->rows, sizeof(uint64_t)),
	};
	is_whole = walk(segment, image, snapshot, retired);
	if (snapshot->parts)
		qsort(snapshot->part, snapshot->parts, sizeof(*snapshot->part),
		      compare_parts);
	sum_pools(segment, snapshot);
	sum_all(segment, image, snapshot, retired);
	free(retired);
	return is_whole;
}

enum stat_fault stat_segment_read(const struct stat_segment *segment,
				  struct stat_snapshot *snapshot)
{
	struct image image;
	bool is_whole;

	if (!take_image(segment, &image))
		return STAT_GONE;
	is_whole = take(segment, &image, snapshot);
	free(image.bytes);
	/* In the middle of a change the end of a block may be anywhere. */
	if (!is_whole && !snapshot->is_torn) {
		stat_snapshot_free(snapshot);
		return STAT_DAMAGED;
	}
	return STAT_FINE;
}

void stat_snapshot_free(struct stat_snapshot *snapshot)
{
	free(snapshot->total);
	free(snapshot->part);
	free(snapshot->values);
	*snapshot = (struct stat_snapshot){ 0 };
}
