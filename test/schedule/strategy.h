/* SPDX-License-Identifier: MIT */
/*
 * Who runs next.
 *
 * PCT (Burckhardt, Kothari, Musuvathi, Nagarakatte, "A Randomized Scheduler
 * with Probabilistic Guarantees of Finding Bugs", ASPLOS 2010): each thread has
 * a random priority and the highest one that can run does; at `depth - 1`
 * random points the running thread's priority becomes the lowest.  A bug that
 * needs d orderings is met with a probability of at least 1/(n k^(d-1)) for n
 * threads and k points.
 *
 * Exhaustive: all schedules with up to so many preemptions (Musuvathi and
 * Qadeer, "Iterative Context Bounding", PLDI 2007), depth first, each from the
 * start; where a thread waits or ends, all that can follow do.
 *
 * Points.  Only an access to a word that several threads use, one of them
 * writing, can tell the order of two threads.  Which words these are is learned
 * first, from schedules that may stop everywhere.
 */
#ifndef SCHEDULE_STRATEGY_H
#define SCHEDULE_STRATEGY_H

#include "step.h"

#include <stddef.h>

enum schedule_why {
	SCHEDULE_AT_POINT,
	SCHEDULE_YIELDS,
	SCHEDULE_STOPS, /* it waits or has ended */
};

/* A schedule by a seed: `depth` orderings, chosen among `length` points. */
void strategy_by_seed(uint64_t seed, unsigned int threads, unsigned int depth,
		      uint64_t length);

/* The first schedule with up to so many preemptions. */
void strategy_first(unsigned int preemptions);
/* The next one; false: that was all. */
bool strategy_next(void);
/* The one whose choices are `text`, as strategy_choices() gave it. */
bool strategy_from_text(unsigned int preemptions, const char *text);
/* "index:choice,..." of those that are not the first possible. */
void strategy_choices(char *out, size_t size);

/* Before each schedule. */
void strategy_begin(void);

/* Of `ready`, a bit for each thread that can run (`self` too if it can). */
unsigned int strategy_pick(unsigned int self, uint32_t ready,
			   enum schedule_why why);

/* A weak compare-and-swap may fail; only by seeds. */
bool strategy_fails(void);

/* ---- points -------------------------------------------------------------- */

/* Is this access one to stop at?  Notes who uses what. */
bool points_meet(const volatile void *address, unsigned int thread,
		 bool writes);

/* From now on only what was seen to be shared; how much that is new. */
unsigned int points_settle(void);

/* Points met in this schedule, and the words that are shared. */
uint64_t points_met(void);
unsigned int points_shared(void);
void points_begin(void);

#endif
