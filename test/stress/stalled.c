/* SPDX-License-Identifier: MIT */
/*
 * Trims while a thread stands still inside a read section: with arenas out, a
 * pool in its hand that has ended since, and for as long as all others work.
 * Their gets and returns go on, trims give up on it after their time and say
 * so, and nothing that it may still read is freed.  When it goes on, the next
 * trim frees all of it.
 *
 * Every third thread trims, and ends pools of its own.
 */
#include "loan.h"
#include "registry.h"
#include "stats.h"
#include "sums.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A trim gives up after 10 ms; the rest is for machines that are busy. */
#define TRIM_SECONDS 2.0

enum { HOLD = 8, BAIT_GETS = 3 };

struct shared {
	struct magpool *pool;
	struct magpool *bait;
	struct loan_boxes boxes; /* what the one that stands still got */
	int stopped[2], go_on[2];
};

/* ---- the one that stands still ------------------------------------------- */

static void tell(int descriptor)
{
	stress_check(write(descriptor, "", 1) == 1, "write: %s",
		     strerrordesc_np(errno));
}

static void wait_for(int descriptor)
{
	char byte;

	stress_check(read(descriptor, &byte, 1) == 1, "read: %s",
		     strerrordesc_np(errno));
}

/* The bait is there as it was, and so are its record and its caches. */
static void check_bait(struct magpool *bait)
{
	struct magpool_stats stats;

	stress_check(!strcmp(bait->name, "bait"),
		     "the record of a pool that is read was freed");
	mp_stats_pool(bait, &stats);
	stress_check(mp_registry_next_cache(bait, NULL) &&
			     stats.gets == BAIT_GETS,
		     "a cache that is read was freed");
}

static void stand_still(struct shared *shared)
{
	enum mp_walk walk = mp_registry_enter();
	struct magpool *pool = NULL;

	do
		pool = mp_registry_next_pool(pool);
	while (pool && pool != shared->bait);
	stress_check(pool, "the bait is on no list");
	tell(shared->stopped[1]);
	wait_for(shared->go_on[0]);
	check_bait(pool);
	/* The rest of the way, as it was or as it is. */
	while ((pool = mp_registry_next_pool(pool))) {
		struct magpool_stats stats;

		mp_stats_pool(pool, &stats);
	}
	mp_registry_leave(walk);
}

static void *reader(void *argument)
{
	struct shared *shared = argument;
	struct stress_worker worker;

	stress_worker_init(&worker, shared);
	for (unsigned i = 0; i < HOLD; i++)
		loan_pass(&shared->boxes, &worker, shared->pool);
	stand_still(shared);
	loan_drain(&shared->boxes, &worker);
	stress_worker_fini(&worker);
	return NULL;
}

/* ---- the others ---------------------------------------------------------- */

static struct magpool *new_pool(const char *name)
{
	struct magpool_options options = { .size = sizeof(options),
					   .name = name };
	struct magpool *pool = magpool_create(&options);

	if (!pool)
		stress_unable("magpool_create", errno);
	return pool;
}

static void end_a_pool(void)
{
	struct magpool *pool = new_pool("short");

	magpool_return(magpool_get_from(pool));
	magpool_abandon(&pool);
}

static void trim(struct stress_worker *worker)
{
	struct shared *shared = worker->context;
	double start = stress_now(), seconds;

	magpool_trim(stress_one_in(worker, 2) ? NULL : shared->pool);
	seconds = stress_now() - start;
	stress_check(seconds < TRIM_SECONDS, "a trim took %.3f s", seconds);
}

static void body(struct stress_worker *worker)
{
	struct shared *shared = worker->context;
	uint64_t before = worker->returns;
	struct loan loans[HOLD];

	while (stress_running(worker)) {
		if (worker->index % 3 == 0)
			trim(worker);
		if (worker->index % 3 == 0 && stress_one_in(worker, 8))
			end_a_pool();
		loan_burst(worker, shared->pool, loans,
			   1 + stress_below(worker, HOLD));
	}
	stress_check(worker->returns > before, "thread %u has not got on",
		     worker->index);
}

/* ---- before, meanwhile, after -------------------------------------------- */

static void start(struct shared *shared, pthread_t *thread)
{
	if (pipe(shared->stopped) || pipe(shared->go_on))
		stress_unable("pipe", errno);
	shared->pool = sums_pool();
	shared->bait = new_pool("bait");
	for (unsigned i = 0; i < BAIT_GETS; i++)
		magpool_return(magpool_get_from(shared->bait));
	stress_thread(thread, reader, shared);
	wait_for(shared->stopped[0]);
}

/* The bait, which the reader has in its hand, is the first one that ends. */
static void work(struct shared *shared)
{
	struct magpool *bait = shared->bait;
	struct magpool_stats before = sums_read(NULL), after;

	magpool_abandon(&bait);
	stress_team(body, shared);
	after = sums_read(NULL);
	stress_check(after.stalled > before.stalled,
		     "no trim gave up on the reader");
	stress_check(after.grace_periods == before.grace_periods,
		     "a grace period has passed, with a reader inside");
	check_bait(shared->bait);
}

/* Is nothing mapped there? */
static bool is_gone(struct magpool *pool)
{
	return msync(pool, 1, MS_ASYNC) == -1 && errno == ENOMEM;
}

static void finish(struct shared *shared, pthread_t thread)
{
	struct magpool_stats before = sums_read(NULL), after;
	unsigned error;

	tell(shared->go_on[1]);
	error = (unsigned)pthread_join(thread, NULL);
	stress_check(error == 0, "pthread_join: %u", error);
	magpool_trim(NULL);
	after = sums_read(NULL);
	stress_check(after.grace_periods > before.grace_periods,
		     "nothing was freed when the reader had gone");
	stress_check(after.stalled == before.stalled,
		     "a trim gave up on nobody");
	stress_check(is_gone(shared->bait), "the record is still there");
}

static void run(void)
{
	struct shared *shared = stress_allocate(1, sizeof(*shared));
	pthread_t thread;

	start(shared, &thread);
	work(shared);
	finish(shared, thread);
	sums_finish(shared->pool);
	free(shared);
}

int main(int argc, char **argv)
{
	static const struct stress_scenario scenario = {
		.name = "stalled",
		.text = "Trims while a walker stands still",
		/* With the reader: 4 that trim, 8 that work. */
		.defaults = { .seconds = 1, .threads = 11 },
		.run = run,
	};

	return stress_main(&scenario, argc, argv);
}
