/* SPDX-License-Identifier: MIT */
#include "region.h"

#include "page.h"
#include "platform.h"

static struct mp_region *region_at(struct mp_regions *regions, uint32_t index)
{
	return mp_table_at(&regions->table, index);
}

static uint64_t all_pieces(const struct mp_regions *regions)
{
	return (UINT64_C(1) << regions->pieces) - 1;
}

static uint64_t free_of(uint64_t word)
{
	return word & MP_REGION_FREE;
}

static uint64_t dirty_of(uint64_t word)
{
	return word >> MP_REGION_DIRTY_SHIFT & MP_REGION_FREE;
}

static uint64_t as_dirty(uint64_t pieces)
{
	return pieces << MP_REGION_DIRTY_SHIFT;
}

static uint32_t count_of(uint64_t pieces)
{
	return (uint32_t)__builtin_popcountll(pieces);
}

void mp_regions_init(struct mp_regions *regions, struct mp_upstream *upstream,
		     size_t stride, uint32_t slab_pages, enum mp_hugepages mode)
{
	size_t whole = MP_REGION_BYTES / stride;
	/* If a slab can have as many, a region is one. */
	size_t pages = whole <= 1u << MP_PAGE_SLOT_BITS ? whole : slab_pages;
	size_t bytes = mp_round_up(pages * stride, mp_platform_page_size());
	size_t pieces = MP_REGION_BYTES / bytes;

	if (pieces > MP_REGION_PIECES_MAX)
		pieces = MP_REGION_PIECES_MAX;
	if (mode == MP_HUGEPAGES_NEVER ||
	    pieces * bytes < MP_REGION_BYTES / 4 * 3)
		return;
	regions->upstream = upstream;
	regions->pieces = (uint32_t)pieces;
	regions->pages = (uint32_t)pages;
	regions->bytes = bytes;
	regions->splits = mode == MP_HUGEPAGES_MADVISE;
	mp_table_init(&regions->table, sizeof(struct mp_region),
		      MP_TABLE_CAPACITY);
}

/* ---- taking -------------------------------------------------------------- */

/* The lowest free piece of a region. */
static char *claim(struct mp_regions *regions, struct mp_region *region)
{
	uint64_t word = mp_load_relaxed(&region->word);
	uint64_t piece;

	do {
		piece = free_of(word) & -free_of(word);
		if (!piece)
			return NULL;
		/*
		 * Acquire: base, and what was done to the piece (its slab's
		 * end, a discard), come before our use of it; the other side
		 * is the releases in publish() and give_bits().
		 */
	} while (!mp_cas_weak_acquire(&region->word, &word,
				      word & ~(piece | as_dirty(piece))));
	mp_sub_relaxed(&regions->free, 1);
	if (word & as_dirty(piece))
		mp_sub_relaxed(&regions->dirty, 1);
	return region->base + (uint32_t)__builtin_ctzll(piece) * regions->bytes;
}

/* From the lowest region that has one, so that the upper ones get empty. */
static char *find(struct mp_regions *regions, uint32_t from, uint32_t to,
		  uint32_t *index)
{
	for (uint32_t i = from; i < to; i++) {
		char *piece = claim(regions, region_at(regions, i + 1));

		if (piece) {
			mp_store_relaxed(&regions->lowest, i);
			*index = i + 1;
			return piece;
		}
	}
	return NULL;
}

static char *find_anywhere(struct mp_regions *regions, uint32_t *index)
{
	uint32_t count = mp_table_count(&regions->table);
	uint32_t lowest = mp_load_relaxed(&regions->lowest);
	char *piece;

	if (!mp_load_relaxed(&regions->free))
		return NULL;
	piece = find(regions, lowest, count, index);
	return piece ? piece : find(regions, 0, lowest, index);
}

/*
 * A record without a region, for the one that maps; 0: none to be had.  All
 * pieces of a new one are out.
 */
static uint32_t take_record(struct mp_regions *regions)
{
	uint32_t count = mp_table_count(&regions->table);

	for (uint32_t i = 1; i <= count; i++) {
		_Atomic uint64_t *word = &region_at(regions, i)->word;

		/*
		 * Acquire: the record's fields are the unmapper's last ones.
		 * Nobody else takes one meanwhile (mapping).
		 */
		if (mp_load_acquire(word) != MP_REGION_NONE)
			continue;
		mp_store_relaxed(word, UINT64_C(0));
		return i;
	}
	return mp_table_add(&regions->table);
}

/* The first piece is the caller's, whatever others take. */
static char *publish(struct mp_regions *regions, struct mp_region *region,
		     char *base)
{
	region->base = base;
	mp_store_relaxed(&region->split, false);
	mp_platform_huge(base, MP_REGION_BYTES, true);
	mp_add_relaxed(&regions->free, regions->pieces - 1);
	/* Release: base before the pieces (claim). */
	mp_store_release(&region->word, all_pieces(regions) & ~UINT64_C(1));
	return base;
}

static char *map(struct mp_regions *regions, uint32_t *index)
{
	struct mp_region *region;
	char *base;

	*index = take_record(regions);
	if (!*index)
		return NULL;
	region = region_at(regions, *index);
	base = mp_upstream_map(regions->upstream, MP_REGION_BYTES,
			       MP_REGION_BYTES);
	if (base)
		return publish(regions, region, base);
	mp_store_release(&region->word, MP_REGION_NONE);
	return NULL;
}

char *mp_regions_take(struct mp_regions *regions, uint32_t *index)
{
	char *piece = find_anywhere(regions, index);

	/* What memory of the host's own is backed with is not ours to say. */
	if (piece || regions->upstream->map)
		return piece;
	/*
	 * One at a time: a region takes 2 MiB as soon as it is touched, and
	 * twenty threads that grow at once would make twenty.  Acquire: which
	 * records were taken (take_record) by those who mapped before.
	 */
	if (mp_exchange_acquire(&regions->mapping, true))
		return NULL;
	piece = map(regions, index);
	/* Release: see above. */
	mp_store_release(&regions->mapping, false);
	return piece;
}

/* ---- giving -------------------------------------------------------------- */

/* All its pieces are ours; so many of them held memory. */
static size_t unmap(struct mp_regions *regions, struct mp_region *region,
		    uint32_t dirty)
{
	char *base = region->base;
	bool done;

	/* Before the mapping goes: a fork child unmaps what it finds there. */
	region->base = NULL;
	mp_compiler_barrier();
	done = mp_upstream_unmap(regions->upstream, base, MP_REGION_BYTES);
	/* Release: we are done with the record (take_record). */
	mp_store_release(&region->word, MP_REGION_NONE);
	return done ? dirty * regions->bytes : 0;
}

/* Those below it were full when it was set. */
static void note_free(struct mp_regions *regions, uint32_t index)
{
	if (index - 1 < mp_load_relaxed(&regions->lowest))
		mp_store_relaxed(&regions->lowest, index - 1);
}

/* Makes the caller's pieces free, and takes the region if that are all. */
static size_t give_bits(struct mp_regions *regions, uint32_t index,
			uint64_t mine, uint64_t dirty)
{
	struct mp_region *region = region_at(regions, index);
	uint64_t before = mp_load_relaxed(&region->word);
	uint64_t after;
	bool whole;

	/* Counted first, so that the counts never wrap. */
	mp_add_relaxed(&regions->free, count_of(mine));
	mp_add_relaxed(&regions->dirty, count_of(dirty));
	do {
		after = before | mine | as_dirty(dirty);
		whole = free_of(after) == all_pieces(regions);
		/*
		 * Release: our use of the pieces comes before that of who
		 * claims them.  Acquire: all others' uses come before the end
		 * of the region.
		 */
	} while (!mp_cas_weak_seq(&region->word, &before,
				  whole ? UINT64_C(0) : after));
	if (!whole) {
		note_free(regions, index);
		return 0;
	}
	mp_sub_relaxed(&regions->free, regions->pieces);
	mp_sub_relaxed(&regions->dirty, count_of(dirty_of(after)));
	return unmap(regions, region, count_of(dirty_of(after)));
}

size_t mp_regions_give(struct mp_regions *regions, uint32_t index, char *piece)
{
	char *base = region_at(regions, index)->base;
	uint64_t bit = UINT64_C(1) << (size_t)(piece - base) / regions->bytes;

	return give_bits(regions, index, bit, bit);
}

bool mp_regions_split(struct mp_regions *regions, uint32_t index)
{
	struct mp_region *region = region_at(regions, index);

	/*
	 * Relaxed: who comes second may discard before the system knows; at
	 * the worst it puts zeros there once more.
	 */
	if (regions->splits && !mp_load_relaxed(&region->split) &&
	    !mp_exchange_relaxed(&region->split, true))
		mp_platform_huge(region->base, MP_REGION_BYTES, false);
	return regions->splits;
}

/* In maximal runs. */
static size_t discard(struct mp_regions *regions, struct mp_region *region,
		      uint64_t pieces)
{
	size_t given = 0;

	while (pieces) {
		uint32_t from = (uint32_t)__builtin_ctzll(pieces);
		uint32_t n = (uint32_t)__builtin_ctzll(~(pieces >> from));
		size_t bytes = n * regions->bytes;

		if (mp_upstream_discard(regions->upstream,
					region->base + from * regions->bytes,
					bytes))
			given += bytes;
		pieces &= ~(((UINT64_C(1) << n) - 1) << from);
	}
	return given;
}

static size_t settle(struct mp_regions *regions, uint32_t index)
{
	struct mp_region *region = region_at(regions, index);
	uint64_t word = mp_load_relaxed(&region->word);
	uint64_t dirty;
	size_t bytes;

	do {
		dirty = dirty_of(word);
		if (!dirty)
			return 0;
		/* Acquire: the last uses of these pieces (give_bits). */
	} while (!mp_cas_weak_acquire(&region->word, &word,
				      word & ~(dirty | as_dirty(dirty))));
	mp_sub_relaxed(&regions->free, count_of(dirty));
	mp_sub_relaxed(&regions->dirty, count_of(dirty));
	mp_regions_split(regions, index);
	bytes = discard(regions, region, dirty);
	return bytes + give_bits(regions, index, dirty, 0);
}

size_t mp_regions_settle_all(struct mp_regions *regions)
{
	uint32_t count = mp_table_count(&regions->table);
	size_t bytes = 0;

	for (uint32_t i = 1; i <= count; i++)
		bytes += settle(regions, i);
	return bytes;
}

/* ---- the end, and fork --------------------------------------------------- */

void mp_regions_release(struct mp_regions *regions)
{
	uint32_t count = mp_table_count(&regions->table);

	for (uint32_t i = 1; i <= count; i++) {
		struct mp_region *region = region_at(regions, i);

		if (region->base)
			unmap(regions, region, 0);
	}
	mp_table_release(&regions->table);
}

/* Pieces that others were just taking or giving are lost with them. */
void mp_regions_after_fork(struct mp_regions *regions)
{
	uint32_t count = mp_table_count(&regions->table);
	uint32_t free = 0;
	uint32_t dirty = 0;

	for (uint32_t i = 1; i <= count; i++) {
		uint64_t word = mp_load_relaxed(&region_at(regions, i)->word);

		free += count_of(free_of(word));
		dirty += count_of(dirty_of(word));
	}
	mp_store_relaxed(&regions->free, free);
	mp_store_relaxed(&regions->dirty, dirty);
	mp_store_relaxed(&regions->lowest, 0);
	mp_store_relaxed(&regions->mapping, false);
}
