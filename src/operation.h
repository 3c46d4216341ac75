/* SPDX-License-Identifier: MIT */
/*
 * How an operation on a cache announces itself, and how two threads are kept
 * apart in one.
 *
 * | word     | written by                          | read by                  |
 * |----------|-------------------------------------|--------------------------|
 * | inside   | the owner, plain                    | ticks, walkers, guests,  |
 * |          |                                     | fork child               |
 * | busy     | guests (compare-and-swap)           | as inside                |
 * | owner    | guests, once (see below)            | who enters               |
 * | counters | whoever is inside                   | ticks, walkers           |
 * | noted    | the pool's tick, one at a time      | the same                 |
 * | pool     | registry's mutex                    | walkers; owner           |
 *
 * `inside` is 1 while the owner is in an operation: it tells a signal handler
 * of the same thread to go to the depot, a fork child which caches are whole,
 * a tick what is running, and walkers when to look again.  What has ended
 * since is told by the counters of gets, returns and misses: each operation
 * bumps one of them after its last access to a list.  So entering costs a
 * plain store of a constant, and the next operation waits for nothing.
 *
 * An implicit cache has one owner, its thread.  An explicit one is biased to
 * the first thread that uses it (as in biased locking: Kawachiya et al.,
 * OOPSLA 2002), until a second thread shows up, and then no more:
 *
 *     owner == thread      that thread enters by plain stores
 *     owner == REVOKED     nobody enters
 *     owner == SHARED      all enter by a compare-and-swap on `busy`
 *
 *     owner                          the second thread
 *     inside = 1                     owner: thread -> REVOKED
 *     compiler barrier               membarrier
 *     owner == thread?  else leave   owner = SHARED
 *
 * The membarrier puts a full barrier into the owner's program at some point
 * during the call.  If that point lies before its store of `inside`, it sees
 * REVOKED, and leaves.  If it lies after, everyone who sees SHARED sees
 * `inside` too, and keeps out for as long as it is set.
 */
#ifndef MP_OPERATION_H
#define MP_OPERATION_H

#include "counters.h"

/* What `owner` can be besides a thread pointer. */
#define MP_OWNER_NONE ((uintptr_t)0)
#define MP_OWNER_REVOKED ((uintptr_t)1)
#define MP_OWNER_SHARED ((uintptr_t)2)

/*
 * Where it lies in the record of each cache: in the second half of a pair of
 * lines, while pages have what get and return touch in the first.  A processor
 * that looks for an earlier store by the low 12 bits of the address then never
 * takes the one for the other, wherever they lie.
 */
#define MP_OPERATION_AT 64

struct mp_operation {
	_Atomic uint32_t inside;
	_Atomic uint32_t busy;
	_Atomic uintptr_t owner; /* of an explicit cache */
	struct mp_counters *counters;
	/* The pool that the cache belongs to, or NULL. */
	_Atomic(struct magpool *) pool;
	uint32_t noted;  /* the sequence a tick waits to see changed, or 0 */
	uint32_t biased; /* mark of the thread the cache was biased to */
};

/*
 * A thread's name in one word that is never 0: in `busy`, so that a fork child
 * knows its own operation (a handler may fork).  Two threads may share one.
 */
static inline uint32_t mp_operation_mark(uintptr_t thread)
{
	return (uint32_t)(thread >> 4) | 1;
}

/*
 * Enters as the thread that the cache is attached to: the word to leave with.
 * NULL: that thread is inside already, so this is a signal handler's call.
 */
static inline _Atomic uint32_t *mp_operation_enter(struct mp_operation *o)
{
	if (mp_unlikely(mp_load_relaxed(&o->inside)))
		return NULL;
	mp_store_relaxed(&o->inside, 1);
	/* The word before what we do; the other side is quiesce.h's tick. */
	mp_compiler_barrier();
	return &o->inside;
}

/* Enters an explicit cache as its owner; NULL: not the owner, or as above. */
static inline _Atomic uint32_t *mp_operation_enter_own(struct mp_operation *o,
						       uintptr_t thread)
{
	_Atomic uint32_t *word;

	/* Before the store: only the owner may write `inside`. */
	if (mp_unlikely(mp_load_relaxed(&o->owner) != thread))
		return NULL;
	word = mp_operation_enter(o);
	/* After it: the other side is revoke() in operation.c. */
	if (mp_likely(!word || mp_load_relaxed(&o->owner) == thread))
		return word;
	mp_store_relaxed(word, 0);
	return NULL;
}

/* As anybody else. */
_Atomic uint32_t *mp_operation_enter_guest(struct mp_operation *o,
					   uintptr_t thread);

/* Enters an explicit cache.  NULL: another thread is inside, or may be. */
static inline _Atomic uint32_t *
mp_operation_enter_explicit(struct mp_operation *o, uintptr_t thread)
{
	_Atomic uint32_t *word = mp_operation_enter_own(o, thread);

	return mp_likely(word) ? word : mp_operation_enter_guest(o, thread);
}

static inline void mp_operation_leave(_Atomic uint32_t *word)
{
	/*
	 * Release: what we did is seen before the zero, by a tick, by a walker,
	 * by the next thread in an explicit cache.
	 */
	mp_store_release(word, 0);
}

/* In a fork child: who was taking the bias away is not here to end it. */
static inline void mp_operation_after_fork(struct mp_operation *o)
{
	if (mp_load_relaxed(&o->owner) == MP_OWNER_REVOKED)
		mp_store_relaxed(&o->owner, MP_OWNER_SHARED);
}

/* In a fork child: is it this thread that is inside an explicit cache? */
static inline bool mp_operation_is_own(struct mp_operation *o, uintptr_t thread)
{
	uint32_t mark = mp_operation_mark(thread);

	return (mp_load_relaxed(&o->inside) && o->biased == mark) ||
	       mp_load_relaxed(&o->busy) == mark;
}

/* Is anybody inside? */
static inline bool mp_operation_runs(struct mp_operation *o)
{
	/* Acquires: what was done before a zero is seen with it. */
	return mp_load_acquire(&o->inside) || mp_load_acquire(&o->busy);
}

/* Changes with every operation, after its last access to a list. */
static inline uint64_t mp_operation_sequence(struct mp_operation *o)
{
	struct mp_counters *c = o->counters;

	/* Acquires: the operation that was counted last is seen as ended. */
	return mp_load_acquire(&c->gets) + mp_load_acquire(&c->returns) +
	       mp_load_acquire(&c->chained) + mp_load_acquire(&c->misses);
}

#endif
