/* SPDX-License-Identifier: MIT */
#include "record.h"

#include "watch.h"

#include <stdbool.h>
#include <string.h>

#define FRESH 0xa5 /* what is in memory that was handed out */
#define LEAD_SHIFT 47
#define SHAPE_KEY UINT64_C(0x9e3779b97f4a7c15)

struct record {
	const char *address;
	size_t size;
	const char *bottom;
};

/* ---- canaries ------------------------------------------------------------ */

/* Neither 0 nor 0xff, and another one at the next address. */
static char canary(const char *at)
{
	return (char)(0x80 | ((uintptr_t)at * 5 & 0x3f));
}

static void put_canaries(char *from, const char *to)
{
	for (; from < to; from++)
		*from = canary(from);
}

static const char *first_wrong(const char *from, const char *to)
{
	for (; from < to; from++) {
		if (*from != canary(from))
			return from;
	}
	return NULL;
}

/* ---- making -------------------------------------------------------------- */

static uint64_t *shape_below(const char *top)
{
	return (uint64_t *)(uintptr_t)(top - sizeof(uint64_t));
}

static uint64_t key_of(const char *top)
{
	return SHAPE_KEY ^ (uintptr_t)top;
}

static void surround(char *bottom, size_t lead, size_t size)
{
	char *address = bottom + lead;
	char *top = bottom + mp_record_bytes(lead, size);
	uint64_t *shape = shape_below(top);

	put_canaries(bottom, address);
	put_canaries(address + size, (char *)shape);
	*shape = ((uint64_t)size | (uint64_t)(lead / 16) << LEAD_SHIFT) ^
		 key_of(top);
}

char *mp_record_make(char *bottom, size_t lead, size_t size)
{
	size_t bytes = mp_record_bytes(lead, size);

	mp_watch_open(bottom, bytes);
	surround(bottom, lead, size);
	memset(bottom + lead, FRESH, size);
	mp_watch_close(bottom, bytes);
	mp_watch_hand_out(bottom + lead, size);
	return bottom + lead;
}

char *mp_record_make_around(char *bottom, size_t lead, size_t size)
{
	char *address = bottom + lead;
	char *end = address + size;
	size_t rest = mp_record_bytes(lead, size) - lead - size;

	mp_watch_open(bottom, lead);
	mp_watch_open(end, rest);
	surround(bottom, lead, size);
	mp_watch_close(bottom, lead);
	mp_watch_close(end, rest);
	return address;
}

/* ---- checking ------------------------------------------------------------ */

/* False: the shape word was overwritten. */
static bool read(const char *from, const char *top, struct record *record)
{
	size_t room = (size_t)(top - from);
	uint64_t shape;
	size_t lead;

	if (room < MP_RECORD_TAIL)
		return false;
	mp_watch_open(shape_below(top), sizeof shape);
	shape = *shape_below(top) ^ key_of(top);
	mp_watch_close(shape_below(top), sizeof shape);
	record->size = (size_t)(shape & ((UINT64_C(1) << LEAD_SHIFT) - 1));
	lead = (size_t)(shape >> LEAD_SHIFT) * 16;
	if (record->size > room || lead > room ||
	    mp_record_bytes(lead, record->size) > room)
		return false;
	record->bottom = top - mp_record_bytes(lead, record->size);
	record->address = record->bottom + lead;
	return true;
}

static void note(struct mp_fault *fault, enum mp_fault_kind kind,
		 const struct record *record, const char *at)
{
	if (fault->kind != MP_FAULT_NONE)
		return;
	fault->kind = kind;
	fault->address = record->address;
	fault->size = record->size;
	fault->at = at;
}

static void check_one(const struct record *record, const char *top,
		      struct mp_fault *fault)
{
	const char *end = record->address + record->size;
	const char *wrong;

	mp_watch_open(record->bottom,
		      (size_t)(record->address - record->bottom));
	mp_watch_open(end, (size_t)(top - end));
	wrong = first_wrong(end, (const char *)shape_below(top));
	if (wrong)
		note(fault, MP_FAULT_PAST, record, wrong);
	wrong = first_wrong(record->bottom, record->address);
	if (wrong)
		note(fault, MP_FAULT_BEFORE, record, wrong);
}

/*
 * The shape word below `top` is gone.  Canaries in front of it that are whole
 * mean that the write came from above.
 */
static void note_lost(const char *top, const struct record *above,
		      struct mp_fault *fault)
{
	const char *shape = (const char *)shape_below(top);
	bool from_above;

	/* A fault: what the tools allow there does not matter any more. */
	mp_watch_open(shape - sizeof(uint64_t), sizeof(uint64_t));
	from_above = above->address &&
		     !first_wrong(shape - sizeof(uint64_t), shape);
	note(fault, from_above ? MP_FAULT_BEFORE : MP_FAULT_AROUND, above,
	     shape);
}

size_t mp_record_used(const char *from, const char *to)
{
	struct record record;
	size_t used = 0;

	for (; to > from && read(from, to, &record); to = record.bottom)
		used += (record.size + 15) & ~(size_t)15;
	return used;
}

void mp_record_check(const char *from, const char *to, struct mp_fault *fault)
{
	struct record above = { NULL, 0, NULL };
	struct record record;

	for (; to > from; to = record.bottom, above = record) {
		if (!read(from, to, &record)) {
			note_lost(to, &above, fault);
			return;
		}
		check_one(&record, to, fault);
	}
}
