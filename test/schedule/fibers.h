/* SPDX-License-Identifier: MIT */
/*
 * Logical threads, one of which runs: fibers that are changed at a step, when
 * the strategy says so, when one waits, and when one ends.
 *
 * Number 0 is the program itself.  It prepares and finishes while the others
 * stand still, and no step is counted then.
 */
#ifndef SCHEDULE_FIBERS_H
#define SCHEDULE_FIBERS_H

#include "step.h"

#include <stddef.h>

enum {
	SCHEDULE_THREADS = 4, /* the most */
	SCHEDULE_KEYS = 4,
	SCHEDULE_STEPS = 500000, /* of one schedule: more is a livelock */
};

struct schedule_tls {
	void *words;
	size_t size;
};

/* The library's thread-local words: tls.c. */
struct schedule_tls schedule_tls(void);

struct schedule_bodies {
	unsigned int threads;
	bool exits; /* the ends of threads are part of the schedule */
	void (*warm)(unsigned int self); /* before it, one after the other */
	void (*body)(unsigned int self); /* self: from 0 */
};

/* Runs one schedule: warm, then body, then the threads end. */
void schedule_run(const struct schedule_bodies *bodies);

/* The fiber that runs, 0: the program. */
unsigned int schedule_self(void);

/* A step of the tests' own or of the system's. */
void schedule_point(const volatile void *address,
		    const struct schedule_site *site);

/* Waits until somebody wakes those who wait there; that may be too early. */
void schedule_block(const volatile void *at);
void schedule_wake(const volatile void *at);

/* The steps of this schedule, and all of them since the start. */
uint64_t schedule_steps(void);
uint64_t schedule_all_steps(void);

void schedule_trace(bool on);

/* Prints the failure and the command that replays it; ends the program. */
_Noreturn __attribute__((format(printf, 1, 2))) void
schedule_violation(const char *format, ...);

#endif
