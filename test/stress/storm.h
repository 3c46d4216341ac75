/* SPDX-License-Identifier: MIT */
/*
 * A timer signal ten thousand times a second in one thread, whose handler gets
 * and returns arenas: in the middle of a get, a return, a depot trip or an
 * allocation of the thread that it interrupts.  The handler keeps an arena from
 * one signal to a later one.
 */
#ifndef STRESS_STORM_H
#define STRESS_STORM_H

#include "loan.h"

#include <time.h>

struct storm {
	struct stress_worker worker; /* the handler has an id of its own */
	struct loan kept;
	struct magpool *pool;
	uint64_t signals;
	timer_t timer;
};

/** Starts signals in this thread, which has got an arena of the pool before. */
void storm_start(struct storm *storm, struct magpool *pool);

/** Ends them and returns what the handler kept. */
void storm_stop(struct storm *storm);

/** No signals for the calling thread meanwhile; also without a storm. */
void storm_pause(void);
void storm_go_on(void);

#endif
