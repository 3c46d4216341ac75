/* SPDX-License-Identifier: MIT */
#include "live.h"

#include "check.h"
#include "platform.h"

#include <magpool/magpool.h>

#include <stdio.h>
#include <string.h>

#define UNITS_MAX (MP_LIVE_BYTES / 128)

/*
 * Who has which block: what its first unit says; the others of a block have no
 * units.  The segment has a copy.
 */
static struct mp_live_block taken[UNITS_MAX];
static uint32_t used_units;
static uint32_t serials;
static uint64_t generation;

static char *segment;
static struct mp_live_header header; /* as it is in the segment */
static int descriptor;

/* ---- the segment --------------------------------------------------------- */

static void write_header(uint32_t flags)
{
	struct mp_live_header *to = (void *)segment;

	mp_live_write_rows(segment);
	to->format = MP_LIVE_FORMAT;
	to->pid = mp_platform_process_id();
	to->flags = flags;
	to->address = (uintptr_t)segment;
	to->started = mp_platform_now();
	to->default_pool = 1;
	to->system_page = (uint32_t)mp_platform_page_size();
	snprintf(to->library, sizeof to->library, "%s", magpool_version());
	/* Last: whoever finds the magic finds all of the above. */
	mp_compiler_barrier();
	memcpy(to->magic, MP_LIVE_MAGIC, sizeof to->magic);
	header = *to;
}

static char *block_at(uint32_t unit)
{
	return segment + header.blocks_at + (size_t)unit * header.unit;
}

static uint32_t units_there_are(void)
{
	return (header.bytes - header.blocks_at) / header.unit;
}

void mp_live_start(void)
{
	segment = mp_platform_share(NULL, MP_LIVE_NAME, MP_LIVE_BYTES,
				    &descriptor);
	if (!segment)
		return;
	write_header(0);
	mp_live_begin();
	mp_live_take(MP_LIVE_RETIRED,
		     offsetof(struct mp_live_retired, word) +
			     MP_ROW_COUNT * sizeof(uint64_t),
		     0, 0);
	mp_live_end();
	mp_platform_seal(descriptor);
}

struct mp_live_words *mp_live_words(void)
{
	return segment ? (void *)(segment + header.changes_at) : NULL;
}

_Atomic uint64_t *mp_live_retired(void)
{
	return segment ? (void *)(block_at(0) +
				  offsetof(struct mp_live_retired, word))
		       : NULL;
}

/* ---- changes ------------------------------------------------------------- */

static unsigned int depth;

static void show_generation(void)
{
	struct mp_live_words *words = mp_live_words();

	/* Release: who sees it even sees all that was changed before. */
	if (words)
		mp_store_release(&words->generation, generation);
}

void mp_live_begin(void)
{
	if (depth++ == 0) {
		generation++;
		show_generation();
	}
}

void mp_live_end(void)
{
	if (--depth == 0) {
		generation++;
		show_generation();
	}
}

/*
 * Release: whoever sees one of these words sees the odd generation before it,
 * or a later one (live_format.h).
 */
static void write_word(char *to, uint64_t value)
{
	mp_store_release((_Atomic uint64_t *)(void *)to, value);
}

static void write_block(uint32_t unit)
{
	uint64_t word[sizeof *taken / sizeof(uint64_t)];
	char *block = block_at(unit);

	memcpy(word, &taken[unit], sizeof word);
	write_word(block, word[0]);
	write_word(block + sizeof *word, word[1]);
}

static void clear_block(uint32_t unit)
{
	uint32_t bytes = taken[unit].units * header.unit;

	for (uint32_t at = sizeof *taken; at < bytes; at += sizeof(uint64_t))
		write_word(block_at(unit) + at, 0);
}

static void show_used(void)
{
	mp_store_release(&mp_live_words()->used_bytes,
			 header.blocks_at + used_units * header.unit);
}

/* ---- blocks -------------------------------------------------------------- */

/* What is left for caches: a pool without them shows little. */
#define CACHES_SHARE 4

/* One that was dropped, of just that size, or else a new one. */
static uint32_t find_units(enum mp_live_type type, uint32_t units)
{
	uint32_t most = units_there_are();
	uint32_t unit = 0;

	for (; unit < used_units; unit += taken[unit].units) {
		if (taken[unit].type == MP_LIVE_FREE &&
		    taken[unit].units == units)
			return unit;
	}
	if (type != MP_LIVE_CACHE)
		most -= most / CACHES_SHARE;
	return unit + units <= most ? unit : UNITS_MAX;
}

void *mp_live_take(enum mp_live_type type, size_t bytes, uint32_t pool,
		   uint32_t index)
{
	uint32_t units;
	uint32_t unit;

	MP_ASSERT(segment);
	units = (uint32_t)((bytes + header.unit - 1) / header.unit);
	unit = find_units(type, units);
	if (unit == UNITS_MAX)
		return NULL;
	taken[unit] = (struct mp_live_block){
		.type = (uint16_t)type,
		.units = (uint16_t)units,
		.pool = pool,
		.serial = ++serials,
		.index = index,
	};
	clear_block(unit);
	write_block(unit);
	if (unit == used_units) {
		used_units += units;
		show_used();
	}
	return block_at(unit);
}

void mp_live_drop(void *block)
{
	size_t at = (size_t)((char *)block - block_at(0));
	uint32_t unit = (uint32_t)(at / header.unit);

	MP_ASSERT(taken[unit].units);
	taken[unit].type = MP_LIVE_FREE;
	taken[unit].pool = 0;
	write_block(unit);
}

/* ---- fork ---------------------------------------------------------------- */

/*
 * The parent's segment is still open here, by the number that it had, unless
 * the host has closed that.  What is in the file tells.
 */
static void close_inherited(void)
{
	struct mp_live_header found;

	if (mp_platform_peek(descriptor, &found, sizeof found) &&
	    memcmp(&found, &header, sizeof found) == 0)
		mp_platform_close(descriptor);
	descriptor = -1;
}

bool mp_live_after_fork(void)
{
	char *parents = segment;

	if (segment) {
		close_inherited();
		segment = mp_platform_share(parents, MP_LIVE_NAME,
					    MP_LIVE_BYTES, &descriptor);
	}
	/* Not before it is ours. */
	mp_live_begin();
	if (!segment)
		return !parents;
	write_header(MP_LIVE_FORKED);
	for (uint32_t unit = 0; unit < used_units; unit += taken[unit].units)
		write_block(unit);
	show_used();
	mp_platform_seal(descriptor);
	return true;
}
