/* SPDX-License-Identifier: MIT */
/*
 * Pools that come and go while others run.  All threads use a few slots; now
 * and then one takes a slot for itself and ends its pool: by destroy where
 * nothing is out, by abandon where arenas lie in boxes or in the hands of
 * others, whose last return then frees the pool.  Upstream counts what it gave
 * to each pool: in the end everything has come back.
 */
#include "loan.h"
#include "sums.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { SLOTS = 6, HOLD = 4 };

/* One life of a slot's pool: lives as long as the slot or a loan needs it. */
struct life {
	struct magpool *pool;
	struct magpool_cache *cache; /* an explicit one, or NULL */
	_Atomic unsigned references;
	_Atomic unsigned away; /* loans that others return without the lock */
};

/* Readers use the pool, a writer ends it: what destroy asks of its caller. */
struct slot {
	pthread_rwlock_t lock;
	struct life *life;
};

struct shared {
	struct slot slots[SLOTS];
	struct loan_boxes boxes;
	_Atomic uint64_t destroyed, abandoned;
};

static _Atomic size_t upstream_bytes;

/* From malloc: AddressSanitizer then sees each access after the unmap. */
static void *map(void *context, size_t size, size_t alignment)
{
	void *address;

	(void)context;
	if (posix_memalign(&address, alignment, size) != 0)
		return NULL;
	/* Nobody promised zeroes: the library may not count on them. */
	memset(address, 0xdb, size);
	atomic_fetch_add_explicit(&upstream_bytes, size, memory_order_relaxed);
	return address;
}

static void unmap(void *context, void *address, size_t size)
{
	(void)context;
	atomic_fetch_sub_explicit(&upstream_bytes, size, memory_order_relaxed);
	free(address);
}

/* ---- lives --------------------------------------------------------------- */

static struct life *life_new(struct stress_worker *worker)
{
	struct magpool_options options = {
		.size = sizeof(options),
		.name = "pools",
		.magazine_rounds = stress_options.rounds,
		.cache_bytes = sums_cache_bytes(),
	};
	struct life *life = stress_allocate(1, sizeof(*life));

	if (stress_one_in(worker, 2)) {
		options.map = map;
		options.unmap = unmap;
	}
	life->pool = magpool_create(&options);
	stress_check(life->pool, "no pool: %s", strerrordesc_np(errno));
	if (stress_one_in(worker, 2))
		life->cache = magpool_cache_create(life->pool);
	atomic_init(&life->references, 1);
	return life;
}

/* The last one ends the cache, and with it a pool that was abandoned. */
static void life_put(struct life *life)
{
	if (atomic_fetch_sub_explicit(&life->references, 1,
				      memory_order_acq_rel) > 1)
		return;
	magpool_cache_destroy(&life->cache);
	free(life);
}

/* Returns a loan that may have outlived its pool's owner. */
static void bring_back(struct stress_worker *worker, struct loan *loan)
{
	struct life *life = loan->context;

	loan_return(loan, worker);
	free(loan);
	/* Release: whoever sees 0 knows that the return is over. */
	atomic_fetch_sub_explicit(&life->away, 1, memory_order_release);
	life_put(life);
}

/* Under the slot's lock: an arena that will be returned without it. */
static struct loan *take_away(struct stress_worker *worker, struct life *life)
{
	struct loan *loan = stress_allocate(1, sizeof(*loan));

	atomic_fetch_add_explicit(&life->references, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&life->away, 1, memory_order_relaxed);
	loan->context = life;
	loan_get(loan, worker, life->pool);
	return loan;
}

/* ---- ends ---------------------------------------------------------------- */

static void destroy(struct stress_worker *worker, struct life *life)
{
	int error;

	if (stress_one_in(worker, 2)) {
		struct loan loan;

		loan_get(&loan, worker, life->pool);
		error = magpool_destroy(&life->pool);
		stress_check(error == -EBUSY && life->pool,
			     "destroy with an arena out gave %d", error);
		loan_return(&loan, worker);
	}
	magpool_cache_destroy(&life->cache);
	error = magpool_destroy(&life->pool);
	stress_check(error == 0 && !life->pool, "destroy gave %d", error);
}

static void end(struct stress_worker *worker, struct shared *shared,
		struct life *life)
{
	/* Acquire: the returns of those who were away have ended. */
	unsigned away = atomic_load_explicit(&life->away, memory_order_acquire);

	if (away == 0 && !stress_one_in(worker, 4)) {
		destroy(worker, life);
		atomic_fetch_add_explicit(&shared->destroyed, 1,
					  memory_order_relaxed);
	} else {
		magpool_abandon(&life->pool);
		stress_check(!life->pool, "abandon left the pointer");
		atomic_fetch_add_explicit(&shared->abandoned, 1,
					  memory_order_relaxed);
	}
	life_put(life);
}

/* ---- the threads --------------------------------------------------------- */

static void replace(struct stress_worker *worker, struct slot *slot)
{
	pthread_rwlock_wrlock(&slot->lock);
	end(worker, worker->context, slot->life);
	slot->life = life_new(worker);
	pthread_rwlock_unlock(&slot->lock);
}

static void use(struct stress_worker *worker, struct slot *slot)
{
	struct shared *shared = worker->context;
	struct loan *loan = NULL;
	struct loan loans[HOLD];
	bool hold = stress_one_in(worker, 8);

	pthread_rwlock_rdlock(&slot->lock);
	loan_burst(worker, slot->life->pool, loans,
		   1 + stress_below(worker, HOLD));
	if (hold || stress_one_in(worker, 8))
		loan = take_away(worker, slot->life);
	pthread_rwlock_unlock(&slot->lock);
	/* Held without the lock, or left for another thread. */
	if (!hold && loan)
		loan = loan_swap(&shared->boxes, worker, loan);
	if (loan)
		bring_back(worker, loan);
}

static void body(struct stress_worker *worker)
{
	struct shared *shared = worker->context;

	while (stress_running(worker)) {
		struct slot *slot = &shared->slots[stress_below(worker, SLOTS)];

		if (stress_one_in(worker, 64))
			replace(worker, slot);
		else
			use(worker, slot);
		if (stress_one_in(worker, 512))
			magpool_trim(NULL);
		/* Every pool: also those that others are about to end. */
		if (stress_one_in(worker, 256))
			magpool_thread_flush(NULL);
	}
}

static void drain(struct stress_worker *worker, struct shared *shared)
{
	for (unsigned i = 0; i < LOAN_BOXES; i++) {
		struct loan *loan = loan_fetch(&shared->boxes, i);

		if (loan)
			bring_back(worker, loan);
	}
	for (unsigned i = 0; i < SLOTS; i++) {
		end(worker, shared, shared->slots[i].life);
		pthread_rwlock_destroy(&shared->slots[i].lock);
	}
}

/* What was abandoned may need a quiet moment, which a later trim sees. */
static void check_all_unmapped(void)
{
	double stop = stress_now() + 5;

	while (upstream_bytes && stress_now() < stop) {
		magpool_trim(NULL);
		stress_sleep(0.001);
	}
	stress_check(upstream_bytes == 0,
		     "%zu bytes of ended pools were not given back",
		     (size_t)upstream_bytes);
}

static void run(void)
{
	struct shared *shared = stress_allocate(1, sizeof(*shared));
	struct stress_worker rest;
	struct magpool_stats stats;

	stress_worker_init(&rest, shared);
	for (unsigned i = 0; i < SLOTS; i++) {
		pthread_rwlock_init(&shared->slots[i].lock, NULL);
		shared->slots[i].life = life_new(&rest);
	}
	stress_team(body, shared);
	drain(&rest, shared);
	stress_worker_fini(&rest);
	check_all_unmapped();
	stress_check(shared->destroyed && shared->abandoned,
		     "no pool was destroyed, or none abandoned");
	stats = sums_read(NULL);
	stress_totals.exchanges = stats.exchanges;
	stress_totals.cas_failures = stats.cas_failures;
	sums_check_all(NULL);
	free(shared);
}

int main(int argc, char **argv)
{
	static const struct stress_scenario scenario = {
		.name = "pools",
		.text = "Pools created, destroyed and abandoned under load",
		.defaults = { .seconds = 2, .threads = 8 },
		.run = run,
	};

	return stress_main(&scenario, argc, argv);
}
