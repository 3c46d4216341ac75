/* SPDX-License-Identifier: MIT */
#include "depot.h"

#include "check.h"
#include "nodes.h"

/* As many for each node; up, if there is room. */
static uint32_t round_shards(uint32_t shards, uint32_t nodes)
{
	uint32_t each = (shards + nodes - 1) / nodes;

	return each * nodes <= MP_SHARDS_MAX ? each * nodes
					     : (each - 1) * nodes;
}

void mp_depot_init(struct mp_depot *depot, uint32_t least, uint32_t most,
		   uint32_t shards, uint32_t nodes, uint64_t limit)
{
	MP_ASSERT(shards >= 1 && shards <= MP_SHARDS_MAX);
	MP_ASSERT(least <= most && most <= MP_ROUNDS_MAX);
	mp_sizing_init(&depot->sizing, least, most);
	mp_magazines_init(&depot->magazines, least, most);
	if (nodes > shards)
		nodes = 1;
	depot->shards = round_shards(shards, nodes);
	depot->node_shards = depot->shards / nodes;
	depot->limit = limit;
}

/* ---- how much there is, for us and for others ---------------------------- */

/*
 * Releases: who sees one of these sees before it that a miss began
 * (live_format.h).
 */
/* What there is now. */
static uint64_t count_content(struct mp_shard *s, uint64_t content)
{
	struct mp_live_lists *live = s->live;

	if (live) {
		mp_add_release(&live->content, content);
		mp_add_relaxed(&live->exchanges, 1);
	}
	return mp_add_relaxed(&s->content, content) + content;
}

static void count_empties(struct mp_shard *s, int32_t n)
{
	if (s->live)
		mp_add_release(&s->live->empties, (uint64_t)n);
	mp_add_relaxed(&s->empties, (uint32_t)n);
}

static uint32_t count_loose(struct mp_shard *s, int32_t n)
{
	if (s->live)
		mp_add_release(&s->live->loose, (uint64_t)n);
	return mp_add_relaxed(&s->loose_pages, (uint32_t)n) + (uint32_t)n;
}

void mp_shard_show(struct mp_shard *s, struct mp_live_lists *live)
{
	if (live) {
		mp_store_relaxed(&live->content, mp_load_relaxed(&s->content));
		mp_store_relaxed(&live->empties, mp_load_relaxed(&s->empties));
		mp_store_relaxed(&live->loose,
				 mp_load_relaxed(&s->loose_pages));
	}
	s->live = live;
}

/* ---- magazines ----------------------------------------------------------- */

/* The shards of a node lie side by side, and so do the steps among them. */
static struct mp_shard *shard_at(struct mp_depot *depot, uint32_t start,
				 uint32_t step)
{
	uint32_t each = depot->node_shards;
	uint32_t node = start / each + step / each;

	return &depot->shard[node * each % depot->shards +
			     (start + step) % each];
}

uint32_t mp_depot_shard_here(const struct mp_depot *depot)
{
	struct mp_place here = mp_nodes_here();
	uint32_t each = depot->node_shards;

	return here.node * each % depot->shards + here.number % each;
}

/* The least that there was, for mp_shard_surplus(). */
static void note_least(_Atomic uint32_t *least, uint32_t left)
{
	uint32_t before = mp_load_relaxed(least);

	while (left < before && !mp_cas_weak_relaxed(least, &before, left))
		;
}

/* What it took more than once is the shard's, besides the trip's. */
static void count_failures(struct mp_shard *s, unsigned int more)
{
	if (mp_unlikely(more) && s->live)
		mp_add_relaxed(&s->live->cas_failures, more);
}

static uint32_t pop(struct mp_depot *depot, struct mp_shard *s,
		    struct mp_list *list, struct mp_trip *trip)
{
	unsigned int before = trip->cas_failures;
	uint32_t index = mp_list_pop(list, &depot->magazines.table, trip);

	count_failures(s, trip->cas_failures - before);
	return index;
}

static void push(struct mp_depot *depot, struct mp_shard *s,
		 struct mp_list *list, struct mp_magazine *magazine,
		 struct mp_trip *trip)
{
	unsigned int before = trip->cas_failures;

	mp_list_push(list, &depot->magazines.table, magazine->index, trip);
	count_failures(s, trip->cas_failures - before);
}

static void count_taken(struct mp_shard *s, struct mp_magazine *magazine)
{
	uint64_t taken = MP_CONTENT_ONE + mp_magazine_count(magazine);
	uint64_t left = count_content(s, -taken);

	note_least(&s->least_full, (uint32_t)(left / MP_CONTENT_ONE));
}

struct mp_magazine *mp_depot_take_full(struct mp_depot *depot, uint32_t shard,
				       struct mp_trip *trip)
{
	for (uint32_t i = 0; i < depot->shards; i++) {
		struct mp_shard *s = shard_at(depot, shard, i);
		uint32_t index = pop(depot, s, &s->full, trip);
		struct mp_magazine *magazine =
			mp_magazine_at(&depot->magazines, index);

		if (magazine) {
			MP_CHECK(mp_magazine_is_valid(&depot->magazines,
						      magazine));
			count_taken(s, magazine);
			trip->exchanges++;
			return magazine;
		}
	}
	return NULL;
}

void mp_depot_give_full(struct mp_depot *depot, uint32_t shard,
			struct mp_magazine *magazine, struct mp_trip *trip)
{
	struct mp_shard *s = shard_at(depot, shard, 0);

	MP_CHECK(mp_magazine_is_valid(&depot->magazines, magazine));
	/* Counted before it can be taken, so that the count never wraps. */
	count_content(s, MP_CONTENT_ONE + mp_magazine_count(magazine));
	trip->exchanges++;
	push(depot, s, &s->full, magazine, trip);
}

struct mp_magazine *mp_depot_take_empty(struct mp_depot *depot, uint32_t shard,
					struct mp_trip *trip)
{
	for (uint32_t i = 0; i < depot->shards; i++) {
		struct mp_shard *s = shard_at(depot, shard, i);
		uint32_t index = pop(depot, s, &s->empty, trip);

		if (index) {
			count_empties(s, -1);
			return mp_magazine_at(&depot->magazines, index);
		}
	}
	return NULL;
}

void mp_depot_give_empty(struct mp_depot *depot, uint32_t shard,
			 struct mp_magazine *magazine, struct mp_trip *trip)
{
	struct mp_shard *s = shard_at(depot, shard, 0);

	count_empties(s, 1);
	push(depot, s, &s->empty, magazine, trip);
}

void mp_depot_give(struct mp_depot *depot, uint32_t shard,
		   struct mp_magazine *magazine, struct mp_trip *trip)
{
	if (!magazine)
		return;
	if (mp_magazine_count(magazine))
		mp_depot_give_full(depot, shard, magazine, trip);
	else
		mp_depot_give_empty(depot, shard, magazine, trip);
}

/* ---- loose pages --------------------------------------------------------- */

static void push_chain(struct mp_shard *s, struct mp_page *first,
		       struct mp_page *last)
{
	struct mp_page *head = mp_load_relaxed(&s->loose);

	do {
		mp_store_relaxed(&last->next, head);
		/* Release: the page is closed and linked before it is seen. */
	} while (!mp_cas_weak_release(&s->loose, &head, first));
}

void mp_depot_push_loose(struct mp_depot *depot, uint32_t shard,
			 struct mp_page *page)
{
	struct mp_shard *s = shard_at(depot, shard, 0);

	count_loose(s, 1);
	push_chain(s, page, page);
}

static struct mp_page *last_of(struct mp_page *page)
{
	struct mp_page *next;

	while ((next = mp_load_relaxed(&page->next)))
		page = next;
	return page;
}

/*
 * Puts the rest of a chain back without walking it: onto an empty list as it
 * is; else what came meanwhile is taken and put on top of it, which walks only
 * that.
 */
static void put_back(struct mp_shard *s, struct mp_page *rest)
{
	for (;;) {
		struct mp_page *none = NULL;
		struct mp_page *newer;

		/* Release: what we took from earlier pushers is passed on. */
		if (mp_cas_release(&s->loose, &none, rest))
			return;
		/* Acquire: the pushers' writes to the pages' headers. */
		newer = mp_exchange_acquire(&s->loose, NULL);
		if (newer) {
			mp_store_relaxed(&last_of(newer)->next, rest);
			rest = newer;
		}
	}
}

static uint32_t take_some(struct mp_shard *s, struct mp_page **out,
			  uint32_t max)
{
	struct mp_page *page;
	uint32_t n = 0;

	/* A look first: an exchange would take the line for itself. */
	if (!mp_load_relaxed(&s->loose))
		return 0;
	/* Acquire: the pages are ours, with all that was written to them. */
	page = mp_exchange_acquire(&s->loose, NULL);
	while (page && n < max) {
		out[n++] = page;
		page = mp_load_relaxed(&page->next);
	}
	if (page)
		put_back(s, page);
	note_least(&s->least_loose, count_loose(s, -(int32_t)n));
	return n;
}

uint32_t mp_depot_take_loose(struct mp_depot *depot, uint32_t shard,
			     struct mp_page **out, uint32_t max)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < depot->shards && n < max; i++)
		n += take_some(shard_at(depot, shard, i), out + n, max - n);
	return n;
}

/* ---- looking at it ------------------------------------------------------- */

bool mp_depot_is_over(struct mp_depot *depot, uint32_t pages)
{
	struct mp_depot_content content;

	if (depot->limit == UINT64_MAX)
		return false;
	content = mp_depot_content(depot);
	return content.pages + content.loose + pages > depot->limit;
}

struct mp_depot_content mp_shard_content(struct mp_shard *shard)
{
	uint64_t content = mp_load_relaxed(&shard->content);

	return (struct mp_depot_content){
		.pages = content & MP_CONTENT_PAGES,
		.full = content / MP_CONTENT_ONE,
		.empty = mp_load_relaxed(&shard->empties),
		.loose = mp_load_relaxed(&shard->loose_pages),
	};
}

struct mp_depot_content mp_shard_surplus(struct mp_shard *shard, bool all)
{
	struct mp_depot_content least = {
		.full = mp_exchange_relaxed(&shard->least_full, UINT32_MAX),
		.loose = mp_exchange_relaxed(&shard->least_loose, UINT32_MAX),
	};
	struct mp_depot_content now = mp_shard_content(shard);

	note_least(&shard->least_full, (uint32_t)now.full);
	note_least(&shard->least_loose, (uint32_t)now.loose);
	return all ? now : least;
}

struct mp_depot_content mp_depot_content(struct mp_depot *depot)
{
	struct mp_depot_content sum = { 0, 0, 0, 0 };

	for (uint32_t i = 0; i < depot->shards; i++) {
		struct mp_depot_content one =
			mp_shard_content(&depot->shard[i]);

		sum.pages += one.pages;
		sum.full += one.full;
		sum.empty += one.empty;
		sum.loose += one.loose;
	}
	return sum;
}

void mp_depot_provide(struct mp_depot *depot, uint32_t shard, uint64_t pages,
		      uint64_t caches, struct mp_trip *trip)
{
	uint32_t least = depot->sizing.least;
	uint64_t wanted =
		(pages + least - 1) / least + 2 * caches + depot->shards;

	while (mp_table_count(&depot->magazines.table) < wanted) {
		struct mp_magazine *magazine =
			mp_magazine_make(&depot->magazines);

		if (!magazine)
			return;
		mp_depot_give_empty(depot, shard, magazine, trip);
	}
}

/* ---- fork ---------------------------------------------------------------- */

/* As `content`. */
static uint64_t count_list(struct mp_depot *depot, struct mp_list *list)
{
	uint32_t index = mp_list_peek(list);
	uint64_t content = 0;

	while (index) {
		struct mp_magazine *m =
			mp_magazine_at(&depot->magazines, index);

		content += MP_CONTENT_ONE + mp_magazine_count(m);
		index = mp_load_relaxed(&m->link.next);
	}
	return content;
}

void mp_depot_after_fork(struct mp_depot *depot)
{
	for (uint32_t i = 0; i < depot->shards; i++) {
		struct mp_shard *s = &depot->shard[i];
		struct mp_page *page = mp_load_relaxed(&s->loose);
		uint64_t empty = count_list(depot, &s->empty);
		uint32_t loose = 0;

		for (; page; page = mp_load_relaxed(&page->next))
			loose++;
		mp_store_relaxed(&s->content, count_list(depot, &s->full));
		mp_store_relaxed(&s->empties,
				 (uint32_t)(empty / MP_CONTENT_ONE));
		mp_store_relaxed(&s->loose_pages, loose);
	}
}
