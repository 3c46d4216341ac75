/* SPDX-License-Identifier: MIT */
#include "validate.h"

#include "registry.h"
#include "stats.h"

struct census {
	uint64_t full_pages;
	uint64_t full;
	uint64_t empty;
	uint64_t loose;
	const char *wrong;
	bool marking; /* the first walk marks pages, the second one unmarks */
};

/* In a page's place: its highest bit is never used. */
#define SEEN (UINT32_C(1) << 31)

static void see_page(struct census *census, struct mp_page *page)
{
	if (!census->marking) {
		page->place &= ~SEEN;
		return;
	}
	if (!mp_page_is_one(page) || page->words.cursor)
		census->wrong = "a page in the depot is not closed";
	else if (page->place & SEEN)
		census->wrong = "a page is in two places";
	page->place |= SEEN;
}

static void walk_list(struct magpool *pool, struct mp_list *list, bool full,
		      struct census *census)
{
	struct mp_magazines *magazines = &pool->depot.magazines;
	uint64_t left = mp_table_count(&magazines->table);
	uint32_t index = mp_list_peek(list);

	for (; index; left--) {
		struct mp_magazine *magazine = mp_magazine_at(magazines, index);
		uint32_t count = mp_magazine_count(magazine);

		if (left == 0 || (count != 0) != full) {
			census->wrong = left ? "a magazine in the wrong list"
					     : "a list of magazines is a ring";
			return;
		}
		for (uint32_t i = 0; i < count; i++)
			see_page(census, magazine->round[i]);
		census->full_pages += count;
		*(full ? &census->full : &census->empty) += 1;
		index = mp_load_relaxed(&magazine->link.next);
	}
}

static void walk_loose(struct mp_shard *shard, struct census *census)
{
	struct mp_page *page = mp_load_acquire(&shard->loose);

	for (; page && !census->wrong; page = mp_load_relaxed(&page->next)) {
		see_page(census, page);
		census->loose++;
	}
}

static const char *compare(struct magpool *pool, const struct census *census)
{
	struct magpool_stats s;

	mp_stats_pool(pool, &s);
	if (census->wrong)
		return census->wrong;
	if (s.pages_depot != census->full_pages ||
	    s.magazines_full != census->full ||
	    s.magazines_empty != census->empty ||
	    s.pages_loose != census->loose)
		return "the depot's counts are not what is in it";
	if (s.pages_created !=
	    s.pages_given_back + s.pages_out + s.pages_cached + s.pages_depot +
		    s.pages_loose + s.pages_quarantined + s.pages_leaked)
		return "pages are missing or too many";
	if (s.magazines_made != s.magazines_loaded + s.magazines_full +
					s.magazines_empty +
					pool->forked_magazines)
		return "magazines are missing or too many";
	return NULL;
}

static struct census walk(struct magpool *pool, bool marking)
{
	struct census census = { .marking = marking };

	for (uint32_t i = 0; i < pool->depot.shards; i++) {
		struct mp_shard *shard = &pool->depot.shard[i];

		walk_list(pool, &shard->full, true, &census);
		walk_list(pool, &shard->empty, false, &census);
		walk_loose(shard, &census);
	}
	return census;
}

const char *mp_validate(struct magpool *pool)
{
	struct census census = walk(pool, true);

	walk(pool, false);
	return compare(pool, &census);
}
