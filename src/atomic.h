/* SPDX-License-Identifier: MIT */
/*
 * Atomic accesses with their order in the name.  Every atomic access of the
 * library goes through one of these, so that the order is a claim that can be
 * read at the call site, and so that a test build can step from one to the
 * next.
 *
 * There are no stand-alone fences: ThreadSanitizer does not see them.  Where
 * one side is made expensive instead (membarrier), the other has
 * mp_compiler_barrier(), and the two name each other.
 */
#ifndef MP_ATOMIC_H
#define MP_ATOMIC_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Two lines: x86-64 fetches them in pairs, big arm64 cores have 128 bytes. */
#define MP_CACHE_LINE 128
#define MP_LINE_ALIGNED _Alignas(MP_CACHE_LINE)

/* Who looks at each access has to see them all. */
#if defined __SANITIZE_THREAD__
#define MP_ATOMIC_CHECKED
#elif defined __has_feature
#if __has_feature(thread_sanitizer)
#define MP_ATOMIC_CHECKED
#endif
#endif

#define mp_likely(x) __builtin_expect(!!(x), 1)
#define mp_unlikely(x) __builtin_expect(!!(x), 0)

/*
 * The door that every access goes through.  A test build (test/schedule) comes
 * with its own three, which stop before the access, and then do the same.
 */
#ifdef MP_ATOMIC_LOAD
#define MP_ATOMIC_CHECKED
#else
#define MP_ATOMIC_LOAD(p, order) atomic_load_explicit((p), memory_order_##order)
#define MP_ATOMIC_CHANGE(what, p, v, order) \
	atomic_##what##_explicit((p), (v), memory_order_##order)
#define MP_ATOMIC_CAS(strength, p, expected, v, order, failed)              \
	atomic_compare_exchange_##strength##_explicit((p), (expected), (v), \
						      memory_order_##order, \
						      memory_order_##failed)
#endif

#define mp_load_relaxed(p) MP_ATOMIC_LOAD(p, relaxed)
#define mp_load_acquire(p) MP_ATOMIC_LOAD(p, acquire)
#define mp_load_seq(p) MP_ATOMIC_LOAD(p, seq_cst)
#define mp_store_relaxed(p, v) MP_ATOMIC_CHANGE(store, p, v, relaxed)
#define mp_store_release(p, v) MP_ATOMIC_CHANGE(store, p, v, release)

#define mp_add_relaxed(p, v) MP_ATOMIC_CHANGE(fetch_add, p, v, relaxed)
#define mp_sub_relaxed(p, v) MP_ATOMIC_CHANGE(fetch_sub, p, v, relaxed)
#define mp_add_release(p, v) MP_ATOMIC_CHANGE(fetch_add, p, v, release)
#define mp_add_seq(p, v) MP_ATOMIC_CHANGE(fetch_add, p, v, seq_cst)
#define mp_sub_release(p, v) MP_ATOMIC_CHANGE(fetch_sub, p, v, release)
#define mp_or_release(p, v) MP_ATOMIC_CHANGE(fetch_or, p, v, release)
#define mp_or_seq(p, v) MP_ATOMIC_CHANGE(fetch_or, p, v, seq_cst)
#define mp_exchange_relaxed(p, v) MP_ATOMIC_CHANGE(exchange, p, v, relaxed)
#define mp_exchange_acquire(p, v) MP_ATOMIC_CHANGE(exchange, p, v, acquire)
#define mp_exchange_seq(p, v) MP_ATOMIC_CHANGE(exchange, p, v, seq_cst)

/* Weak: may fail without cause, to be used in loops. */
#define mp_cas_weak_relaxed(p, expected, v) \
	MP_ATOMIC_CAS(weak, p, expected, v, relaxed, relaxed)
#define mp_cas_weak_acquire(p, expected, v) \
	MP_ATOMIC_CAS(weak, p, expected, v, acquire, acquire)
#define mp_cas_weak_release(p, expected, v) \
	MP_ATOMIC_CAS(weak, p, expected, v, release, relaxed)
#define mp_cas_weak_seq(p, expected, v) \
	MP_ATOMIC_CAS(weak, p, expected, v, seq_cst, relaxed)
/* Strong: fails only because the value was another one. */
#define mp_cas_relaxed(p, expected, v) \
	MP_ATOMIC_CAS(strong, p, expected, v, relaxed, relaxed)
#define mp_cas_acquire(p, expected, v) \
	MP_ATOMIC_CAS(strong, p, expected, v, acquire, acquire)
#define mp_cas_release(p, expected, v) \
	MP_ATOMIC_CAS(strong, p, expected, v, release, relaxed)

/* The compiler keeps accesses on their side; membarrier() does the rest. */
#define mp_compiler_barrier() atomic_signal_fence(memory_order_seq_cst)

/*
 * Counts in a word with one writer: cheaper than a read-modify-write that all
 * processors agree on, and never torn.  The release is that of a plain store on
 * x86-64, where the compiler would make three instructions of this one.
 */
#if defined __x86_64__ && !defined MP_ATOMIC_CHECKED
static inline void mp_bump_release(_Atomic uint64_t *word)
{
	__asm__ volatile("incq %0" : "+m"(*word) : : "memory");
}
#define mp_bump_relaxed(p) mp_bump_release(p)
#else
#define mp_bump_release(p) mp_store_release((p), mp_load_relaxed(p) + 1)
#define mp_bump_relaxed(p) mp_store_relaxed((p), mp_load_relaxed(p) + 1)
#endif

/*
 * Where a test build wants another thread to come between, once in MP_YIELD
 * times: a stalled thread between the load and the compare-and-swap of a pop is
 * what tags are for.
 */
#if defined MP_YIELD && MP_YIELD
static inline void mp_race_window(void)
{
	static _Thread_local unsigned int state = 1;

	state = state * 1664525u + 1013904223u;
	if ((state >> 16) % MP_YIELD == 0)
		sched_yield();
}
#else
static inline void mp_race_window(void)
{
}
#endif

#endif
