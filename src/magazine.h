/* SPDX-License-Identifier: MIT */
/*
 * Magazines: fixed arrays of arenas, moved whole between caches and the depot
 * (Bonwick and Adams, "Magazines and Vmem", USENIX 2001).
 *
 * A magazine belongs to the cache that holds it, or to the depot; its arenas
 * belong to whoever holds it.  Records are type-stable: a slow pop may read
 * the link of one that is elsewhere by now.
 */
#ifndef MP_MAGAZINE_H
#define MP_MAGAZINE_H

#include "list.h"
#include "page.h"
#include "tally.h"

#define MP_ROUNDS_MAX 256 /* config.def allows no more, for the least */

struct mp_magazine {
	struct mp_link link;
	/* One writer, its holder; statistics read it.  While a cache has the
	 * magazine loaded, the cache's own pointers say how full it is. */
	_Atomic uint32_t count;
	uint32_t index;
	struct mp_page *round[];
};

struct mp_magazines {
	struct mp_table table;
	uint32_t most;        /* rounds that there is room for: see sizing.h */
	struct mp_tally made; /* for others: the table has the number */
};

static inline void mp_magazines_init(struct mp_magazines *magazines,
				     uint32_t most)
{
	size_t bytes =
		sizeof(struct mp_magazine) + most * sizeof(struct mp_page *);

	magazines->most = most;
	mp_table_init(&magazines->table,
		      (bytes + MP_CACHE_LINE - 1) &
			      ~(size_t)(MP_CACHE_LINE - 1),
		      MP_INDEX_MAX);
}

static inline struct mp_magazine *mp_magazine_at(struct mp_magazines *magazines,
						 uint32_t index)
{
	return index ? mp_table_at(&magazines->table, index) : NULL;
}

/* A new empty magazine, or NULL. */
static inline struct mp_magazine *mp_magazine_make(struct mp_magazines *m)
{
	uint32_t index = mp_table_add(&m->table);
	struct mp_magazine *magazine = mp_magazine_at(m, index);

	if (magazine) {
		magazine->index = index;
		mp_tally_add(&m->made, 1);
	}
	return magazine;
}

static inline uint32_t mp_magazine_count(struct mp_magazine *magazine)
{
	return mp_load_relaxed(&magazine->count);
}

static inline void mp_magazine_set_count(struct mp_magazine *magazine,
					 uint32_t count)
{
	mp_store_relaxed(&magazine->count, count);
}

/* Does it hold closed pages, no more than it has room for?  For checks. */
static inline bool mp_magazine_is_valid(const struct mp_magazines *magazines,
					struct mp_magazine *magazine)
{
	uint32_t count = mp_magazine_count(magazine);

	/* LCOV_EXCL_BR_LINE: an assertion's. */
	if (count > magazines->most)
		return false; /* LCOV_EXCL_LINE: as above */
	for (uint32_t i = 0; i < count; i++) {
		struct mp_page *page = magazine->round[i];

		if (!mp_page_is_one(page) || page->words.cursor)
			return false;
	}
	return true;
}

#endif
