/* SPDX-License-Identifier: MIT */
/*
 * The drain of a cache that nobody uses, without its owner's help: its pages go
 * to the depot.  It costs a hit nothing, because the slot, which a hit looks at
 * anyway, says that there is one.
 *
 *     owner                           drainer
 *     inside = 1                      state: OWNED -> WANTED
 *     compiler barrier                saves what is in the slot, and
 *     loads the slot; DRAINED?        slot: that -> DRAINED
 *        no: works                    membarrier
 *        yes: looks at the state      not inside, slot still DRAINED?
 *     inside = 0                         state: WANTED -> TAKEN, empties,
 *                                        TAKEN -> EMPTIED
 *                                     else backs out: slot: DRAINED -> saved,
 *                                        state: WANTED -> OWNED
 *
 * The membarrier puts a full barrier into the owner's program at some point
 * during the call.  An operation that began after that point finds DRAINED.
 * One that began before is seen inside; or its end is seen, and with it all
 * that it did: it stored to the slot, or it left it, and the cache's words are
 * as the drainer reads them.
 *
 * That holds because an operation loads the slot once, and knows from then on
 * what is in it: a slot that it loaded before the drainer's compare-and-swap
 * and stores after it just overwrites DRAINED, and the drainer backs out.
 *
 * Who finds DRAINED takes the cache back while it is WANTED, goes to the depot
 * while it is TAKEN, and starts with an empty cache when it is EMPTIED.  It
 * never waits.
 *
 * | field | written by                                     | read by          |
 * |-------|------------------------------------------------|------------------|
 * | state | compare-and-swap: drainer; owner (from WANTED) | both             |
 * |       | store: drainer (from TAKEN), owner (from       |                  |
 * |       | EMPTIED), under the mutex when it changes hands|                  |
 * | hot   | drainer                                        | owner, walkers   |
 * | noted | drainers                                       | the same         |
 *
 * There is one drainer at a time, because it holds the registry's mutex.  So
 * the end of a thread, of an explicit cache or of a pool, and a fork, see no
 * drain under way.
 */
#ifndef MP_DRAIN_H
#define MP_DRAIN_H

#include "atomic.h"

struct magpool;
struct magpool_cache;
struct mp_magazine;

enum mp_drain_state {
	MP_DRAIN_OWNED,
	MP_DRAIN_WANTED,
	MP_DRAIN_TAKEN,
	MP_DRAIN_EMPTIED,
	MP_DRAIN_ENDING, /* its owner ends, or there is none: not to be had */
};

struct mp_drain {
	_Atomic uint32_t state; /* enum mp_drain_state */
	_Atomic uintptr_t hot;  /* what was in the slot */
	uint64_t noted;         /* the sequence when it was last looked at */
};

/*
 * By a thread that is inside and found DRAINED in the slot: what is in it, now
 * that it has the cache; DRAINED: it has not.
 */
uintptr_t mp_drain_reclaim(struct magpool_cache *cache);

/* Under the mutex: a new owner; and the end of one. */
void mp_drain_begin(struct magpool_cache *cache);
void mp_drain_end(struct magpool_cache *cache);

/*
 * In a fork child: is the cache whole?  A handler may have forked in the middle
 * of a drain.
 */
bool mp_drain_after_fork(struct magpool_cache *cache);

/* So many caches at once: so long the mutex is held at the most. */
#define MP_DRAIN_AT_ONCE 64

/* Magazines that were drained, and that the depot has no room for. */
struct mp_surplus {
	uint32_t count;
	struct mp_magazine *magazine[2 * MP_DRAIN_AT_ONCE];
};

struct mp_drained {
	uint32_t magazines; /* with arenas, that went to the depot */
	size_t bytes;       /* given back, because it is at its limit */
};

/*
 * Drains the caches of the pool that did nothing since the last look (with
 * `all` also the others that nobody is inside of), and notes what the rest has
 * done.  With `patience`, waits for the mutex.
 */
struct mp_drained mp_drain_pool(struct magpool *pool, bool all, bool patience);

#endif
