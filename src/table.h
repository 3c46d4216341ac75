/* SPDX-License-Identifier: MIT */
/*
 * A table of records that only grows: index -> record, from 1, in segments
 * that double.  A record's address never changes and its memory is never
 * unmapped before mp_table_release(): records are type-stable, so a slow
 * reader of an index always reads a record of the same kind.
 *
 * | operation | at the same time as | needs                                   |
 * |-----------|---------------------|-----------------------------------------|
 * | add       | add, at             | nothing: lock-free                      |
 * | at        | add                 | an index that add gave                  |
 * | release   | nothing             | the caller is alone                     |
 */
#ifndef MP_TABLE_H
#define MP_TABLE_H

#include "atomic.h"

#define MP_TABLE_FIRST 64 /* records in the first segment */
#define MP_TABLE_SEGMENTS 15
/* 64 + 128 + ... : what the segments hold, below 2^21. */
#define MP_TABLE_CAPACITY ((uint32_t)MP_TABLE_FIRST * 32767u)

struct mp_table {
	_Atomic(char *) segment[MP_TABLE_SEGMENTS];
	_Atomic uint32_t count; /* records, and the highest index */
	uint32_t capacity;
	size_t stride; /* bytes from record to record */
};

void mp_table_init(struct mp_table *table, size_t stride, uint32_t capacity);

/* The index of a new zeroed record; 0 when full or no memory is to be had. */
uint32_t mp_table_add(struct mp_table *table);

/* Unmaps all segments. */
void mp_table_release(struct mp_table *table);

static inline uint32_t mp_table_count(struct mp_table *table)
{
	/* Acquire: a record that is counted has its segment (mp_table_add). */
	return mp_load_acquire(&table->count);
}

static inline void *mp_table_at(struct mp_table *table, uint32_t index)
{
	uint32_t n = index - 1 + MP_TABLE_FIRST;
	uint32_t segment =
		(uint32_t)(__builtin_clz(MP_TABLE_FIRST) - __builtin_clz(n));
	char *base;

	/* What no index gives; the compiler warns of reading past the end. */
	/* LCOV_EXCL_BR_LINE: as said. */
	if (segment >= MP_TABLE_SEGMENTS)
		__builtin_unreachable(); /* LCOV_EXCL_LINE: as said */
	/*
	 * Acquire: the segment's address is seen before anything is read
	 * through it; the other side is install() in table.c.
	 */
	base = mp_load_acquire(&table->segment[segment]);

	return base +
	       (n - ((uint32_t)MP_TABLE_FIRST << segment)) * table->stride;
}

#endif
