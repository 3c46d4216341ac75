/* SPDX-License-Identifier: MIT */
/*
 * Explicit caches.  Most are passed from thread to thread, one user at a time;
 * a few are used by all threads at the same moment, which the library has to
 * notice.  Single calls, batches, flushes, destroy and create, and arenas that
 * go back by another way than the one they came.
 */
#include "loan.h"
#include "sums.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { PASSED = 16, COMMON = 2, BATCH = 24 };

struct shared {
	struct magpool *pool;
	_Atomic(struct magpool_cache *) passed[PASSED]; /* NULL: taken */
	struct magpool_cache *common[COMMON];
};

static struct magpool_cache *cache_new(const struct shared *shared)
{
	struct magpool_cache *cache = magpool_cache_create(shared->pool);

	stress_check(cache, "no explicit cache: %s", strerrordesc_np(errno));
	return cache;
}

static void return_by_chance(struct stress_worker *worker, struct loan *loan,
			     struct magpool_cache *cache)
{
	struct magpool_arena *arena = loan_close(loan, worker);

	if (stress_one_in(worker, 4))
		magpool_return(arena);
	else
		magpool_cache_return(cache, arena);
}

static void use_singly(struct stress_worker *worker,
		       struct magpool_cache *cache)
{
	const struct shared *shared = worker->context;
	struct loan own, other;

	loan_open(&own, worker, magpool_cache_get(cache));
	loan_fill(&own, worker);
	loan_get(&other, worker, shared->pool);
	return_by_chance(worker, &own, cache);
	return_by_chance(worker, &other, cache);
}

static void use_batch(struct stress_worker *worker, struct magpool_cache *cache)
{
	struct magpool_arena *arenas[BATCH];
	struct loan loans[BATCH];
	size_t count = 1 + stress_below(worker, BATCH);
	size_t got = magpool_cache_get_batch(cache, arenas, count);

	stress_check(got == count, "a batch of %zu instead of %zu", got, count);
	for (size_t i = 0; i < count; i++) {
		loan_open(&loans[i], worker, arenas[i]);
		loan_fill(&loans[i], worker);
	}
	if (stress_one_in(worker, 8))
		sched_yield();
	for (size_t i = 0; i < count; i++) {
		arenas[i] = loan_close(&loans[i], worker);
		/* A hole in the batch, as its contract allows. */
		if (stress_one_in(worker, 8)) {
			magpool_return(arenas[i]);
			arenas[i] = NULL;
		}
	}
	magpool_cache_return_batch(cache, arenas, count);
}

static void use(struct stress_worker *worker, struct magpool_cache *cache)
{
	unsigned choice = stress_below(worker, 16);

	if (choice < 10)
		use_singly(worker, cache);
	else if (choice < 15)
		use_batch(worker, cache);
	else
		magpool_cache_flush(cache);
}

/* Whoever takes the pointer out of the slot is the only user. */
static void use_passed(struct stress_worker *worker)
{
	struct shared *shared = worker->context;
	unsigned slot = stress_below(worker, PASSED);
	struct magpool_cache *cache = atomic_exchange_explicit(
		&shared->passed[slot], NULL, memory_order_acquire);

	if (!cache)
		return;
	use(worker, cache);
	if (stress_one_in(worker, 32)) {
		magpool_cache_destroy(&cache);
		cache = cache_new(shared);
	}
	atomic_store_explicit(&shared->passed[slot], cache,
			      memory_order_release);
}

static void body(struct stress_worker *worker)
{
	const struct shared *shared = worker->context;

	while (stress_running(worker)) {
		if (stress_one_in(worker, 3))
			use(worker,
			    shared->common[stress_below(worker, COMMON)]);
		else
			use_passed(worker);
	}
}

static void destroy_caches(struct shared *shared)
{
	int error = magpool_destroy(&shared->pool);

	stress_check(error == -EBUSY && shared->pool,
		     "destroy with explicit caches alive gave %d", error);
	for (unsigned i = 0; i < COMMON; i++)
		magpool_cache_destroy(&shared->common[i]);
	for (unsigned i = 0; i < PASSED; i++) {
		struct magpool_cache *cache = atomic_load_explicit(
			&shared->passed[i], memory_order_relaxed);

		magpool_cache_destroy(&cache);
		stress_check(!cache, "a destroyed cache was not cleared");
	}
}

static void run(void)
{
	struct shared *shared = stress_allocate(1, sizeof(*shared));
	uint64_t threads = stress_options.threads;

	shared->pool = sums_pool();
	for (unsigned i = 0; i < COMMON; i++)
		shared->common[i] = cache_new(shared);
	for (unsigned i = 0; i < PASSED; i++)
		atomic_init(&shared->passed[i], cache_new(shared));
	stress_team(body, shared);
	sums_check_bound(shared->pool, threads * BATCH * loan_pages(),
			 threads + PASSED + COMMON);
	destroy_caches(shared);
	sums_finish(shared->pool);
	free(shared);
}

int main(int argc, char **argv)
{
	static const struct stress_scenario scenario = {
		.name = "caches",
		.text = "Explicit caches, passed on and shared",
		.defaults = { .seconds = 2, .threads = 8 },
		.run = run,
	};

	return stress_main(&scenario, argc, argv);
}
