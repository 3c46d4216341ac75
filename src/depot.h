/* SPDX-License-Identifier: MIT */
/*
 * The depot of a pool: shards, each with a list of magazines that hold arenas
 * ("full", though some were put there half full by ending threads), a list of
 * empty ones, and a list of loose pages.
 *
 * | operation  | at the same time as anything of the depot               |
 * |------------|---------------------------------------------------------|
 * | give, take | lock-free; inside an operation (quiesce.h), for the     |
 * |            | wrap fence                                              |
 * | loose push | lock-free                                               |
 * | loose take | lock-free: takes all, keeps some, puts the rest back    |
 *
 * Loose pages are linked through their headers.  Nobody pops one of them, so
 * that list has no ABA: a push that was stalled finds the head it saw or
 * fails, and with the head it saw its `next` is right, whatever happened in
 * between.
 *
 * The depot moves magazines whole and never looks inside one.
 */
#ifndef MP_DEPOT_H
#define MP_DEPOT_H

#include "live_format.h"
#include "magazine.h"
#include "sizing.h"
#include "tally.h"

#define MP_SHARDS_MAX 64

/* `content`: magazines in the upper 32 bits, pages in the lower ones. */
#define MP_CONTENT_ONE (UINT64_C(1) << 32)
#define MP_CONTENT_PAGES (MP_CONTENT_ONE - 1)

/* What others see of one: struct mp_live_shard (tally.h). */
struct mp_live_lists {
	struct mp_live_block block;
	_Atomic uint64_t content;
	_Atomic uint64_t empties;
	_Atomic uint64_t loose;
	_Atomic uint64_t exchanges;
	_Atomic uint64_t cas_failures;
};

struct mp_shard {
	MP_LINE_ALIGNED struct mp_list full;
	_Atomic uint64_t content;    /* of full: hint, exact at quiescence */
	_Atomic uint32_t least_full; /* magazines, since the last interval */
	struct mp_live_lists *live;  /* where they are shown, or NULL */
	MP_LINE_ALIGNED struct mp_list empty;
	_Atomic uint32_t empties; /* of empty: hint, exact at quiescence */
	MP_LINE_ALIGNED _Atomic(struct mp_page *) loose;
	_Atomic uint32_t loose_pages;
	_Atomic uint32_t least_loose;
};

_Static_assert(sizeof(struct mp_shard) == 3 * (size_t)MP_CACHE_LINE,
	       "no two lists share a line");

struct mp_depot {
	struct mp_magazines magazines;
	uint32_t shards;
	uint32_t node_shards; /* of each node: all, if there is but one node */
	uint64_t limit;       /* pages it keeps */
	/* Apart: caches write to it now and then. */
	MP_LINE_ALIGNED struct mp_sizing sizing;
	struct mp_shard shard[MP_SHARDS_MAX];
};

struct mp_depot_content {
	uint64_t pages;
	uint64_t full;
	uint64_t empty;
	uint64_t loose;
};

/* Of one shard, near the truth while threads work. */
struct mp_depot_content mp_shard_content(struct mp_shard *shard);

/*
 * Magazines start with `least` rounds and have room for `most`.  Of several
 * nodes each gets as many shards, so `shards` is rounded; are there too few,
 * all nodes share them.
 */
void mp_depot_init(struct mp_depot *depot, uint32_t least, uint32_t most,
		   uint32_t shards, uint32_t nodes, uint64_t limit);

/* That of the processor that the caller runs on. */
uint32_t mp_depot_shard_here(const struct mp_depot *depot);

/*
 * The shard for a trip of who used `last` before.  With one node it stays the
 * same: then asking where one runs costs what it gains.
 */
static inline uint32_t mp_depot_home(const struct mp_depot *depot,
				     uint32_t last)
{
	return mp_likely(depot->node_shards == depot->shards)
		       ? last
		       : mp_depot_shard_here(depot);
}

/*
 * A magazine with arenas: of this shard, else once round the others of its
 * node, else of the nodes after it.
 */
struct mp_magazine *mp_depot_take_full(struct mp_depot *depot, uint32_t shard,
				       struct mp_trip *trip);
void mp_depot_give_full(struct mp_depot *depot, uint32_t shard,
			struct mp_magazine *magazine, struct mp_trip *trip);

struct mp_magazine *mp_depot_take_empty(struct mp_depot *depot, uint32_t shard,
					struct mp_trip *trip);
void mp_depot_give_empty(struct mp_depot *depot, uint32_t shard,
			 struct mp_magazine *magazine, struct mp_trip *trip);

/* To full or empty, by what it holds; NULL is nothing. */
void mp_depot_give(struct mp_depot *depot, uint32_t shard,
		   struct mp_magazine *magazine, struct mp_trip *trip);

void mp_depot_push_loose(struct mp_depot *depot, uint32_t shard,
			 struct mp_page *page);

/* Up to `max` loose pages; how many. */
uint32_t mp_depot_take_loose(struct mp_depot *depot, uint32_t shard,
			     struct mp_page **out, uint32_t max);

/* Would so many more pages pass its limit?  Within a magazine a thread. */
bool mp_depot_is_over(struct mp_depot *depot, uint32_t pages);

/* What it holds: hints, exact at quiescence. */
struct mp_depot_content mp_depot_content(struct mp_depot *depot);

/*
 * What lay in a shard during the whole interval that ends now: nobody needed
 * it (`all`: what is in it).  The next one begins.  Hints, like all that is
 * counted here.
 */
struct mp_depot_content mp_shard_surplus(struct mp_shard *shard, bool all);

/*
 * Makes magazines until there are enough for every page to go into one:
 * ceil(pages / least) + 2 * caches + shards.  Best effort: without memory
 * the loose list takes what has no magazine.
 */
void mp_depot_provide(struct mp_depot *depot, uint32_t shard, uint64_t pages,
		      uint64_t caches, struct mp_trip *trip);

/* From now on (or, NULL, no more) it is shown there.  By one alone. */
void mp_shard_show(struct mp_shard *shard, struct mp_live_lists *live);

/* In a fork child: counts anew what others were just moving. */
void mp_depot_after_fork(struct mp_depot *depot);

#endif
