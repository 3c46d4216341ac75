/* SPDX-License-Identifier: MIT */
/*
 * A bounded ring from one thread to one other.  Each side keeps what it last
 * saw of the other's position, so that the line is fetched only when the ring
 * looks full or empty.
 */
#ifndef PERF_RING_H
#define PERF_RING_H

#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>

#include "util.h"

enum {
	PERF_RING_CELLS = 256, /* a power of two */
	PERF_RING_WORDS = 4,   /* the most that a cell holds */
	PERF_RING_SPINS = 1000
};

struct perf_ring {
	_Alignas(PERF_LINE) atomic_size_t put; /* cells ever put */
	size_t taken_seen;                     /* the putter's */
	_Alignas(PERF_LINE) atomic_size_t taken;
	size_t put_seen; /* the taker's */
	_Alignas(PERF_LINE) void *word[PERF_RING_CELLS * PERF_RING_WORDS];
};

static inline void perf_pause(void)
{
#if defined __x86_64__
	__builtin_ia32_pause();
#elif defined __aarch64__
	__asm__ volatile("yield");
#endif
}

/* Waits until *position is not `old`; the other side may need this core. */
static inline size_t perf_ring_await(atomic_size_t *position, size_t old)
{
	size_t now;

	/* Acquire: the other side has done with the cells up to there. */
	for (unsigned i = 1;
	     (now = atomic_load_explicit(position, memory_order_acquire)) ==
	     old;
	     i++) {
		if (i % PERF_RING_SPINS == 0)
			sched_yield();
		perf_pause();
	}
	return now;
}

static inline void **perf_ring_cell(struct perf_ring *ring, size_t position,
				    size_t words)
{
	return &ring->word[position % PERF_RING_CELLS * words];
}

static inline void perf_ring_put(struct perf_ring *ring, void *const *hold,
				 size_t words)
{
	size_t at = atomic_load_explicit(&ring->put, memory_order_relaxed);
	void **cell = perf_ring_cell(ring, at, words);

	if (at - ring->taken_seen == PERF_RING_CELLS)
		ring->taken_seen =
			perf_ring_await(&ring->taken, ring->taken_seen);
	for (size_t i = 0; i < words; i++)
		cell[i] = hold[i];
	/* Release: the cell is filled before perf_ring_take() sees it. */
	atomic_store_explicit(&ring->put, at + 1, memory_order_release);
}

static inline void perf_ring_take(struct perf_ring *ring, void **hold,
				  size_t words)
{
	size_t at = atomic_load_explicit(&ring->taken, memory_order_relaxed);
	void **cell = perf_ring_cell(ring, at, words);

	if (at == ring->put_seen)
		ring->put_seen = perf_ring_await(&ring->put, at);
	for (size_t i = 0; i < words; i++)
		hold[i] = cell[i];
	/* Release: the cell is read before perf_ring_put() fills it again. */
	atomic_store_explicit(&ring->taken, at + 1, memory_order_release);
}

#endif
