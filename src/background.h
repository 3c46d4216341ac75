/* SPDX-License-Identifier: MIT */
/*
 * The thread that makes time pass (MAGPOOL_BACKGROUND), for processes that do
 * not come to the depot by themselves: once in an interval it does for each
 * pool what a depot trip would do (mp_pool_pass_time).
 *
 * It blocks all signals, holds no lock while it sleeps, and is not there in a
 * fork child until the next miss or call that makes a pool or cache.  It holds
 * `step` while it works; the end of the process takes that for good, so that
 * nothing of the library or of liburcu goes away under a walk.  Who destroys a
 * pool waits for the work on that pool, as for any other walker
 * (mp_registry_pin).
 *
 * | field | written by                          | read by                     |
 * |-------|-------------------------------------|-----------------------------|
 * | tried | who starts it (exchange), a fork    | every miss (relaxed)        |
 * |       | child                               |                             |
 */
#ifndef MP_BACKGROUND_H
#define MP_BACKGROUND_H

/* If it is wanted, and is not there yet.  That it cannot be had is no error. */
void mp_background_start(void);

/* In a fork child. */
void mp_background_after_fork(void);

#endif
