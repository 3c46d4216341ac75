/* SPDX-License-Identifier: MIT */
/*
 * Counters of a cache: a block of its own lines, one writer.  Counting is a
 * leaf that all may use; reading is stats.c's.
 *
 * Each is kept twice, as a tally is (tally.h says why): on a hit that costs one
 * instruction for each of two counters.  `live` always leads somewhere: to a
 * block that other processes see, or to one that nobody sees.
 */
#ifndef MP_COUNTERS_H
#define MP_COUNTERS_H

#include "list.h"
#include "live_format.h"
#include "tally.h"

/* What others see: struct mp_live_cache, with names. */
struct mp_live_counters {
	struct mp_live_block block;
	_Atomic uint64_t owner;
	_Atomic uint64_t begun;
	_Atomic uint64_t balance;
	_Atomic uint64_t magazines;
#define MP_STAT_HIT_WORD(name)
#define MP_STAT_TRIP_WORD(name) _Atomic uint64_t name;
#define MP_STAT_POOL_WORD(name)
#define MP_STAT(name, kind, unit, level, line, text) \
	MP_STAT_##level##_WORD(name)
#include "stats.def"
#undef MP_STAT_HIT_WORD
#undef MP_STAT_TRIP_WORD
#define MP_STAT_HIT_WORD(name) _Atomic uint64_t name;
#define MP_STAT_TRIP_WORD(name)
#include "stats.def"
#undef MP_STAT_HIT_WORD
#undef MP_STAT_TRIP_WORD
#undef MP_STAT_POOL_WORD
#undef MP_STAT
};

_Static_assert(sizeof(struct mp_live_counters) == sizeof(struct mp_live_cache),
	       "no row of a cache is without a word, and no word too many");
_Static_assert(offsetof(struct mp_live_counters, gets) == 64,
	       "a hit writes to the second line only: see MP_OPERATION_AT");

struct mp_counters {
	struct mp_live_counters *live;
	/* For each HIT row, and then for each TRIP row. */
#define MP_STAT_HIT_WORD(name) _Atomic uint64_t name;
#define MP_STAT_TRIP_WORD(name)
#define MP_STAT_POOL_WORD(name)
#define MP_STAT(name, kind, unit, level, line, text) \
	MP_STAT_##level##_WORD(name)
#include "stats.def"
#undef MP_STAT_HIT_WORD
#undef MP_STAT_TRIP_WORD
#define MP_STAT_HIT_WORD(name)
#define MP_STAT_TRIP_WORD(name) _Atomic uint64_t name;
#include "stats.def"
#undef MP_STAT_HIT_WORD
#undef MP_STAT_TRIP_WORD
#undef MP_STAT_POOL_WORD
#undef MP_STAT
};

/* MP_STAT_EACH_COUNTER(M): M(name) for each row that is a cache's. */
#define MP_STAT_HIT_COUNTER(m, name) m(name)
#define MP_STAT_TRIP_COUNTER(m, name) m(name)
#define MP_STAT_POOL_COUNTER(m, name)

/* On slow paths, where also a block with many writers may be meant. */
#define mp_count(counters, name, n)        \
	(mp_count_live(counters, name, n), \
	 (void)mp_add_relaxed(&(counters)->name, (uint64_t)(n)))

/*
 * Counts by the thread that is inside, as its last step but leaving.
 *
 * Release: for ticks, as in mp_operation_sequence(); and for returns: our last
 * use of the pool, also of the block that others see, comes before the count,
 * by which mp_registry_reap() decides that nobody uses it any more.  The other
 * one: what a miss moved is seen with its end (live_format.h).
 */
#define mp_operation_count(name, counters)         \
	(mp_bump_release(&(counters)->live->name), \
	 mp_bump_release(&(counters)->name))

/* The half of it that others see. */
#define mp_count_live(counters, name, n) \
	((void)mp_add_relaxed(&(counters)->live->name, (uint64_t)(n)))

/* From now on they are shown there.  By one who is alone. */
static inline void mp_counters_show(struct mp_counters *counters,
				    struct mp_live_counters *live)
{
#define MP_COUNTERS_SHOW(name) \
	mp_store_relaxed(&live->name, mp_load_relaxed(&counters->name));
#define MP_STAT(name, kind, unit, level, line, text) \
	MP_STAT_##level##_COUNTER(MP_COUNTERS_SHOW, name)
#include "stats.def"
#undef MP_STAT
#undef MP_COUNTERS_SHOW
	mp_store_relaxed(&live->begun, mp_load_relaxed(&counters->misses));
	counters->live = live;
}

static inline void mp_counters_clear(struct mp_counters *counters)
{
#define MP_COUNTERS_CLEAR(name) mp_store_relaxed(&counters->name, 0);
#define MP_STAT(name, kind, unit, level, line, text) \
	MP_STAT_##level##_COUNTER(MP_COUNTERS_CLEAR, name)
#include "stats.def"
#undef MP_STAT
#undef MP_COUNTERS_CLEAR
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
