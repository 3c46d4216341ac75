/* SPDX-License-Identifier: MIT */
/*
 * Quiescence: has every operation on a pool that was running at some moment
 * ended since?  Polled, never waited for.  It pays the wrap fence (list.h).
 *
 * Operations announce themselves without a fence.  With a cache: its operation
 * word is odd while the owner is inside, two plain stores around.  Without: a
 * counter of the current phase.  The observer is made expensive instead:
 *
 *     owner                           observer (tick)
 *     word = odd                      reads the heads' phases
 *     compiler barrier                membarrier
 *     loads heads, works              reads the words
 *     word = even
 *
 * The membarrier puts a full barrier into the owner's program at some point
 * during the call.  If that point lies before its store of `odd`, its loads
 * come later still and see the phases that the observer saw.  If it lies
 * after, the observer reads the word as odd (or later) and waits for a change.
 *
 * | who           | writes                     | reads                        |
 * |---------------|----------------------------|------------------------------|
 * | owner         | its word, plain            | its word                     |
 * | direct        | inside[phase]              | phase                        |
 * | tick, one at a| noted, started, phase,     | all words, both counters     |
 * | time (ticking)| lists' paid and noted      |                              |
 */
#ifndef MP_QUIESCE_H
#define MP_QUIESCE_H

#include "list.h"

/* Starts the record of each cache. */
struct mp_operation {
	_Atomic uint64_t word;
	/* The pool's observer: the odd word it waits to see changed, or 0. */
	uint64_t noted;
	/* The pool that the cache belongs to, or NULL. */
	_Atomic(struct magpool *) pool;
};

struct mp_quiesce {
	_Atomic uint32_t inside[2]; /* operations without a cache */
	_Atomic uint32_t phase;
	_Atomic bool ticking;
	_Atomic bool missing; /* membarrier was refused */
	bool started;
	bool drained[2];
	_Atomic uint64_t paid; /* fences, ever */
};

/* Enters an operation without a cache; the result goes to leave. */
static inline uint32_t mp_quiesce_enter(struct mp_quiesce *quiesce)
{
	uint32_t phase = mp_load_relaxed(&quiesce->phase);

	/*
	 * The count before our loads of heads, for the observer: its membarrier
	 * stands for the fence that arm64 would need here, as it does for the
	 * operation words above.
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
