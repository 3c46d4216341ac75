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

/* The same for who may touch them: everybody or nobody.  False: no change. */
bool mp_upstream_protect(struct mp_upstream *upstream, void *address,
			 size_t size, bool usable);

#endif
