/* SPDX-License-Identifier: MIT */
/*
 * Regions: memory that the system may back with a huge page, 2 MiB at a
 * multiple of 2 MiB, cut into pieces each of which becomes a slab (slab.h).
 *
 * A region is to its pieces what a slab is to its pages, and as lock-free: one
 * word says all there is to know of it.
 *
 *     free (31 bits)   pieces that are no slab
 *     dirty (31 bits)  those of them that hold memory: they were slabs
 *     NONE             the record has no region
 *
 * | operation | claims                            | at the same time as    |
 * |-----------|-----------------------------------|------------------------|
 * | take      | one free piece; else a record, to | everything             |
 * |           | map a region for it               |                        |
 * | give      | nothing; of the last piece that   | everything             |
 * |           | was no slab yet: the region       |                        |
 * | settle    | the dirty pieces of one region    | everything             |
 * | release   |                                   | the caller is alone    |
 *
 * Whoever changes the word so that all pieces would be free takes all of them
 * in that same step, so of two that give the last ones at once exactly one
 * finds them all; it unmaps the region, since nobody can have a piece of it any
 * more.  Records are type-stable (table.h): who looks at the word of one that
 * was unmapped meanwhile finds no free piece there.
 *
 * Who has a piece may read `base`: the region is mapped for as long as that.
 *
 * A region is given to the system whole.  In mode `madvise` so are parts of it
 * before that, but never while it may be backed by a huge page: the system
 * would then keep the page and, later, put it together again.  So a region that
 * gives back a part is a region of small pages from then on (split).
 */
#ifndef MP_REGION_H
#define MP_REGION_H

#include "table.h"
#include "upstream.h"

#define MP_REGION_BYTES ((size_t)2 << 20)
#define MP_REGION_PIECES_MAX 31
#define MP_REGION_FREE ((UINT64_C(1) << MP_REGION_PIECES_MAX) - 1)
#define MP_REGION_DIRTY_SHIFT 32
#define MP_REGION_NONE (UINT64_C(1) << 63)

/* The values of MAGPOOL_HUGEPAGES, in the order of its words. */
enum mp_hugepages {
	MP_HUGEPAGES_NEVER,
	MP_HUGEPAGES_MADVISE,
	MP_HUGEPAGES_ALWAYS,
};

struct mp_region {
	_Atomic uint64_t word;
	_Atomic bool split; /* no huge pages any more */
	char *base;
};

struct mp_regions {
	struct mp_upstream *upstream;
	uint32_t pieces; /* of a region; 0: there are none */
	uint32_t pages;  /* of a piece */
	size_t bytes;    /* of a piece */
	bool splits;
	struct mp_table table;
	/* Hints. */
	_Atomic uint32_t lowest; /* regions below it have no free piece */
	_Atomic uint32_t free;  /* at least so many pieces; too many at times */
	_Atomic uint32_t dirty; /* the same */
	_Atomic bool mapping;   /* no hint: one maps a region at a time */
};

/*
 * A zeroed record becomes one for slabs of `slab_pages` pages of `stride`
 * bytes, or of one region each if pages are large.  Where more than a quarter
 * of a region would be left over there are none.
 */
void mp_regions_init(struct mp_regions *regions, struct mp_upstream *upstream,
		     size_t stride, uint32_t slab_pages,
		     enum mp_hugepages mode);

static inline bool mp_regions_are_used(const struct mp_regions *regions)
{
	return regions->pieces != 0;
}

/*
 * A piece, and the index of its region; NULL: none to be had at the moment,
 * without waiting for anybody, and a small slab will do.  May map a region.
 */
char *mp_regions_take(struct mp_regions *regions, uint32_t *index);

/* A piece is no slab any more.  Bytes given back: those of a whole region. */
size_t mp_regions_give(struct mp_regions *regions, uint32_t index, char *piece);

/* Gives the memory of dirty pieces to the system, where that splits; bytes. */
size_t mp_regions_settle_all(struct mp_regions *regions);

static inline size_t mp_regions_settle(struct mp_regions *regions)
{
	return regions->splits && mp_load_relaxed(&regions->dirty)
		       ? mp_regions_settle_all(regions)
		       : 0;
}

/*
 * May parts of that region, of which the caller has one, be given back?  Then
 * the system uses no huge pages for it from now on.
 */
bool mp_regions_split(struct mp_regions *regions, uint32_t index);

/* Unmaps what is left. */
void mp_regions_release(struct mp_regions *regions);

/* In a fork child. */
void mp_regions_after_fork(struct mp_regions *regions);

#endif
