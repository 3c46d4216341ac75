/* SPDX-License-Identifier: MIT */
/*
 * liburcu, bp flavour: the library is a guest whose host may use another one.
 * This header is liburcu's only face to the library, and rcu.c includes it.
 *
 * What it protects: the registry's lists of pools and of caches.  Walkers
 * (statistics, trim of all pools) run in read sections; what leaves a list is
 * freed after a grace period.  get, return, alloc and the end of a thread
 * never enter a section and never wait for one.  Only destroy waits; who must
 * not (trim, create, the end of an interval) polls (grace.h).
 *
 * The links are C11 atomics with orders on the operations, not rculist.h's
 * volatile words: ThreadSanitizer sees the former only.
 *
 * After a fork the child does not touch bp again: another thread may have been
 * inside it.  Its sections take the registry's mutex instead, and its grace
 * periods are that mutex (registry.h gives the two functions).
 *
 * | operation        | section | add | remove | grace period                  |
 * |------------------|---------|-----|--------|-------------------------------|
 * | section          |    -    |  -  |   -    | waits for it, and for the     |
 * |                  |         |     |        | host's: without bound         |
 * | add, remove      |    -    |  registry's mutex            |
 */
#ifndef MP_RCU_H
#define MP_RCU_H

#include "atomic.h"

/* Embedded in what is on a list; container_of leads back. */
struct mp_rcu_link {
	_Atomic(struct mp_rcu_link *) next;
	struct mp_rcu_link *prev; /* the mutex's */
};

#define mp_container_of(link, type, member) \
	((type *)(void *)((char *)(link)-offsetof(type, member)))

static inline void mp_rcu_init(struct mp_rcu_link *list)
{
	list->prev = list;
	mp_store_relaxed(&list->next, list);
}

/* Under the registry's mutex. */
static inline void mp_rcu_add(struct mp_rcu_link *list,
			      struct mp_rcu_link *link)
{
	struct mp_rcu_link *first = mp_load_relaxed(&list->next);

	link->prev = list;
	mp_store_relaxed(&link->next, first);
	first->prev = link;
	/* Release: all that is in the record is seen by who finds it
	 * (mp_rcu_next). */
	mp_store_release(&list->next, link);
}

/* Under the mutex.  The record's own link still leads on, for walkers. */
static inline void mp_rcu_remove(struct mp_rcu_link *link)
{
	struct mp_rcu_link *next = mp_load_relaxed(&link->next);

	next->prev = link->prev;
	/* Release: passes on what was released by the one that added next. */
	mp_store_release(&link->prev->next, next);
}

/* In a section, or under the mutex.  NULL after the last. */
static inline struct mp_rcu_link *mp_rcu_next(struct mp_rcu_link *list,
					      struct mp_rcu_link *link)
{
	/* Acquire: see mp_rcu_add(). */
	struct mp_rcu_link *next = mp_load_acquire(&link->next);

	return next == list ? NULL : next;
}

static inline struct mp_rcu_link *mp_rcu_first(struct mp_rcu_link *list)
{
	return mp_rcu_next(list, list);
}

/*
 * False: bp does not know this thread yet and there may be no memory to tell
 * it, which would end the process.  Then the walker takes the mutex.
 */
bool mp_rcu_read_lock(void);
void mp_rcu_read_unlock(void);

/*
 * Waits until every section that was running has ended.  False: it cannot be
 * waited for (a filter forbids membarrier, and bp would end the process), so
 * nothing may be freed.
 */
bool mp_rcu_wait(void);

#endif
