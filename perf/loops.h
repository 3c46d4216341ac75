/* SPDX-License-Identifier: MIT */
/*
 * The loops of one peer.  Included by a peer_<x>.c after it has defined
 *
 *     PEER_WORDS(n)   words that the program must keep for n parameters
 *     PEER_CAN        what it can do: the bits below
 *     static inline bool peer_get(void *state, void **hold);
 *     static inline void *peer_alloc(void *state, void **hold, size_t i,
 *                                    size_t size);    (the i-th parameter)
 *     static inline void peer_return(void *state, void **hold, size_t n);
 *
 * `hold` is what a program keeps between get and return: one pointer to an
 * arena, or one pointer for each parameter.
 */
#ifndef PERF_LOOPS_H
#define PERF_LOOPS_H

#include "peer.h"
#include "util.h"
#include "workload.h"

enum {
	CAN_CALL = 1,  /* gives memory */
	CAN_GET = 2,   /* get and return do something by themselves */
	CAN_NEST = 4,  /* several held at once, the last one returned first */
	CAN_HOLD = 8,  /* several held at once, returned in any order */
	CAN_CROSS = 16 /* returned by another thread */
};

/*
 * Each parameter is written to, one byte of it: all peers alike.  As a bool,
 * because a store of a character type may alias anything, so the compiler
 * would have to reload an arena's words after it, which it need not do in a
 * program that fills structs.
 */
static inline void touch(void *memory, size_t size)
{
	/* Nor may the compiler know where the memory comes from. */
	__asm__("" : "+r"(memory));
	if (size)
		*(volatile bool *)memory = true;
}

static inline void begin(void *state, void **hold)
{
	if (__builtin_expect(!peer_get(state, hold), 0))
		tool_out_of_memory();
}

static inline void parameter(void *state, void **hold, size_t i, size_t size)
{
	void *memory = peer_alloc(state, hold, i, size);

	if (__builtin_expect(!memory, 0))
		tool_out_of_memory();
	touch(memory, size);
}

/* The native call stands here: the compiler must have stored all by now. */
static inline void native_call(void)
{
	__asm__ volatile("" ::: "memory");
}

/* Up to the native call of `small`; most other loops use it too. */
enum { SMALL = 4 };
static inline void small_call(void *state, void **hold)
{
	begin(state, hold);
	parameter(state, hold, 0, 1);
	parameter(state, hold, 1, 10);
	parameter(state, hold, 2, 100);
	parameter(state, hold, 3, 1000);
	native_call();
}

/* Cheap enough not to matter, and the same for all peers. */
static inline uint64_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) +
		 UINT64_C(1442695040888963407);
	return *state >> 32;
}

#include "loop_cycle.h"
#include "loop_small.h"
#include "loop_multipage.h"
#include "loop_calls.h"
#include "loop_nested.h"
#include "loop_hold.h"
#include "loop_burst.h"
#include "loop_growth.h"
#include "loop_churn.h"
#include "loop_handoff.h"
#include "loop_mixed.h"
#include "loop_latency.h"

#define LOOP_IF(bits, loop) ((PEER_CAN & (bits)) == (bits) ? (loop) : NULL)

/* For the .loop of struct perf_peer. */
#define PEER_LOOPS                                                            \
	{                                                                     \
		[PERF_LOOP_CYCLE] = LOOP_IF(CAN_GET, loop_cycle),             \
		[PERF_LOOP_SMALL] = LOOP_IF(CAN_CALL, loop_small),            \
		[PERF_LOOP_MULTIPAGE] = LOOP_IF(CAN_CALL, loop_multipage),    \
		[PERF_LOOP_CALLS] = LOOP_IF(CAN_CALL, loop_calls),            \
		[PERF_LOOP_NESTED] = LOOP_IF(CAN_NEST, loop_nested),          \
		[PERF_LOOP_HOLD] = LOOP_IF(CAN_HOLD, loop_hold),              \
		[PERF_LOOP_BURST] = LOOP_IF(CAN_HOLD, loop_burst),            \
		[PERF_LOOP_GROWTH] = LOOP_IF(CAN_CALL, loop_growth),          \
		[PERF_LOOP_CHURN] = LOOP_IF(CAN_CROSS, loop_churn),           \
		[PERF_LOOP_HANDOFF] = LOOP_IF(CAN_CROSS, loop_handoff),       \
		[PERF_LOOP_MIXED] =                                           \
			LOOP_IF(CAN_CROSS | CAN_HOLD | CAN_CALL, loop_mixed), \
		[PERF_LOOP_LATENCY] = LOOP_IF(CAN_CALL, loop_latency),        \
		[PERF_LOOP_LATENCY_HANDOFF] =                                 \
			LOOP_IF(CAN_CALL | CAN_CROSS, loop_latency_handoff),  \
	}

#endif
