/* SPDX-License-Identifier: MIT */
/*
 * The system that the library under test runs on: memory, membarrier, RCU, the
 * mutex, thread-specific data.  All of them are steps, none enters the kernel,
 * and each schedule starts with the same state.
 *
 * membarrier is a step and no more: accesses happen one after the other here,
 * so that there is nothing for it to order.
 */
#ifndef SCHEDULE_SYSTEM_H
#define SCHEDULE_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Seeded faults: what of the system is broken on purpose. */
enum system_fault {
	SYSTEM_WHOLE = 0,
	SYSTEM_MUTEX = 1, /* excludes nobody */
	SYSTEM_RCU = 2,   /* waits for nobody */
	SYSTEM_CAS = 4,   /* is two accesses */
};

void system_break(unsigned int faults);

/* Is a compare-and-swap two accesses? */
bool system_tears(void);

/* Keeps the state of the library as it is now, for all schedules. */
void system_keep(void);

/* Before each schedule: that state, and no memory mapped. */
void system_reset(void);

/* Mappings that are there. */
size_t system_mappings(void);

/* Coarse time, from 0 on. */
void system_pass_time(uint64_t milliseconds);

void (*system_destructor(unsigned int key))(void *value);

#endif
