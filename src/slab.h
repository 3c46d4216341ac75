/* SPDX-License-Identifier: MIT */
/*
 * Slabs: where pages come from and go back to.
 *
 * A slab is one mapping, or a piece of a region (region.h), carved into at
 * most 64 pages; a word of bits says which of them lie in the slab.  The stride
 * is an odd number of headers, so that these fall into all cache sets alike.
 *
 *     available   pages that growth may take
 *     parked      pages that were put back and still hold memory
 *     (neither)   pages that are out, or claimed by somebody for a moment
 *
 * | operation | claims                      | at the same time as             |
 * |-----------|-----------------------------|---------------------------------|
 * | take      | one bit of available        | everything: lock-free           |
 * | park      | nothing: sets a parked bit  | everything                      |
 * | settle    | all parked and all available| everything                      |
 * |           | bits of one slab            |                                 |
 * | look      | nothing: says at which slab | everything                      |
 *
 * A claimed bit is owned by one thread, so the owner may discard or unmap the
 * memory: nobody reads a page that it does not own but who looks for loans,
 * whom an unmapper asks.  (The depot's slow poppers read magazines, never
 * pages.)  Records of slabs are type-stable; an unmapped
 * one is used again.
 *
 * A slab is on the list when it has available pages or was just unmapped.  Who
 * makes either true lists it.  A grower that finds neither takes it off, clears
 * `listed` and looks again, so that no page is forgotten; a record that it
 * finds unmapped goes among the spare ones, where it does not hide pages below
 * it.  `listed` says that the link is in use: on one of the two lists, or in
 * the hands of who moves it.
 *
 * Slabs of fenced pages stay mapped: the leak report walks them at the end of
 * the process, while other threads may still run.
 */
#ifndef MP_SLAB_H
#define MP_SLAB_H

#include "list.h"
#include "page.h"
#include "region.h"
#include "tally.h"
#include "upstream.h"

#define MP_SLAB_BYTES ((size_t)256 << 10)
#define MP_SLAB_PAGES_MIN 4
#define MP_SLAB_PAGES_MAX 64

enum mp_slab_state {
	MP_SLAB_SPARE,    /* zero: a new record, or one among the spare ones */
	MP_SLAB_UNMAPPED, /* on the list, or about to be */
	MP_SLAB_OWNED,    /* one thread maps or unmaps it */
	MP_SLAB_LIVE,
};

struct mp_slab {
	struct mp_link link;
	_Atomic uint32_t state;
	_Atomic bool listed;
	uint32_t pages;
	_Atomic uint64_t available;
	_Atomic uint64_t parked;
	char *base;
	size_t bytes;
	uint32_t fences; /* those that are closed */
	uint32_t region; /* that it is a piece of; 0: a mapping of its own */
};

struct mp_slabs {
	struct mp_upstream *upstream;
	struct magpool *pool;
	size_t page_size; /* payload, a multiple of 16 */
	size_t front;     /* in front of a page's header */
	size_t stride;
	uint32_t pages;     /* in a slab of full size */
	uint32_t attention; /* what a new page's attention is */
	struct mp_regions regions;
	struct mp_table table;
	struct mp_list list;
	struct mp_list spare;       /* records without a slab */
	_Atomic uint32_t looked_at; /* slab that is looked at; 0: none */
	struct mp_tally created;    /* pages taken, ever */
	struct mp_tally given_back; /* pages put back, ever */
};

/*
 * A zeroed record; page_size is rounded up to a multiple of 16.  Debug pages
 * get room for a guard and for what surrounds one allocation; fenced ones start
 * and end with a system page, behind which lies one that nobody may touch.
 */
void mp_slabs_init(struct mp_slabs *slabs, struct mp_upstream *upstream,
		   struct magpool *pool, size_t page_size, uint32_t attention);

/* For slab.c. */
void mp_slab_init_page(struct mp_slabs *slabs, struct mp_page *page,
		       uint32_t index, uint32_t slot);
/* Best effort: there may be too many already. */
void mp_slab_put_fences(struct mp_slabs *slabs, struct mp_slab *slab);

/* From now on slabs are pieces of regions, if pages are of a size for that. */
static inline void mp_slabs_use_regions(struct mp_slabs *slabs,
					enum mp_hugepages mode)
{
	mp_regions_init(&slabs->regions, slabs->upstream, slabs->stride,
			slabs->pages, mode);
}

/* A closed page of its own, or NULL.  Lock-free; may map one slab. */
struct mp_page *mp_slabs_take(struct mp_slabs *slabs, struct mp_trip *trip);

/* Puts a closed page back; its memory stays until settle. */
void mp_slabs_park(struct mp_slabs *slabs, struct mp_page *page);

/*
 * Gives the memory of a slab's parked pages to the system, in maximal runs;
 * the whole slab when no page of it is out.  Bytes given back.
 */
size_t mp_slabs_settle(struct mp_slabs *slabs, uint32_t index,
		       struct mp_trip *trip);
size_t mp_slabs_settle_all(struct mp_slabs *slabs, struct mp_trip *trip);

/*
 * Unmaps everything: the caller is alone.  `last` sees each page that is not
 * in its slab.
 */
void mp_slabs_release(struct mp_slabs *slabs,
		      void (*last)(struct mp_page *page));

/* Calls see() for each page that is not in its slab; others may go on. */
void mp_slabs_visit(struct mp_slabs *slabs, void (*see)(struct mp_page *page));

/*
 * The same for one slab, at any time, but by one thread at a time for all of
 * them: also for pages that were just given back, or are just being made.  The
 * slab is not unmapped meanwhile: who would do so puts it off until it is
 * settled the next time.
 */
void mp_slabs_look(struct mp_slabs *slabs, uint32_t index,
		   void (*see)(void *context, struct mp_page *page),
		   void *context);

/* In a fork child: the list may have lost what others were moving. */
void mp_slabs_after_fork(struct mp_slabs *slabs);

#endif
