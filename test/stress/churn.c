/* SPDX-License-Identifier: MIT */
/*
 * Threads that live for 1 to 100 calls, one after another, several at once.
 * Their thread-key destructors use the pool too, before and after the
 * library's own destructor; some of their arenas are returned by others, when
 * they are gone.  However many they were, the pool stays within its bound.
 */
#include "loan.h"
#include "sums.h"

#include <limits.h>
#include <stdlib.h>

enum {
	LIFE = 100,
	HOLD = 4,
	/* ThreadSanitizer itself ends a thread in the last round. */
	ROUNDS = _POSIX_THREAD_DESTRUCTOR_ITERATIONS - STRESS_TSAN
};

struct shared {
	struct magpool *pool;
	struct loan_boxes boxes;
	pthread_key_t key;
};

/* Kept by a thread until its destructors have run for the last time. */
struct late {
	struct stress_worker worker;
	struct loan loan; /* got in the thread or in an earlier round */
	unsigned rounds;  /* of destructors still to come */
};

static void late_again(struct late *late)
{
	struct shared *shared = late->worker.context;
	int error = pthread_setspecific(shared->key, late);

	if (error)
		stress_unable("pthread_setspecific", error);
}

/* Runs once in each round of destructors, so also after the library's one. */
static void late_run(void *argument)
{
	struct late *late = argument;
	struct shared *shared = late->worker.context;
	struct loan loans[HOLD];

	loan_burst(&late->worker, shared->pool, loans, HOLD);
	if (late->loan.arena)
		loan_return(&late->loan, &late->worker);
	if (late->rounds--) {
		loan_get(&late->loan, &late->worker, shared->pool);
		late_again(late);
		return;
	}
	stress_worker_fini(&late->worker);
	free(late);
}

static void *live(void *argument)
{
	struct late *late = argument;
	struct shared *shared = late->worker.context;
	unsigned life = 1 + stress_below(&late->worker, LIFE);
	/* A thread that only ever returns attaches in another way. */
	bool get = !stress_one_in(&late->worker, 4);
	struct loan loans[HOLD];

	if (stress_one_in(&late->worker, 2))
		life = 1;
	late_again(late);
	for (unsigned i = 0; i < life; i++) {
		if (!get || stress_one_in(&late->worker, 4))
			loan_pass(&shared->boxes, &late->worker,
				  get ? shared->pool : NULL);
		else
			loan_burst(&late->worker, shared->pool, loans,
				   1 + stress_below(&late->worker, HOLD));
	}
	return NULL;
}

static void body(struct stress_worker *worker)
{
	while (stress_running(worker)) {
		struct late *late = stress_allocate(1, sizeof(*late));
		pthread_t thread;

		stress_worker_init(&late->worker, worker->context);
		late->rounds = stress_below(worker, ROUNDS);
		stress_thread(&thread, live, late);
		pthread_join(thread, NULL);
	}
}

static void run(void)
{
	struct shared *shared = stress_allocate(1, sizeof(*shared));
	unsigned threads = stress_options.threads;
	struct stress_worker rest;
	int error = pthread_key_create(&shared->key, late_run);

	if (error)
		stress_unable("pthread_key_create", error);
	shared->pool = sums_pool();
	stress_team(body, shared);
	stress_worker_init(&rest, shared);
	loan_drain(&shared->boxes, &rest);
	stress_worker_fini(&rest);
	stress_check(sums_read(shared->pool).caches <= 1,
		     "%lu caches are left of threads that ended",
		     (unsigned long)sums_read(shared->pool).caches);
	sums_check_bound(shared->pool,
			 (uint64_t)(LOAN_BOXES + threads * (HOLD + 1)) *
				 loan_pages(),
			 threads + 1);
	sums_finish(shared->pool);
	free(shared);
}

int main(int argc, char **argv)
{
	static const struct stress_scenario scenario = {
		.name = "churn",
		.text = "Threads that live for a few calls",
		.defaults = { .seconds = 2, .threads = 8, .depot_kib = 1024 },
		.run = run,
	};

	return stress_main(&scenario, argc, argv);
}
