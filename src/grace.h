/* SPDX-License-Identifier: MIT */
/*
 * Grace periods that are polled: has every section that was running when the
 * period started ended since?  rcu.h has the ones that are waited for; behind
 * one reader that stands still, also one of the host's, that is for ever.  Only
 * walkers of ours read what is freed here, so they count themselves, and nobody
 * else needs to be looked at.
 *
 * Each section counts in one of two words, that of the phase it saw.  A period
 * is over when each word has been seen at zero once since its start; new
 * sections are sent to the other word, so that it comes to that.  A section
 * that saw the phase long ago counts in either word, which is why both are
 * waited for.
 *
 * All accesses to a word are read-modify-writes, the look at it too.  So of a
 * section's first step and the look that sees zero the later one sees the
 * earlier one: either the section finds what was removed off its list, or the
 * look comes after the section's end.
 *
 * | who                  | writes               | reads                     |
 * |----------------------|----------------------|---------------------------|
 * | section, lock-free   | inside[phase]        | phase                     |
 * | start, ended: under  | drained, phase       | inside                    |
 * | the registry's mutex |                      |                           |
 */
#ifndef MP_GRACE_H
#define MP_GRACE_H

#include "atomic.h"

struct mp_grace {
	_Atomic uint32_t inside[2]; /* sections */
	_Atomic uint32_t phase;     /* where new ones count */
	bool drained[2];
};

/* The result goes to leave. */
static inline uint32_t mp_grace_enter(struct mp_grace *grace)
{
	uint32_t phase = mp_load_relaxed(&grace->phase);

	/* Acquires what was removed before the last look (mp_grace_ended). */
	mp_add_seq(&grace->inside[phase], 1);
	return phase;
}

static inline void mp_grace_leave(struct mp_grace *grace, uint32_t phase)
{
	/* Release: all we read comes before the look that sees us gone. */
	mp_sub_release(&grace->inside[phase], 1);
}

/* What was removed before this is what the period is for. */
void mp_grace_start(struct mp_grace *grace);

/* Is the period over?  Never waits. */
bool mp_grace_ended(struct mp_grace *grace);

#endif
