/* SPDX-License-Identifier: MIT */
/*
 * Stops one thread at every instruction of an operation.
 *
 * Two processes.  The tracer steps one thread of the tracee, the victim, to
 * instruction k of its operation, leaves it there, and asks the tracee's other
 * threads for work.  When that is done it lets the victim go on, and comes back
 * for instruction k + stride, until the operation is shorter than that.
 *
 *     victim                 tracer                 the others
 *     stepper_begin()  ----> attaches
 *     stepper_next()   ----> steps into the window
 *     window:          ----> k steps, holds  -----> stepper_wait()
 *                            (victim stopped)       work
 *                            lets go         <----- stepper_done()
 *     checks; stepper_next() ...                    stepper_wait()
 *     stepper_end()          ---------------------> false
 */
#ifndef STEPPER_H
#define STEPPER_H

#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* In memory that both processes see. */
struct stepper {
	sem_t begun;    /* the victim is there, or the tracee has done */
	sem_t attached; /* the tracer is */
	sem_t hold;     /* the victim is stopped, or has ended */
	sem_t held;     /* the others have done their work */
	_Atomic pid_t victim;
	_Atomic bool inside;   /* the victim is in its window */
	_Atomic bool finished; /* the operation was shorter than k */
	_Atomic bool ended;    /* the victim leaves */
	_Atomic unsigned position;
	unsigned stride;
	unsigned processor;
	char what[80]; /* the operation, for reports */
	/* Figures. */
	_Atomic uint64_t stops, steps, operations;
};

/*
 * Runs tracee(stepper) in a process of its own and traces its victims, one
 * after the other, until it ends.  Skips the test where that is forbidden.
 */
struct stepper *stepper_run(void (*tracee)(struct stepper *stepper));

/* ---- the victim's -------------------------------------------------------- */

void stepper_begin(struct stepper *stepper);
/* Before each operation.  False: there is no instruction left. */
bool stepper_next(struct stepper *stepper);
void stepper_end(struct stepper *stepper);

static inline void stepper_enter(struct stepper *stepper)
{
	atomic_store_explicit(&stepper->inside, true, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
}

static inline void stepper_leave(struct stepper *stepper)
{
	atomic_signal_fence(memory_order_seq_cst);
	atomic_store_explicit(&stepper->inside, false, memory_order_relaxed);
}

/* ---- the others' --------------------------------------------------------- */

/* Waits until the victim is stopped (true) or has ended (false). */
bool stepper_wait(struct stepper *stepper);
void stepper_done(struct stepper *stepper);

/* The tracee has no more victims. */
void stepper_close(struct stepper *stepper);

#endif
