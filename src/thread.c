/* SPDX-License-Identifier: MIT */
#include "thread.h"

#include "probe.h"
#include "registry.h"

#include <errno.h>
#include <pthread.h>

struct mp_thread {
	struct magpool_cache *caches; /* linked by next; its own to change */
	struct mp_thread *next_free;
	uint32_t returns; /* without a cache, since the last attach */
	bool attaching;   /* inside attach: a handler must not follow */
};

/*
 * What `self` can be besides the address of a record: nothing yet; a number of
 * returns (odd); ending, for good; busy making the record.
 */
#define NOTHING ((uintptr_t)0)
#define DYING ((uintptr_t)2)
#define STARTING ((uintptr_t)4)
#define RETURNS(n) ((uintptr_t)(n) << 1 | 1)

static __thread uintptr_t self;

static pthread_key_t key;
static bool have_key; /* under the registry's mutex */
/* Of threads, process-wide. */
static struct mp_table records = { .stride = sizeof(struct mp_thread),
				   .capacity = MP_TABLE_CAPACITY };
static struct mp_thread *free_list; /* under the registry's mutex */

static struct mp_thread *record_of(uintptr_t state)
{
	return state & 1 || state <= STARTING ? NULL
					      : (struct mp_thread *)state;
}

static void drop_record(struct mp_thread *thread)
{
	mp_registry_lock();
	thread->next_free = free_list;
	free_list = thread;
	mp_registry_unlock();
}

/* ---- the end of a thread ------------------------------------------------- */

/*
 * The thread was cancelled inside an operation (in the host's map, say): its
 * magazines are not to be trusted.  The word to leave with.
 */
static _Atomic uint32_t *give_up(struct magpool_cache *cache)
{
	mp_cache_forget(cache);
	return &cache->operation.inside;
}

/*
 * The pool of that cache, which does not end before it is let go of; NULL: it
 * has ended.  The host's unmap is called without the mutex, so the mutex cannot
 * be what keeps the pool.
 */
static struct magpool *pin_home(struct magpool_cache *cache, bool ends)
{
	struct magpool *pool;

	if (!mp_registry_lock())
		return NULL;
	if (ends)
		mp_drain_end(cache);
	pool = mp_cache_pool(cache);
	/* LCOV_EXCL_BR_LINE: dead pools lose their caches under the mutex. */
	if (pool && !mp_registry_pin(pool))
		pool = NULL; /* LCOV_EXCL_LINE: as above */
	mp_registry_unlock();
	return pool;
}

static void empty(struct magpool *pool, struct magpool_cache *cache)
{
	_Atomic uint32_t *word;

	mp_pool_leave_table(pool, cache);
	mp_tally_add(&pool->exit_flushes, 1);
	MP_PROBE2(thread_exit, pool->name, cache->shard);
	word = mp_operation_enter(&cache->operation);
	if (word)
		mp_cache_empty(pool, cache, false);
	else
		word = give_up(cache);
	mp_operation_leave(word);
}

static void detach(struct magpool_cache *cache)
{
	struct magpool *pool = pin_home(cache, true);

	if (pool) {
		empty(pool, cache);
		mp_registry_unpin(pool);
	}
	mp_registry_lock();
	mp_registry_unbind(cache);
	mp_registry_unlock();
}

static void end_thread(void *value)
{
	struct mp_thread *thread = value;
	int saved = errno;

	/*
	 * The key of another C library (dlmopen) may have the same place: its
	 * value is no record of ours.
	 */
	if ((uintptr_t)value != self)
		return;
	/* First of all: from here on no call finds or makes a cache. */
	self = DYING;
	while (thread->caches) {
		struct magpool_cache *cache = thread->caches;

		thread->caches = cache->next;
		detach(cache);
	}
	drop_record(thread);
	mp_registry_reap();
	errno = saved;
}

/* ---- attaching ----------------------------------------------------------- */

static struct mp_thread *new_record(void)
{
	struct mp_thread *thread = NULL;
	uint32_t index;

	if (!mp_registry_lock())
		return NULL;
	if (!have_key)
		have_key = pthread_key_create(&key, end_thread) == 0;
	if (have_key && free_list) {
		thread = free_list;
		free_list = thread->next_free;
	} else if (have_key) {
		index = mp_table_add(&records);
		thread = index ? mp_table_at(&records, index) : NULL;
	}
	mp_registry_unlock();
	return thread;
}

/* The thread's record: made at its first attach. */
static struct mp_thread *start_thread(void)
{
	uintptr_t before = self;
	struct mp_thread *thread = record_of(before);

	if (thread || before == DYING || before == STARTING)
		return thread;
	/* libc may allocate below, and the host's malloc may use us. */
	self = STARTING;
	thread = new_record();
	if (thread && pthread_setspecific(key, thread) != 0) {
		drop_record(thread);
		thread = NULL;
	}
	if (thread)
		thread->returns = 0;
	self = thread ? (uintptr_t)thread : before;
	return thread;
}

/* Gives back the records whose pools have ended. */
static void drop_orphans(struct mp_thread *thread)
{
	struct magpool_cache **at = &thread->caches;

	while (*at) {
		struct magpool_cache *cache = *at;

		if (mp_cache_pool(cache)) {
			at = &cache->next;
		} else {
			*at = cache->next;
			mp_registry_unbind(cache);
		}
	}
}

static struct magpool_cache *attach(struct mp_thread *thread,
				    struct magpool *pool)
{
	struct magpool_cache *cache = NULL;

	if (!mp_registry_lock())
		return NULL;
	drop_orphans(thread);
	if (mp_load_relaxed(&pool->state) == MP_POOL_OPEN)
		cache = mp_registry_bind(pool, MP_CACHE_ATTACHED);
	if (cache) {
		cache->next = thread->caches;
		thread->caches = cache;
		mp_pool_enter_table(pool, cache);
	}
	mp_registry_unlock();
	if (cache)
		MP_PROBE2(attach, pool->name, cache->shard);
	return cache;
}

struct magpool_cache *mp_thread_cache(struct magpool *pool, bool wanted)
{
	struct mp_thread *thread = record_of(self);
	struct magpool_cache *cache;

	for (cache = thread ? thread->caches : NULL; cache;
	     cache = cache->next) {
		if (mp_cache_pool(cache) == pool)
			return cache;
	}
	if (!wanted)
		return NULL;
	thread = start_thread();
	if (!thread || thread->attaching)
		return NULL;
	thread->attaching = true;
	mp_compiler_barrier();
	cache = attach(thread, pool);
	mp_compiler_barrier();
	thread->attaching = false;
	return cache;
}

bool mp_thread_counts_return(struct magpool *pool)
{
	uint32_t rounds = pool->depot.sizing.least;
	uintptr_t state = self;
	struct mp_thread *thread = record_of(state);
	uint32_t n;

	if (thread) {
		n = ++thread->returns;
	} else if (state == DYING || state == STARTING) {
		return false;
	} else {
		n = (uint32_t)(state >> 1) + 1;
		self = RETURNS(n);
	}
	return n % rounds == 0;
}

void mp_thread_flush(struct magpool *pool)
{
	struct mp_thread *thread = record_of(self);
	struct magpool_cache *cache = thread ? thread->caches : NULL;

	for (; cache; cache = cache->next) {
		struct magpool *home = mp_cache_pool(cache);

		/* The caller of a flush of one pool keeps that one. */
		if (pool && home == pool) {
			mp_cache_flush(home, cache);
		} else if (!pool && (home = pin_home(cache, false))) {
			mp_cache_flush(home, cache);
			mp_registry_unpin(home);
		}
	}
}

/* ---- fork ---------------------------------------------------------------- */

static void after_fork_child(void)
{
	struct mp_thread *thread = record_of(self);

	mp_registry_after_fork_child(thread ? thread->caches : NULL);
}

/*
 * When the library is loaded, so that no fork comes between the mutex and its
 * handlers.  Out of memory here means that a fork child of a process with
 * threads must not call us.
 */
__attribute__((constructor)) static void register_handlers(void)
{
	pthread_atfork(mp_registry_before_fork, mp_registry_after_fork_parent,
		       after_fork_child);
}
