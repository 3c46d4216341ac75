/* SPDX-License-Identifier: MIT */
/*
 * How many rounds a magazine has: as many as it takes for exchanges not to get
 * into each other's way.
 *
 *     least <= rounds <= most
 *
 * Caches tell how many magazines they exchanged and how many compare-and-swaps
 * failed meanwhile.  What many of them told is a window.  One in which many
 * failed doubles the rounds, so that each thread comes half as often.  After a
 * number of quiet windows in a row they are halved.  Quiet is so little that
 * twice as much would not be many yet: a steady load does not go back and
 * forth.  One that does all the same (it has nothing to exchange once magazines
 * are large) doubles the number of quiet windows that are waited for, each
 * time; each further halving halves it again.
 *
 * A magazine belongs to one holder, so old and new sizes live side by side,
 * and a change is one store.  All magazines have room for `most`; that for
 * more than `least` lies apart and costs nothing until it is touched
 * (magazine.h).  A cache looks at the size when it loads a magazine, and
 * judges by it whether the one behind is full.  One that holds more than the
 * size of now is valid, and full.  So no magazine ever holds more than the
 * largest size there was (`peak`), and none is given to the depot as full with
 * less than `least`: with these two the bounds of design.md hold (a cache has
 * two magazines of `peak`, magazines are provided for pages by `least`).
 *
 * | field        | written by                     | read by                   |
 * |--------------|--------------------------------|---------------------------|
 * | least, most  | init                           | everybody                 |
 * | tally        | caches now and then; a judge   | the same                  |
 * |              | takes it (compare-and-swap)    |                           |
 * | the others   | judges                         | everybody                 |
 *
 * All accesses are relaxed: any size is right at any moment, and nothing is
 * published by one.  Two judges at once are possible, when one of them is slow;
 * then what they wait for is off by a window.
 */
#ifndef MP_SIZING_H
#define MP_SIZING_H

#include "list.h"
#include "tally.h"

/* How many exchanges a cache keeps to itself, so that caches do not meet here
 * as they would at a list. */
#define MP_SIZING_SHARE 16
#define MP_SIZING_WINDOW 256 /* exchanges */

struct mp_sizing {
	uint32_t least;
	uint32_t most;
	_Atomic uint32_t rounds;
	_Atomic uint32_t peak;  /* the most that rounds ever was */
	_Atomic uint64_t tally; /* exchanges, and failures in the upper half */
	_Atomic uint32_t quiet; /* windows in a row */
	_Atomic uint32_t patience; /* as many make them smaller */
	_Atomic bool shrunk_last;
	struct mp_tally grown; /* changes, ever */
	struct mp_tally shrunk;
	/* Where the rounds and their peak are shown, or NULL (tally.h). */
	_Atomic(_Atomic uint64_t *) live_rounds;
	_Atomic(_Atomic uint64_t *) live_peak;
};

void mp_sizing_init(struct mp_sizing *sizing, uint32_t least, uint32_t most);

/* From now on (or, NULL, no more) they are shown there.  By one alone. */
void mp_sizing_show(struct mp_sizing *sizing, _Atomic uint64_t *rounds,
		    _Atomic uint64_t *peak);

/* Of a magazine that is loaded now. */
static inline uint32_t mp_sizing_rounds(struct mp_sizing *sizing)
{
	return mp_load_relaxed(&sizing->rounds);
}

/* Exchanges, and failures meanwhile; may change the rounds. */
void mp_sizing_tell(struct mp_sizing *sizing, uint32_t exchanges,
		    uint32_t failures);

/* The same for what a cache met on one trip: it tells when `untold`, its own,
 * is a share. */
void mp_sizing_count(struct mp_sizing *sizing, struct mp_trip *untold,
		     const struct mp_trip *trip);

/* Time has passed: that counts as several windows, quiet ones if nothing else
 * was told. */
void mp_sizing_interval(struct mp_sizing *sizing);

#endif
