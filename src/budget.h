/* SPDX-License-Identifier: MIT */
/*
 * Byte limits.  Bytes are reserved before they are mapped, so that a limit is
 * never passed, not even for a moment.  A pool's budget hangs below that of
 * the process.
 *
 * Any thread, lock-free.
 */
#ifndef MP_BUDGET_H
#define MP_BUDGET_H

#include "tally.h"

struct mp_budget {
	_Atomic size_t used;
	_Atomic size_t peak;
	size_t limit;             /* SIZE_MAX: none */
	struct mp_budget *parent; /* NULL: this is the process's */
	/* Where `used` and `peak` are shown: two words, or NULL (tally.h). */
	_Atomic(_Atomic uint64_t *) live;
};

/* Reserves in this budget and all above it, or in none. */
bool mp_budget_reserve(struct mp_budget *budget, size_t bytes);
void mp_budget_release(struct mp_budget *budget, size_t bytes);

/* From now on (or, NULL, no more) they are shown there.  By one alone. */
void mp_budget_show(struct mp_budget *budget, _Atomic uint64_t *live);

#endif
