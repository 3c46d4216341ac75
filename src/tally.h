/* SPDX-License-Identifier: MIT */
/*
 * A number that is kept twice: for the library, and for whoever looks at the
 * process from outside (live.h).  The library goes by its own word only: the
 * other one lies in memory that a child made by raw clone shares, and that
 * changes in the middle of a fork.  It is written and never read.
 *
 * Any thread, lock-free; nobody goes by it.  Both words change by the same
 * steps, so that the second one is right when all is quiet, and never falls if
 * the first one never does.
 */
#ifndef MP_TALLY_H
#define MP_TALLY_H

#include "atomic.h"

struct mp_tally {
	_Atomic uint64_t own;
	_Atomic(_Atomic uint64_t *) live; /* NULL: not shown */
};

static inline uint64_t mp_tally_read(struct mp_tally *tally)
{
	return mp_load_relaxed(&tally->own);
}

/*
 * Adds to what others see, if they do; also negative numbers.  Release: who
 * sees it sees before it that a miss began (live_format.h).
 */
static inline void mp_live_add(_Atomic uint64_t *live, uint64_t n)
{
	if (live)
		mp_add_release(live, n);
}

static inline void mp_live_set(_Atomic uint64_t *live, uint64_t value)
{
	if (live)
		mp_store_relaxed(live, value);
}

/* For the most that there was of something. */
static inline void mp_live_raise(_Atomic uint64_t *live, uint64_t value)
{
	uint64_t most = live ? mp_load_relaxed(live) : value;

	while (most < value && !mp_cas_weak_relaxed(live, &most, value))
		;
}

/* What it was before. */
static inline uint64_t mp_tally_add(struct mp_tally *tally, uint64_t n)
{
	mp_live_add(mp_load_relaxed(&tally->live), n);
	return mp_add_relaxed(&tally->own, n);
}

static inline void mp_tally_sub(struct mp_tally *tally, uint64_t n)
{
	mp_tally_add(tally, -n);
}

/* By one who is alone. */
static inline void mp_tally_set(struct mp_tally *tally, uint64_t value)
{
	mp_store_relaxed(&tally->own, value);
	mp_live_set(mp_load_relaxed(&tally->live), value);
}

/* From now on (or, NULL, no more) it is shown there.  By one who is alone. */
static inline void mp_tally_show(struct mp_tally *tally, _Atomic uint64_t *live)
{
	mp_live_set(live, mp_tally_read(tally));
	mp_store_relaxed(&tally->live, live);
}

#endif
