/* SPDX-License-Identifier: MIT */
/*
 * In front of each source file of the library under test (-include): its atomic
 * accesses stop at the scheduler first, its threads are the scheduler's.
 */
#ifndef SCHEDULE_HOOK_H
#define SCHEDULE_HOOK_H

/* Before the names below mean something else. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "platform.h"
#include "step.h"

/* ---- atomic accesses (src/atomic.h) -------------------------------------- */

/*
 * No branch of their own: coverage (test/coverage.sh) then finds the functions
 * of this build to be those of the library.
 */
#define SCHEDULE_STOP(p, what, text, changes)                      \
	__extension__({                                            \
		static const struct schedule_site site_ = {        \
			what, text, __FILE__, __LINE__, changes    \
		};                                                 \
		schedule_step((const volatile void *)(p), &site_); \
	})

/* The type that is read from *p, without _Atomic. */
#define SCHEDULE_VALUE(p) __typeof__((void)0, *(p))

/* Operands first: they may have steps of their own. */
#define MP_ATOMIC_LOAD(p, order)                                \
	__extension__({                                         \
		__typeof__(p) p_ = (p);                         \
		SCHEDULE_STOP(p_, "load " #order, #p, false);   \
		atomic_load_explicit(p_, memory_order_##order); \
	})
#define MP_ATOMIC_CHANGE(what, p, v, order)                             \
	__extension__({                                                 \
		__typeof__(p) p_ = (p);                                 \
		SCHEDULE_VALUE(p_) v_ = (v);                            \
		SCHEDULE_STOP(p_, #what " " #order, #p, true);          \
		atomic_##what##_explicit(p_, v_, memory_order_##order); \
	})
/* One thread runs at a time, so that what is one step need not be atomic. */
#define MP_ATOMIC_CAS(strength, p, expected, v, order, failed)                 \
	__extension__({                                                        \
		static const struct schedule_site cas_ = { "cas " #order, #p,  \
							   __FILE__, __LINE__, \
							   true };             \
		__typeof__(p) p_ = (p);                                        \
		__typeof__(*(expected)) *expected_ = (expected);               \
		SCHEDULE_VALUE(p_) v_ = (v);                                   \
		_Static_assert(sizeof *expected_ == sizeof *p_, #expected);    \
		_Static_assert(sizeof v_ == sizeof *p_, #v);                   \
		schedule_cas_##strength((volatile void *)p_, expected_, &v_,   \
					sizeof v_, &cas_);                     \
	})

/* ---- threads ------------------------------------------------------------- */

/* Changed with the thread (tls.c). */
#define __thread __attribute__((section("schedule_tls")))

#define mp_platform_thread_pointer() schedule_thread_pointer()
#define pthread_mutex_lock(mutex) schedule_mutex_lock(mutex)
#define pthread_mutex_trylock(mutex) schedule_mutex_trylock(mutex)
#define pthread_mutex_unlock(mutex) schedule_mutex_unlock(mutex)
#define pthread_key_create(key, destructor) schedule_key_create(key, destructor)
#define pthread_setspecific(key, value) schedule_setspecific(key, value)
#define sched_yield() schedule_yield()

#endif
