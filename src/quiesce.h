/* SPDX-License-Identifier: MIT */
/*
 * Quiescence: has every operation on a pool that was running at some moment
 * ended since?  Polled, never waited for.  It pays the wrap fence (list.h).
 *
 * Operations announce themselves without a fence (operation.h).  With a cache:
 * `inside` is set while the owner is in, and the cache's counters change when
 * it has ended.  Without: a counter of the current phase.  The observer is made
 * expensive instead:
 *
 *     owner                           observer (tick)
 *     inside = 1                      reads the heads' phases
 *     compiler barrier                membarrier
 *     loads heads, works              notes who is inside, and the counters
 *     bumps a counter, inside = 0
 *
 * The membarrier puts a full barrier into the owner's program at some point
 * during the call.  If that point lies before its store of `inside`, its loads
 * come later still and see the phases that the observer saw.  If it lies
 * after, the observer finds it inside, or gone, and waits for a change of its
 * counters: they are read after the barrier, so a change seen later is that of
 * the operation noted, or of one that came after it.
 *
 * | who           | writes                     | reads                        |
 * |---------------|----------------------------|------------------------------|
 * | owner         | see operation.h            |                              |
 * | direct        | inside[phase]              | phase                        |
 * | tick, one at a| noted, started, phase,     | all operations, both counts  |
 * | time (ticking)| lists' paid and noted      |                              |
 */
#ifndef MP_QUIESCE_H
#define MP_QUIESCE_H

#include "operation.h"

struct mp_quiesce {
	_Atomic uint32_t inside[2]; /* operations without a cache */
	_Atomic uint32_t phase;
	_Atomic bool ticking;
	_Atomic bool missing; /* membarrier was refused */
	bool started;
	bool drained[2];
	struct mp_tally paid; /* fences, ever */
	/* Where it is shown that membarrier is there, or NULL (tally.h). */
	_Atomic(_Atomic uint64_t *) live;
};

/* The system has refused membarrier. */
static inline void mp_quiesce_note_missing(struct mp_quiesce *quiesce)
{
	mp_store_relaxed(&quiesce->missing, true);
	mp_live_set(mp_load_relaxed(&quiesce->live), 0);
}

/* Enters an operation without a cache; the result goes to leave. */
static inline uint32_t mp_quiesce_enter(struct mp_quiesce *quiesce)
{
	uint32_t phase = mp_load_relaxed(&quiesce->phase);

	/*
	 * The count before our loads of heads, for the observer: its membarrier
	 * stands for the fence that arm64 would need here, as it does for the
	 * operations above.
	 */
	mp_add_seq(&quiesce->inside[phase], 1);
	return phase;
}

static inline void mp_quiesce_leave(struct mp_quiesce *quiesce, uint32_t phase)
{
	/* Release: all we did comes before the observer sees us gone. */
	mp_sub_release(&quiesce->inside[phase], 1);
}

/*
 * One step towards paying the fences that `lists` owe: starts a period or
 * looks whether the one under way is over.  `operations` is the table of all
 * cache records.  Bounded by their number; never waits; any thread may call it,
 * also inside an operation, which then must end first like all others.
 */
void mp_quiesce_tick(struct mp_quiesce *quiesce, struct magpool *pool,
		     struct mp_table *operations, struct mp_list *const *lists,
		     uint32_t count);

/* In a fork child: the other threads' operations will never end. */
void mp_quiesce_after_fork(struct mp_quiesce *quiesce);

#endif
