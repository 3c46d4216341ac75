/* SPDX-License-Identifier: MIT */
/*
 * Quarantine: pages that were put back are not used again for a while, and may
 * not be touched meanwhile.  A ring; who puts a page in takes the oldest one
 * out.
 *
 * | operation | at the same time as                                     |
 * |-----------|---------------------------------------------------------|
 * | swap      | everything: wait-free, one turn and one exchange        |
 * | drain     | everything                                              |
 */
#ifndef MP_QUARANTINE_H
#define MP_QUARANTINE_H

#include "page.h"
#include "tally.h"

/* Payload of the pages in it. */
#define MP_QUARANTINE_BYTES ((size_t)16 << 20)

struct mp_quarantine {
	_Atomic uint64_t turn;
	struct mp_tally pages;
	_Atomic uint32_t closed; /* pages, as long as nobody may touch them */
	uint32_t slots;          /* 0: there is none */
	_Atomic(struct mp_page *) *slot;
};

/* Without memory for the ring there is no quarantine. */
void mp_quarantine_open(struct mp_quarantine *quarantine, size_t page_size);
void mp_quarantine_close(struct mp_quarantine *quarantine);

/* Fills a closed page and puts it in; the one to be used again, or NULL. */
struct mp_page *mp_quarantine_swap(struct magpool *pool, struct mp_page *page);

/* Puts all of them back into their slabs. */
void mp_quarantine_drain(struct magpool *pool);

/* In a fork child: counts anew. */
void mp_quarantine_after_fork(struct mp_quarantine *quarantine);

#endif
