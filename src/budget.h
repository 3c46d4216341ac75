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

#include "atomic.h"

struct mp_budget {
	_Atomic size_t used;
	_Atomic size_t peak;
	size_t limit;             /* SIZE_MAX: none */
	struct mp_budget *parent; /* NULL: this is the process's */
};

/* Reserves in this budget and all above it, or in none. */
bool mp_budget_reserve(struct mp_budget *budget, size_t bytes);
void mp_budget_release(struct mp_budget *budget, size_t bytes);

#endif
