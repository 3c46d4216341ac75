/* SPDX-License-Identifier: MIT */
/*
 * The values of a live segment at a moment.  As segment.h: whatever the bytes
 * are, what comes out is bounded and printable.
 */
#ifndef STAT_SNAPSHOT_H
#define STAT_SNAPSHOT_H

#include "segment.h"

/* A pool, or something of one. */
struct stat_part {
	uint16_t type; /* enum mp_live_type: POOL, DIRECT, SHARD or CACHE */
	uint32_t pool, serial, index;
	char name[48];         /* POOL */
	uint64_t state;        /* POOL */
	uint64_t hidden;       /* POOL */
	uint64_t exchanges;    /* SHARD */
	uint64_t cas_failures; /* SHARD */
	uint64_t owner;        /* CACHE */
	uint64_t balance;      /* CACHE */
	uint64_t *value;       /* for each row; see stat_part_has */
};

struct stat_snapshot {
	bool is_torn; /* the process changed its blocks all the time */
	uint64_t hidden_pools, hidden_caches;
	uint64_t *total; /* for each row, all pools */
	size_t parts;
	struct stat_part *part; /* each pool, then what it has */
	uint64_t *values;       /* private: of all of them */
};

/* STAT_FINE, STAT_GONE or STAT_DAMAGED; then there is nothing to free. */
enum stat_fault stat_segment_read(const struct stat_segment *segment,
				  struct stat_snapshot *snapshot);
void stat_snapshot_free(struct stat_snapshot *snapshot);

/* Is the row worth showing for this part? */
bool stat_part_has(const struct stat_part *part, const struct stat_row *row);

#endif
