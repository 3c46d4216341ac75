/* SPDX-License-Identifier: MIT */
/*
 * In front of each source file that GenMC is given (-include): what stands for
 * the operating system, and a membarrier as exact as the real one.
 *
 * A membarrier puts a full barrier into the program of every other thread, at
 * a point that nobody chose.  So a thread that has to be hit looks before each
 * of its atomic accesses whether one is asked for: whether it sees that yet is
 * for the memory model to choose, so every point is explored.  A thread that
 * does not run has passed such a barrier when it was put to sleep.
 */
#ifndef WEAK_H
#define WEAK_H

#include <assert.h>
#include <genmc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* GenMC's, before the C library's has a chance. */
#include <pthread.h>
#include <stdlib.h>

/* How many a program has. */
#define WEAK_MEMBARRIERS 1

/* Rounds of membarrier, each after the one before has ended. */
static _Atomic int weak_asked;
static _Atomic int weak_passed;

/* Is this the thread that membarriers hit, and up to which has it passed? */
static _Thread_local bool weak_hit;
static _Thread_local int weak_seen;

static inline void weak_pass(int round)
{
	atomic_thread_fence(memory_order_seq_cst);
	weak_seen = round;
	atomic_store_explicit(&weak_passed, round, memory_order_relaxed);
}

/* A point of the program where a membarrier may strike. */
static inline void weak_point(void)
{
	int asked;

	if (!weak_hit || weak_seen == WEAK_MEMBARRIERS)
		return;
	asked = atomic_load_explicit(&weak_asked, memory_order_relaxed);
	if (asked > weak_seen)
		weak_pass(asked);
}

static inline void weak_begin(void)
{
	weak_hit = true;
}

/* The end of such a thread: it runs no more. */
static inline void weak_end(void)
{
	weak_hit = false;
	if (weak_seen < WEAK_MEMBARRIERS)
		weak_pass(WEAK_MEMBARRIERS);
}

/* In place of the one in src/platform.c: one caller at a time. */
static inline bool weak_membarrier(void)
{
	int round = atomic_load_explicit(&weak_asked, memory_order_relaxed) + 1;

	assert(round <= WEAK_MEMBARRIERS);
	atomic_thread_fence(memory_order_seq_cst);
	atomic_store_explicit(&weak_asked, round, memory_order_relaxed);
	__VERIFIER_assume(atomic_load_explicit(&weak_passed,
					       memory_order_relaxed) >= round);
	atomic_thread_fence(memory_order_seq_cst);
	return true;
}

/* Probes are assembler, which GenMC does not read. */
#define MP_PROBE_H
#define MP_PROBE2(name, a, b) ((void)(a), (void)(b))
#define MP_PROBE3(name, a, b, c) ((void)(a), (void)(b), (void)(c))
#define MP_PROBE4(name, a, b, c, d) ((void)(a), (void)(b), (void)(c), (void)(d))

/* ---- the doors of src/atomic.h ------------------------------------------- */

#define MP_ATOMIC_LOAD(p, order) \
	(weak_point(), atomic_load_explicit((p), memory_order_##order))
#define MP_ATOMIC_CHANGE(what, p, v, order) \
	(weak_point(), atomic_##what##_explicit((p), (v), memory_order_##order))
#define MP_ATOMIC_CAS(strength, p, expected, v, order, failed)             \
	(weak_point(), atomic_compare_exchange_##strength##_explicit(      \
			       (p), (expected), (v), memory_order_##order, \
			       memory_order_##failed))

#include "atomic.h"

/* For variants: src/ has no use for them. */
#define weak_exchange_both(p, v) MP_ATOMIC_CHANGE(exchange, p, v, acq_rel)
#define weak_or_relaxed(p, v) MP_ATOMIC_CHANGE(fetch_or, p, v, relaxed)
#define weak_exchange_relaxed(p, v) MP_ATOMIC_CHANGE(exchange, p, v, relaxed)

/* GenMC takes a fence of the compiler for one of the processor. */
#undef mp_compiler_barrier
#define mp_compiler_barrier() weak_point()

#endif
