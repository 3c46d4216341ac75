/* SPDX-License-Identifier: MIT */
/* The threads that must get on while one is stopped. */
#include <semaphore.h>
#include <stdlib.h>

#include "crowd.h"
#include "life.h"
#include "steps.h"
#include "sums.h"

enum { KEPT = 3 };

struct worker {
	struct life_hold hold;
	pthread_t thread;
	sem_t start, done;
	bool leaves;
};

static struct worker workers[STEPS_WORKERS];

static void *work(void *argument)
{
	struct worker *worker = argument;

	for (;;) {
		while (sem_wait(&worker->start) != 0)
			;
		life_return_all(&worker->hold);
		for (unsigned i = 0; i < 8; i++)
			life_cycle(stage.pool, 1 + i % 7);
		while (!has(FRESH) && worker->hold.count < KEPT)
			life_get(&worker->hold, stage.pool);
		if (worker->leaves)
			life_return_all(&worker->hold);
		sem_post(&worker->done);
		if (worker->leaves)
			return NULL;
	}
}

static void start_workers(bool leave)
{
	for (unsigned i = 0; i < STEPS_WORKERS; i++) {
		workers[i].leaves = leave;
		sem_post(&workers[i].start);
	}
}

/* They are quiet then, and hold arenas. */
static void await_workers(void)
{
	for (unsigned i = 0; i < STEPS_WORKERS; i++) {
		while (sem_wait(&workers[i].done) != 0)
			;
	}
}

void bystanders_begin(void)
{
	for (unsigned i = 0; i < STEPS_WORKERS; i++) {
		workers[i] = (struct worker){ .leaves = false };
		sem_init(&workers[i].start, 0, 0);
		sem_init(&workers[i].done, 0, 0);
		life_check(!pthread_create(&workers[i].thread, NULL, work,
					   &workers[i]),
			   "pthread_create");
	}
}

void bystanders_end(void)
{
	start_workers(true);
	for (unsigned i = 0; i < STEPS_WORKERS; i++)
		pthread_join(workers[i].thread, NULL);
}

void bystanders_work(void)
{
	start_workers(false);
	await_workers();
}

const struct life_hold *bystanders_hold(unsigned worker)
{
	return &workers[worker].hold;
}

/* ---- what the first thread does while the victim is stopped -------------- */

static void attach_and_end(void *argument)
{
	life_cycle(argument, 4);
}

static void make_and_destroy(struct magpool *pool)
{
	struct magpool *other = life_pool(1);

	(void)pool;
	life_cycle(other, 4);
	life_end_pool(other);
}

static void abandon(struct magpool *pool)
{
	struct magpool *other = life_pool(1);
	struct life_hold hold = { .owner = 0 };

	(void)pool;
	life_get(&hold, other);
	magpool_abandon(&other);
	life_return(&hold);
}

static int in_child(void *argument)
{
	struct magpool *pool = argument;
	const char *fault = sums_fault_in_child(pool);

	life_check(!fault, "in a child: %s", fault);
	life_cycle(pool, 6);
	crowd_one(attach_and_end, pool);
	magpool_trim(NULL);
	fault = sums_fault_in_child(pool);
	life_check(!fault, "in a child, later: %s", fault);
	return 0;
}

static void fork_child(struct magpool *pool)
{
	life_fork(in_child, pool);
	stage.seen->forks++;
}

static void start_thread(struct magpool *pool)
{
	crowd_one(attach_and_end, pool);
}

static void trim_all(struct magpool *pool)
{
	(void)pool;
	magpool_trim(NULL);
	sums_read(NULL);
}

/* They take long: a stop has one of them or a fork, and with --long all. */
static void (*const chores[])(struct magpool *pool) = {
	make_and_destroy,
	start_thread,
	trim_all,
	abandon,
};

enum { CHORES = sizeof chores / sizeof *chores };

/* The victim may be inside of that cache, or have just left it. */
static void use_cache(struct magpool_cache *cache)
{
	struct life_hold hold = { .owner = 0 };

	for (unsigned i = 0; i < 4; i++)
		life_keep(&hold, magpool_cache_get(cache));
	while (hold.count)
		magpool_cache_return(cache, life_drop(&hold));
}

static void do_chores(unsigned number)
{
	struct magpool *pool = stage.pool;

	life_cycle(pool, 5);
	magpool_thread_flush(pool);
	magpool_trim(pool);
	sums_read(pool);
	if (has(EXPLICIT))
		use_cache(stage.cache);
	for (unsigned i = 0; i < CHORES; i++) {
		if (life_is_long() || number % (2 * CHORES) == 2 * i)
			chores[i](pool);
	}
	/* No cache tells a child of an operation without one. */
	if (life_is_long() || number % 2 || has(DYING))
		fork_child(pool);
	magpool_thread_flush(pool);
}

/*
 * Takes a few magazines off their lists and puts them back in another order:
 * what the victim has read at the head of a list is there again, with something
 * else behind it.
 */
static void reorder(unsigned number)
{
	life_cycle(stage.pool, 1 + number % 5);
	magpool_thread_flush(stage.pool);
}

/* All the rest would leave too little as it was. */
static bool only_reorders(unsigned number)
{
	if (life_is_long())
		return stage.second_pass;
	return number % 3 == 2 && !has(DYING);
}

void bystanders_go_on(void)
{
	unsigned number = 0;

	for (; stepper_wait(stage.stepper); number++) {
		if (only_reorders(number)) {
			reorder(number);
		} else {
			start_workers(false);
			do_chores(number);
			await_workers();
		}
		stepper_done(stage.stepper);
	}
}
