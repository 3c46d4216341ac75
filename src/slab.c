/* SPDX-License-Identifier: MIT */
#include "slab.h"

#include "check.h"
#include "platform.h"

/* How far a take looks for a page before it maps a slab: bounded work. */
#define LOOK_AT 8

static struct mp_slab *slab_at(struct mp_slabs *slabs, uint32_t index)
{
	return mp_table_at(&slabs->table, index);
}

static struct mp_page *page_at(struct mp_slabs *slabs, struct mp_slab *slab,
			       uint32_t slot)
{
	return (struct mp_page *)(void *)(slab->base + slabs->front +
					  slot * slabs->stride);
}

static uint64_t all_pages(const struct mp_slab *slab)
{
	return ~UINT64_C(0) >> (64 - slab->pages);
}

/* ---- the list of slabs that growth looks at ------------------------------ */

static void enlist(struct mp_slabs *slabs, uint32_t index, struct mp_trip *trip)
{
	/*
	 * Sequentially consistent, as the clearing in delist(): either that
	 * thread sees the page we made available, or we see `listed` cleared.
	 */
	if (!mp_exchange_seq(&slab_at(slabs, index)->listed, true))
		mp_list_push(&slabs->list, &slabs->table, index, trip);
}

/*
 * Takes one slab, which had no page, off the list.  A spare record stays
 * `listed`: its link is in use, and a settle that unmapped it and is late must
 * not push it a second time.
 */
static void delist(struct mp_slabs *slabs, struct mp_trip *trip)
{
	uint32_t index = mp_list_pop(&slabs->list, &slabs->table, trip);
	uint32_t unmapped = MP_SLAB_UNMAPPED;
	struct mp_slab *slab;

	if (!index)
		return;
	slab = slab_at(slabs, index);
	/* Acquire: the record's fields are the unmapper's last ones. */
	if (mp_cas_acquire(&slab->state, &unmapped, MP_SLAB_SPARE)) {
		mp_list_push(&slabs->spare, &slabs->table, index, trip);
		return;
	}
	/* See enlist(), for the pages and for the state. */
	mp_exchange_seq(&slab->listed, false);
	if (mp_load_seq(&slab->available) ||
	    mp_load_acquire(&slab->state) == MP_SLAB_UNMAPPED)
		enlist(slabs, index, trip);
}

/* ---- taking a page ------------------------------------------------------- */

/* Claims the lowest available page of a slab. */
static struct mp_page *claim(struct mp_slabs *slabs, uint32_t index)
{
	struct mp_slab *slab = slab_at(slabs, index);
	uint64_t available = mp_load_relaxed(&slab->available);
	struct mp_page *page;
	uint32_t slot;

	do {
		if (!available)
			return NULL;
		/*
		 * Acquire: base, and whatever was done to the page's memory
		 * (a discard), come before our use of it; the other side is
		 * the releases in discard() and map_slab().
		 */
	} while (!mp_cas_weak_acquire(&slab->available, &available,
				      available & (available - 1)));
	slot = (uint32_t)__builtin_ctzll(available);
	page = page_at(slabs, slab, slot);
	mp_slab_init_page(slabs, page, index, slot);
	mp_tally_add(&slabs->created, 1);
	return page;
}

static bool take_piece(struct mp_slabs *slabs, struct mp_slab *slab)
{
	if (!mp_regions_are_used(&slabs->regions))
		return false;
	slab->base = mp_regions_take(&slabs->regions, &slab->region);
	slab->pages = slabs->regions.pages;
	slab->bytes = slabs->regions.bytes;
	return slab->base;
}

/* Near a byte limit a smaller slab may still fit. */
static bool map_base(struct mp_slabs *slabs, struct mp_slab *slab)
{
	size_t system_page = mp_platform_page_size();

	if (take_piece(slabs, slab))
		return true;
	slab->region = 0;
	for (uint32_t pages = slabs->pages; pages; pages /= 2) {
		size_t bytes = mp_round_up(pages * slabs->stride, system_page);

		slab->base =
			mp_upstream_map(slabs->upstream, bytes, system_page);
		if (slab->base) {
			slab->pages = pages;
			slab->bytes = bytes;
			slab->fences = 0;
			if (slabs->attention & MP_PAGE_FENCED)
				mp_slab_put_fences(slabs, slab);
			return true;
		}
	}
	return false;
}

/* A record without a slab, owned by the caller; 0: none to be had. */
static uint32_t take_record(struct mp_slabs *slabs, struct mp_trip *trip)
{
	uint32_t index = mp_list_pop(&slabs->spare, &slabs->table, trip);

	if (!index)
		index = mp_table_add(&slabs->table);
	if (index) {
		/* Its link is in our hands: see delist(). */
		mp_store_relaxed(&slab_at(slabs, index)->listed, true);
		mp_store_relaxed(&slab_at(slabs, index)->state, MP_SLAB_OWNED);
	}
	return index;
}

static struct mp_page *map_slab(struct mp_slabs *slabs, struct mp_trip *trip)
{
	uint32_t index = take_record(slabs, trip);
	struct mp_slab *slab = index ? slab_at(slabs, index) : NULL;
	struct mp_page *page;

	if (!slab)
		return NULL;
	if (!map_base(slabs, slab)) {
		mp_store_relaxed(&slab->state, MP_SLAB_SPARE);
		mp_list_push(&slabs->spare, &slabs->table, index, trip);
		return NULL;
	}
	/* Ours is never available to others, so we surely get one. */
	page = page_at(slabs, slab, 0);
	mp_slab_init_page(slabs, page, index, 0);
	mp_tally_add(&slabs->created, 1);
	/* Release: for mp_slabs_visit(). */
	mp_store_release(&slab->state, MP_SLAB_LIVE);
	/* Releases: base and pages before the bits (claim, settle). */
	mp_or_seq(&slab->available, all_pages(slab) & ~UINT64_C(1));
	mp_list_push(&slabs->list, &slabs->table, index, trip);
	return page;
}

/* From a slab that is there; looks at no more than `looks` of them. */
static struct mp_page *find_page(struct mp_slabs *slabs, uint32_t looks,
				 struct mp_trip *trip)
{
	for (; looks; looks--) {
		uint32_t index = mp_list_peek(&slabs->list);
		struct mp_page *page = index ? claim(slabs, index) : NULL;

		if (page || !index)
			return page;
		delist(slabs, trip);
	}
	return NULL;
}

struct mp_page *mp_slabs_take(struct mp_slabs *slabs, struct mp_trip *trip)
{
	struct mp_page *page = find_page(slabs, LOOK_AT, trip);

	if (!page)
		page = map_slab(slabs, trip);
	/* No more memory: then every slab there is gets a look. */
	if (!page)
		page = find_page(slabs, mp_table_count(&slabs->table), trip);
	return page;
}

/* ---- giving pages back --------------------------------------------------- */

void mp_slabs_park(struct mp_slabs *slabs, struct mp_page *page)
{
	struct mp_slab *slab = slab_at(slabs, mp_page_slab(page));
	uint64_t bit = UINT64_C(1) << mp_page_slot(page);

	/* A stale second return finds no page here. */
	page->check = 0;
	mp_tally_add(&slabs->given_back, 1);
	/* Release: our last use of the page comes before its discard. */
	mp_or_release(&slab->parked, bit);
}

/*
 * Whole system pages within the maximal runs of `mask`; discards them.  All 64
 * pages are possible, when somebody looks at a slab that could be unmapped.
 */
static size_t runs(struct mp_slabs *slabs, struct mp_slab *slab, uint64_t mask,
		   bool discard)
{
	size_t system_page = mp_platform_page_size();
	size_t bytes = 0;
	uint32_t at = 0;

	while (at < 64 && mask >> at) {
		uint32_t from = at + (uint32_t)__builtin_ctzll(mask >> at);
		uint64_t above = ~(mask >> from);
		uint32_t to = above ? from + (uint32_t)__builtin_ctzll(above)
				    : 64;
		size_t first = mp_round_up(from * slabs->stride, system_page);
		size_t last = to * slabs->stride / system_page * system_page;

		at = to;
		if (last <= first)
			continue;
		if (!discard ||
		    mp_upstream_discard(slabs->upstream, slab->base + first,
					last - first))
			bytes += last - first;
	}
	return bytes;
}

/*
 * Before the mapping goes: a fork child touches what it sees live, and so does
 * who looks for loans.  False: somebody looks at it, and it stays.
 */
static bool begin_unmap(struct mp_slabs *slabs, struct mp_slab *slab,
			uint32_t index)
{
	/*
	 * Sequentially consistent, as the other side (mp_slabs_look): either it
	 * sees that this slab is not live any more, or we see that it is at it.
	 * In that case all that it did comes before what we do (its release).
	 */
	mp_exchange_seq(&slab->state, MP_SLAB_OWNED);
	if (mp_load_seq(&slabs->looked_at) != index)
		return true;
	/* Release: the record is as map_slab() made it. */
	mp_store_release(&slab->state, MP_SLAB_LIVE);
	return false;
}

static size_t unmap_slab(struct mp_slabs *slabs, struct mp_slab *slab)
{
	size_t bytes = slab->bytes;

	mp_upstream_unmapped(MP_CLOSED_FENCES, slab->fences);
	if (slab->region)
		bytes = mp_regions_give(&slabs->regions, slab->region,
					slab->base);
	else if (!mp_upstream_unmap(slabs->upstream, slab->base, bytes))
		bytes = 0;
	slab->base = NULL;
	/* Release: we are done with the record (delist acquires). */
	mp_store_release(&slab->state, MP_SLAB_UNMAPPED);
	return bytes;
}

/* The pages that must be back for the slab to be unmapped; 0: it stays. */
static uint64_t all_that_unmap(const struct mp_slabs *slabs,
			       const struct mp_slab *slab)
{
	return slabs->attention & MP_PAGE_FENCED ? 0 : all_pages(slab);
}

/*
 * Makes the caller's pages available; if that makes `all` of them so, they are
 * claimed instead, in the same step: true.  Of two that settle at once, each
 * sees a part, and the last one sees all.
 */
static bool give_bits(struct mp_slab *slab, uint64_t mine, uint64_t all)
{
	uint64_t rest = mp_load_relaxed(&slab->available);
	bool whole;

	do {
		whole = (rest | mine) == all;
		/*
		 * Sequentially consistent: as delist() wants it.  So also a
		 * release, the discard comes before a claim's use, and an
		 * acquire, as claim().
		 */
	} while (!mp_cas_weak_seq(&slab->available, &rest,
				  whole ? 0 : rest | mine));
	return whole;
}

/*
 * All pages are back, and cannot be unmapped now.  One of them stays parked, or
 * nobody would settle the slab again before another page of it comes back.
 */
static void put_off(struct mp_slab *slab, uint64_t parked)
{
	uint64_t one = parked & -parked;

	/* As give_bits(). */
	mp_or_seq(&slab->available, all_pages(slab) & ~one);
	/* Release: as park. */
	mp_or_release(&slab->parked, one);
}

static size_t discard_runs(struct mp_slabs *slabs, struct mp_slab *slab,
			   uint64_t parked, uint64_t available)
{
	size_t before;
	size_t bytes;

	if (slab->region && !mp_regions_split(&slabs->regions, slab->region))
		return 0;
	/* The available pages hold no memory already. */
	before = runs(slabs, slab, available, false);
	bytes = runs(slabs, slab, parked | available, true);
	return bytes > before ? bytes - before : 0;
}

static size_t discard(struct mp_slabs *slabs, uint32_t index, uint64_t parked,
		      uint64_t available)
{
	struct mp_slab *slab = slab_at(slabs, index);
	size_t bytes = discard_runs(slabs, slab, parked, available);

	if (!give_bits(slab, parked | available, all_that_unmap(slabs, slab)))
		return bytes;
	if (begin_unmap(slabs, slab, index))
		bytes += unmap_slab(slabs, slab);
	else
		put_off(slab, parked);
	return bytes;
}

static size_t settle(struct mp_slabs *slabs, uint32_t index,
		     struct mp_trip *trip)
{
	struct mp_slab *slab = slab_at(slabs, index);
	/* Acquire: the owners' last uses of the parked pages (park). */
	uint64_t parked = mp_exchange_acquire(&slab->parked, 0);
	uint64_t available;
	size_t bytes;

	if (!parked)
		return 0;
	/* Acquire: what was done to the available pages before (discard). */
	available = mp_exchange_acquire(&slab->available, 0);
	if ((parked | available) == all_that_unmap(slabs, slab) &&
	    begin_unmap(slabs, slab, index))
		bytes = unmap_slab(slabs, slab);
	else
		bytes = discard(slabs, index, parked, available);
	enlist(slabs, index, trip);
	return bytes;
}

size_t mp_slabs_settle(struct mp_slabs *slabs, uint32_t index,
		       struct mp_trip *trip)
{
	size_t bytes = settle(slabs, index, trip);

	return bytes + mp_regions_settle(&slabs->regions);
}

size_t mp_slabs_settle_all(struct mp_slabs *slabs, struct mp_trip *trip)
{
	uint32_t count = mp_table_count(&slabs->table);
	size_t bytes = 0;

	for (uint32_t i = 1; i <= count; i++)
		bytes += settle(slabs, i, trip);
	/* After all slabs: a region that is empty by then goes whole. */
	return bytes + mp_regions_settle(&slabs->regions);
}

static void show_pages(struct mp_slabs *slabs, struct mp_slab *slab,
		       void (*last)(struct mp_page *page))
{
	uint64_t inside = mp_load_relaxed(&slab->available) |
			  mp_load_relaxed(&slab->parked);
	uint64_t out = all_pages(slab) & ~inside;

	for (; out; out &= out - 1) {
		uint32_t slot = (uint32_t)__builtin_ctzll(out);
		struct mp_page *page = page_at(slabs, slab, slot);

		/* After a fork, one may have been claimed and not made. */
		if (mp_page_is_one(page))
			last(page);
	}
}

void mp_slabs_release(struct mp_slabs *slabs,
		      void (*last)(struct mp_page *page))
{
	uint32_t count = mp_table_count(&slabs->table);

	for (uint32_t i = 1; i <= count; i++) {
		struct mp_slab *slab = slab_at(slabs, i);

		if (mp_load_relaxed(&slab->state) != MP_SLAB_LIVE)
			continue;
		show_pages(slabs, slab, last);
		/* As begin_unmap(), for a fork child. */
		mp_store_relaxed(&slab->state, MP_SLAB_OWNED);
		mp_compiler_barrier();
		unmap_slab(slabs, slab);
	}
	mp_regions_release(&slabs->regions);
	mp_table_release(&slabs->table);
}

void mp_slabs_visit(struct mp_slabs *slabs, void (*see)(struct mp_page *page))
{
	uint32_t count = mp_table_count(&slabs->table);

	for (uint32_t i = 1; i <= count; i++) {
		struct mp_slab *slab = slab_at(slabs, i);

		/* Acquire: what map_slab() wrote. */
		if (mp_load_acquire(&slab->state) == MP_SLAB_LIVE)
			show_pages(slabs, slab, see);
	}
}

void mp_slabs_look(struct mp_slabs *slabs, uint32_t index,
		   void (*see)(void *context, struct mp_page *page),
		   void *context)
{
	struct mp_slab *slab = slab_at(slabs, index);

	/* Sequentially consistent: see begin_unmap(). */
	mp_exchange_seq(&slabs->looked_at, index);
	if (mp_load_seq(&slab->state) == MP_SLAB_LIVE) {
		uint64_t out = all_pages(slab) &
			       ~(mp_load_relaxed(&slab->available) |
				 mp_load_relaxed(&slab->parked));

		for (; out; out &= out - 1)
			see(context, page_at(slabs, slab,
					     (uint32_t)__builtin_ctzll(out)));
	}
	/* Release: our last access comes before it is unmapped. */
	mp_store_release(&slabs->looked_at, 0);
}

void mp_slabs_after_fork(struct mp_slabs *slabs)
{
	struct mp_trip trip = { 0, 0, 0 };
	uint32_t count = mp_table_count(&slabs->table);

	mp_store_relaxed(&slabs->looked_at, 0);
	mp_regions_after_fork(&slabs->regions);
	mp_list_clear(&slabs->list);
	mp_list_clear(&slabs->spare);
	for (uint32_t i = 1; i <= count; i++) {
		struct mp_slab *slab = slab_at(slabs, i);
		uint32_t state = mp_load_relaxed(&slab->state);

		mp_store_relaxed(&slab->listed, state == MP_SLAB_SPARE);
		if (state == MP_SLAB_SPARE)
			mp_list_push(&slabs->spare, &slabs->table, i, &trip);
		else if (state == MP_SLAB_UNMAPPED ||
			 mp_load_relaxed(&slab->available))
			enlist(slabs, i, &trip);
	}
}
