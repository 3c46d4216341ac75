/* SPDX-License-Identifier: MIT */
/*
 * A reader of the live segment, written by what src/live_format.h says and by
 * nothing else.
 */
#ifndef TEST_SUPPORT_SEGMENT_H
#define TEST_SUPPORT_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../src/live_format.h"

struct segment {
	const char *map; /* NULL: none found */
	int descriptor;  /* of our own */
	int number;      /* the process's */
};

/* Words of a segment at one moment. */
struct segment_shot {
	uint64_t word[MP_LIVE_BYTES / 8];
};

/* False: the process shows none. */
bool segment_open(struct segment *segment, pid_t pid);
void segment_close(struct segment *segment);

/* False: the blocks would not hold still. */
bool segment_shoot(const struct segment *segment, struct segment_shot *shot);

/* How many descriptors of segments the process has, anybody's. */
unsigned int segment_count(pid_t pid);

const struct mp_live_header *segment_header(const struct segment_shot *shot);
const struct mp_live_changes *segment_changes(const struct segment_shot *shot);

/* NULL after the last one; NULL as `block`: the first one. */
const struct mp_live_block *segment_next(const struct segment_shot *shot,
					 const struct mp_live_block *block);

/* The number of the pool with that name; 0: there is none. */
uint32_t segment_pool(const struct segment_shot *shot, const char *name);

/* The value of a row, of a pool or (0) of all. */
uint64_t segment_value(const struct segment_shot *shot, const char *row,
		       uint32_t pool);

/* The same of one row by its number. */
uint64_t segment_row(const struct segment_shot *shot, uint32_t row,
		     uint32_t pool);

/* Misses (begun - ended) of all caches and direct blocks of a pool. */
uint64_t segment_begun(const struct segment_shot *shot, uint32_t pool);
uint64_t segment_ended(const struct segment_shot *shot, uint32_t pool);

/*
 * NULL: this process shows no segment, has no room to show all, or shows a pool
 * whose every row is what magpool_stats_read() says of this one.  Else what is
 * wrong.
 * Nobody is inside a call.  Where magpool.h is known.
 */
struct magpool;
const char *segment_fault(const struct magpool *pool);

#endif
