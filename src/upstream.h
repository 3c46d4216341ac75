/* SPDX-License-Identifier: MIT */
/*
 * Where a pool's slabs and big blocks come from: mmap, or the functions in its
 * options, both under the pool's budget.
 */
#ifndef MP_UPSTREAM_H
#define MP_UPSTREAM_H

#include "budget.h"

struct mp_upstream {
	struct mp_budget budget;
	void *(*map)(void *context, size_t size, size_t alignment);
	void (*unmap)(void *context, void *address, size_t size);
	void *context;
	struct mp_tally blocks; /* above a page, that there are: block.c */
};

/* Memory, reserved in the budget; NULL: limit reached or none to be had. */
void *mp_upstream_map(struct mp_upstream *upstream, size_t size,
		      size_t alignment);
/* False: put off. */
bool mp_upstream_unmap(struct mp_upstream *upstream, void *address,
		       size_t size);

/*
 * Gives the contents of whole system pages back and keeps the addresses.
 * False: refused, or memory that came from the pool's own functions.
 */
bool mp_upstream_discard(struct mp_upstream *upstream, void *address,
			 size_t size);

/*
 * Memory that nobody may touch costs the process up to two maps, and the system
 * grants it 65530.  So all pools together close no more than so many regions of
 * a kind: the program keeps most of its maps.
 */
#define MP_CLOSED_MAX 6144

enum mp_closed { MP_CLOSED_FENCES, MP_CLOSED_PAGES, MP_CLOSED_KINDS };

/* Whole system pages, to nobody or to everybody.  False: no change. */
bool mp_upstream_close(struct mp_upstream *upstream, void *address, size_t size,
		       enum mp_closed kind);
bool mp_upstream_reopen(void *address, size_t size, enum mp_closed kind);

/* So many regions have been unmapped instead. */
void mp_upstream_unmapped(enum mp_closed kind, size_t regions);

#endif
