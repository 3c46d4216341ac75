/* SPDX-License-Identifier: MIT */
/*
 * The live segment: what other processes see of this one (live_format.h).
 * Here: its memory, its table, and who has which block of it.  What is written
 * into the blocks is show.c's and that of those who count (tally.h).
 *
 * The segment is written and never read.  What has to be known of it (which
 * blocks are taken) is kept beside it.  Without a segment (MAGPOOL_STATS=off,
 * or the system refuses it) nobody gets a block, and all else is as usual.
 *
 * All under the registry's mutex.
 */
#ifndef MP_LIVE_H
#define MP_LIVE_H

#include "atomic.h"
#include "live_format.h"

/* The number of a row of stats.def. */
enum mp_row {
#define MP_STAT(name, kind, unit, level, line, text) MP_ROW_##name,
#include "stats.def"
#undef MP_STAT
	MP_ROW_COUNT
};

/* struct mp_live_changes. */
struct mp_live_words {
	_Atomic uint64_t generation;
	_Atomic uint64_t used_bytes;
	_Atomic uint64_t hidden_pools;
	_Atomic uint64_t hidden_caches;
	_Atomic uint64_t process[2]; /* bytes, peak: as a budget shows them */
	uint64_t reserved[2];
};

/* struct mp_live_pool. */
struct mp_live_pool_words {
	struct mp_live_block block;
	char name[48];
	_Atomic uint64_t state;
	_Atomic uint64_t hidden;
	uint64_t reserved[6];
	_Atomic uint64_t word[MP_ROW_COUNT];
};

/* Makes it, at the first use. */
void mp_live_start(void);

/* NULL: there is none. */
struct mp_live_words *mp_live_words(void);

/* The counters of pools that ended, or NULL. */
_Atomic uint64_t *mp_live_retired(void);

/*
 * Around changes of who has which block: those who read meanwhile read again.
 * May be nested.
 */
void mp_live_begin(void);
void mp_live_end(void);

/* A block of zeros, for so many bytes; NULL: no room.  Between these two. */
void *mp_live_take(enum mp_live_type type, size_t bytes, uint32_t pool,
		   uint32_t index);
void mp_live_drop(void *block);

/*
 * In a fork child: what was the parent's is ours, with the same blocks, all of
 * zeros, at the same address.  False: it could not be had, and there is none
 * any more.  Begins, too; the caller ends.
 */
bool mp_live_after_fork(void);

/* ---- live_rows.c --------------------------------------------------------- */

/* Writes the table, and into the header where everything is. */
void mp_live_write_rows(char *segment);

#endif
