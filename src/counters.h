/* SPDX-License-Identifier: MIT */
/*
 * Counters of a cache: a block of its own lines, reached through a pointer, one
 * writer.  Counting is a leaf that all may use; reading is stats.c's.
 */
#ifndef MP_COUNTERS_H
#define MP_COUNTERS_H

#include "list.h"

#define MP_STAT_CACHE_WORD(name) _Atomic uint64_t name;
#define MP_STAT_POOL_WORD(name)

struct mp_counters {
#define MP_STAT(name, kind, unit, level, line, text) \
	MP_STAT_##level##_WORD(name)
#include "stats.def"
#undef MP_STAT
};

#undef MP_STAT_CACHE_WORD
#undef MP_STAT_POOL_WORD

_Static_assert(sizeof(struct mp_counters) <= MP_CACHE_LINE,
	       "a cache's counters fit one line");

/* On slow paths, where also a block with many writers may be meant. */
#define mp_count(counters, name, n) \
	((void)mp_add_relaxed(&(counters)->name, (uint64_t)(n)))

static inline void mp_counters_clear(struct mp_counters *counters)
{
#define MP_STAT_CACHE_WORD(name) mp_store_relaxed(&counters->name, 0);
#define MP_STAT_POOL_WORD(name)
#define MP_STAT(name, kind, unit, level, line, text) \
	MP_STAT_##level##_WORD(name)
#include "stats.def"
#undef MP_STAT
#undef MP_STAT_CACHE_WORD
#undef MP_STAT_POOL_WORD
}

static inline void mp_count_trip(struct mp_counters *counters,
				 const struct mp_trip *trip)
{
	if (trip->exchanges)
		mp_count(counters, exchanges, trip->exchanges);
	if (trip->cas_failures)
		mp_count(counters, cas_failures, trip->cas_failures);
}

#endif
