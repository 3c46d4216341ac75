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
	uint32_t few;
	struct mp_page **round; /* first, or many: see mp_magazine_fit() */
	struct mp_page **many;
	struct mp_page *first[]; /* so few */
};

/*
 * There are two magazines for each cache, and pages may be few: what many
 * rounds need lies apart from the records, and is not touched before magazines
 * are so large.
 */
struct mp_magazines {
	struct mp_table table;
	struct mp_table many;
	uint32_t few;         /* rounds that there is room for in a record */
	uint32_t most;        /* and in all: see sizing.h */
	struct mp_tally made; /* for others: the table has the number */
};

/* Records that different threads write are not in one line. */
#define MP_MAGAZINE_LINE ((size_t)64)

static inline size_t mp_magazine_lines(size_t bytes)
{
	return (bytes + MP_MAGAZINE_LINE - 1) & ~(MP_MAGAZINE_LINE - 1);
}

static inline void mp_magazines_init(struct mp_magazines *magazines,
				     uint32_t few, uint32_t most)
{
	magazines->few = few;
	magazines->most = most;
	mp_table_init(&magazines->table,
		      mp_magazine_lines(sizeof(struct mp_magazine) +
					few * sizeof(struct mp_page *)),
		      MP_INDEX_MAX);
	mp_table_init(&magazines->many,
		      mp_magazine_lines(most * sizeof(struct mp_page *)),
		      MP_INDEX_MAX);
}

/* By one who is alone. */
static inline void mp_magazines_release(struct mp_magazines *magazines)
{
	mp_table_release(&magazines->table);
	mp_table_release(&magazines->many);
}

static inline struct mp_magazine *mp_magazine_at(struct mp_magazines *magazines,
						 uint32_t index)
{
	return index ? mp_table_at(&magazines->table, index) : NULL;
}

/* A new empty magazine, or NULL.  All have room for the most. */
static inline struct mp_magazine *mp_magazine_make(struct mp_magazines *m)
{
	uint32_t many = m->most > m->few ? mp_table_add(&m->many) : 0;
	struct mp_magazine *magazine;
	uint32_t index;

	if (m->most > m->few && !many)
		return NULL;
	index = mp_table_add(&m->table);
	magazine = mp_magazine_at(m, index);
	if (magazine) {
		magazine->index = index;
		magazine->few = m->few;
		magazine->round = magazine->first;
		magazine->many = many ? mp_table_at(&m->many, many)
				      : magazine->first;
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

/*
 * By its holder: there is room for so many rounds in it from now on; where they
 * are.  An empty one goes back to its record when magazines are small again.
 */
static inline struct mp_page **mp_magazine_fit(struct mp_magazine *magazine,
					       uint32_t rounds)
{
	uint32_t count = mp_magazine_count(magazine);
	struct mp_page **from = magazine->round;
	struct mp_page **to = rounds > magazine->few ? magazine->many
						     : magazine->first;

	if (from == to || (count && to == magazine->first))
		return from;
	for (uint32_t i = 0; i < count; i++)
		to[i] = from[i];
	magazine->round = to;
	return to;
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
