/* SPDX-License-Identifier: MIT */
/*
 * Producers that only get and consumers that only return, in pairs, and the
 * bound on what a pool holds, looked at all the time:
 *
 *     pages <= most in use + caches * 2 * rounds + limit of the depot
 *
 * Every page that ends up where the producers do not find it again is one more
 * above the bound, so a slow leak of that kind shows sooner or later.  Where
 * nothing was given back, the number of pages only rises, so that the last look
 * is one at every moment; and a page is made only when the depot has none, so
 * that its limit is no part of the bound.
 */
#include "loan.h"
#include "sums.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	RING = 256,
	LOOK = 256,         /* a look at the bound each so many handoffs */
	IN_HAND = 2,        /* by a producer and its consumer */
	HANDOFF_BYTES = 24, /* 1.5 allocations make up a call */
};

struct slot {
	/* Passes the arena on, as any queue of a host's does. */
	_Alignas(128) _Atomic(struct magpool_arena *) arena;
	uint64_t *stamp;
};

struct pair {
	struct slot slot[RING];
};

struct shared {
	struct magpool *pool;
	struct pair *pair;
	uint64_t pages; /* in use at once, at most */
};

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* While all work: what was given back meanwhile is not held any more. */
static void check_bound(struct shared *shared)
{
	struct magpool_stats stats = sums_read(shared->pool);
	uint64_t made = stats.pages_created;
	uint64_t back = least(stats.pages_given_back, made);
	uint64_t depot =
		(uint64_t)(stress_options.depot_kib << 10) / stats.page_size;
	uint64_t cached =
		UINT64_C(2) * stats.rounds_peak * stress_options.threads;
	/* A pop that misses before a wrap fence may make a page. */
	uint64_t bound = shared->pages + cached + stats.fences_refused;

	if (back)
		bound += depot;
	stress_check(made - back <= bound,
		     "%" PRIu64 " pages are held; %" PRIu64
		     " were in use at once at most, the bound is %" PRIu64,
		     made - back, shared->pages, bound);
}

static void produce(struct stress_worker *worker, struct slot *slot)
{
	struct shared *shared = worker->context;
	struct magpool_arena *arena = magpool_get_from(shared->pool);

	stress_check(arena, "a get failed");
	worker->gets++;
	slot->stamp = magpool_alloc(arena, HANDOFF_BYTES);
	stress_check(slot->stamp, "an allocation failed");
	*slot->stamp = worker->gets;
	atomic_store_explicit(&slot->arena, arena, memory_order_release);
	if (worker->gets % LOOK == 0)
		check_bound(shared);
}

static void consume(struct stress_worker *worker, struct slot *slot,
		    struct magpool_arena *arena)
{
	worker->returns++;
	stress_check(*slot->stamp == worker->returns,
		     "handoff %" PRIu64 " has the stamp %" PRIu64,
		     worker->returns, *slot->stamp);
	atomic_store_explicit(&slot->arena, NULL, memory_order_release);
	magpool_return(arena);
}

static void body(struct stress_worker *worker)
{
	struct shared *shared = worker->context;
	struct pair *pair = &shared->pair[worker->index / 2];
	bool gives = worker->index % 2 == 0;

	while (stress_running(worker)) {
		uint64_t n = gives ? worker->gets : worker->returns;
		struct slot *slot = &pair->slot[n % RING];
		struct magpool_arena *arena = atomic_load_explicit(
			&slot->arena, memory_order_acquire);

		if (gives != !arena)
			sched_yield();
		else if (gives)
			produce(worker, slot);
		else
			consume(worker, slot, arena);
	}
}

/* What the time did not suffice for. */
static void drain(struct shared *shared, unsigned pairs)
{
	struct stress_worker rest;

	stress_worker_init(&rest, shared);
	for (unsigned i = 0; i < pairs * RING; i++) {
		struct slot *slot = &shared->pair[i / RING].slot[i % RING];

		if (!slot->arena)
			continue;
		magpool_return(slot->arena);
		rest.returns++;
	}
	stress_worker_fini(&rest);
}

static void run(void)
{
	struct shared *shared = stress_allocate(1, sizeof(*shared));
	unsigned pairs = stress_options.threads / 2;

	stress_options.threads = 2 * pairs;
	shared->pool = sums_pool();
	shared->pages = (uint64_t)pairs * (RING + IN_HAND);
	shared->pair = aligned_alloc(_Alignof(struct pair),
				     pairs * sizeof(*shared->pair));
	stress_check(shared->pair, "no memory");
	memset(shared->pair, 0, pairs * sizeof(*shared->pair));
	stress_team(body, shared);
	check_bound(shared);
	drain(shared, pairs);
	printf("bound: %" PRIu64 " handoffs, %" PRIu64 " pages made, %" PRIu64
	       " given back\n",
	       stress_totals.gets, sums_read(shared->pool).pages_created,
	       sums_read(shared->pool).pages_given_back);
	sums_finish(shared->pool);
	free(shared->pair);
	free(shared);
}

int main(int argc, char **argv)
{
	static const struct stress_scenario scenario = {
		.name = "bound",
		.text = "Producers and consumers, and what the pool holds",
		.defaults = { .seconds = 1, .threads = 2 },
		.run = run,
	};

	return stress_main(&scenario, argc, argv);
}
