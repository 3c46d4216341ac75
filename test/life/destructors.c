/* SPDX-License-Identifier: MIT */
/*
 * The end of a thread, with destructors before, after and around the library's:
 * keys that are older and younger than its key and re-arm themselves for all
 * rounds, __cxa_thread_atexit handlers that register more of them, thread-local
 * objects as C++ has them, cleanup handlers.  All get, allocate and return, and
 * hand arenas from one destructor to a later one.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crowd.h"
#include "life.h"
#include "sums.h"
#include "work.h"

enum { ROUNDS = 4, CROWD = 8, MAGAZINE = 4 };

/* What a C++ compiler calls for a thread_local with a destructor. */
int __cxa_thread_atexit_impl(void (*destructor)(void *object), void *object,
			     void *dso);
extern void *__dso_handle;

static struct magpool *pool;
static _Atomic uint64_t calls[4]; /* by kind */
static _Atomic uint64_t threads;

enum kind { OLDER, YOUNGER, OBJECT, CLEANUP };

/* Arenas on their way from one destructor of the thread to a later one. */
static _Thread_local struct life_hold carried;

static void carry(enum kind kind)
{
	atomic_fetch_add(&calls[kind], 1);
	life_cycle(pool, 3);
	if (carried.count > 4)
		life_return_all(&carried);
	life_get(&carried, pool);
	life_cycle(pool, 2 * MAGAZINE + 1);
}

/* ---- keys ---------------------------------------------------------------- */

static pthread_key_t older, younger, last;

/* Keys' values: the number of rounds that are left, as an address. */
static char left[ROUNDS + 1];

static void rearm(pthread_key_t key, char *value)
{
	if (value > &left[1])
		pthread_setspecific(key, value - 1);
}

static void end_older(void *value)
{
	carry(OLDER);
	rearm(older, value);
}

static void end_younger(void *value)
{
	carry(YOUNGER);
	rearm(younger, value);
}

/* After all others of its round: in the last one nothing may stay out. */
static void end_last(void *value)
{
	if (value == &left[1])
		life_return_all(&carried);
	rearm(last, value);
}

static void make_key(pthread_key_t *key, void (*destructor)(void *))
{
	int error = pthread_key_create(key, destructor);

	life_check(!error, "pthread_key_create: %s", strerrordesc_np(error));
}

/* ---- thread-local objects ------------------------------------------------ */

/* As `static thread_local object it;`, whose constructor gets an arena. */
struct object {
	bool constructed;
	unsigned generation;
	struct life_hold hold;
};

static _Thread_local struct object object;

static struct object *touch(void);

static void destroy(void *argument)
{
	struct object *it = argument;

	life_return(&it->hold);
	it->constructed = false;
	carry(OBJECT);
	/* One that is used after its end is made again, and ends again. */
	if (it->generation < ROUNDS)
		touch();
}

static struct object *touch(void)
{
	if (object.constructed)
		return &object;
	object.constructed = true;
	object.generation++;
	life_check(!__cxa_thread_atexit_impl(destroy, &object, &__dso_handle),
		   "__cxa_thread_atexit_impl");
	life_get(&object.hold, pool);
	return &object;
}

/* ---- threads ------------------------------------------------------------- */

static void clean_up(void *argument)
{
	(void)argument;
	carry(CLEANUP);
}

/* Bits of what a thread does in its life. */
enum { USES = 1, OBJECTS = 2, OBJECT_FIRST = 4, EXITS = 8, CANCELED = 16 };
enum { ALL = 32 };

static void arm(void)
{
	pthread_setspecific(older, &left[ROUNDS]);
	pthread_setspecific(younger, &left[ROUNDS]);
	pthread_setspecific(last, &left[ROUNDS]);
}

static void live(unsigned ways)
{
	if ((ways & OBJECTS) && (ways & OBJECT_FIRST))
		touch();
	if (ways & USES)
		life_cycle(pool, 2 * MAGAZINE + 1);
	if ((ways & OBJECTS) && !(ways & OBJECT_FIRST))
		touch();
	arm();
}

static void *thread(void *argument)
{
	unsigned ways = (unsigned)(uintptr_t)argument;

	atomic_fetch_add(&threads, 1);
	pthread_cleanup_push(clean_up, NULL);
	live(ways);
	if (ways & CANCELED) {
		pthread_cancel(pthread_self());
		pthread_testcancel();
	}
	if (ways & EXITS)
		pthread_exit(NULL);
	pthread_cleanup_pop(1);
	return NULL;
}

static void run_thread(unsigned ways)
{
	pthread_t id;
	int error = pthread_create(&id, NULL, thread, (void *)(uintptr_t)ways);

	life_check(!error, "pthread_create: %s", strerrordesc_np(error));
	pthread_join(id, NULL);
}

static void run_all_ways(void *argument)
{
	(void)argument;
	for (unsigned ways = 0; ways < ALL; ways++)
		run_thread(ways);
}

static void check(void)
{
	life_check_sums(pool, 0);
	life_check(sums_read(pool).caches == 0,
		   "a thread that has ended left a cache");
	life_check(sums_read(pool).pages_cached == 0,
		   "a thread that has ended left pages in a cache");
}

/* ---- the first call in the last round ------------------------------------ */

static pthread_key_t late;

static void end_late(void *value)
{
	if (value == &left[1])
		life_cycle(pool, 3);
	rearm(late, value);
}

static void arm_late(void *argument)
{
	(void)argument;
	pthread_setspecific(late, &left[ROUNDS]);
}

/*
 * The library cannot know that no round follows.  Its cache then stays behind,
 * and the next thread with the same thread pointer goes on with it: what is
 * left does not grow with the number of threads.
 */
static uint64_t call_in_the_last_round(unsigned times)
{
	uint64_t left_behind;

	make_key(&late, end_late);
	for (unsigned i = 0; i < times; i++)
		crowd_run(CROWD, arm_late, NULL);
	life_check_sums(pool, 0);
	left_behind = sums_read(pool).caches;
	life_check(left_behind <= 4 * CROWD,
		   "%llu caches are left by %u threads in turn",
		   (unsigned long long)left_behind, times * CROWD);
	return left_behind;
}

/* ---- main ---------------------------------------------------------------- */

/* exit() runs the thread-local objects of its caller, then atexit(). */
static void at_exit(void)
{
	carry(OBJECT);
	life_return_all(&carried);
	life_check_sums(pool, 0);
}

static int exit_with_objects(void *argument)
{
	(void)argument;
	if (atexit(at_exit))
		return 1;
	touch();
	/* This child's only thread. */
	exit(EXIT_SUCCESS);
}

static void *end_of_the_rest(void *argument)
{
	pthread_join((pthread_t)argument, NULL);
	check();
	_exit(EXIT_SUCCESS);
}

/*
 * The first thread ends, and the process goes on.  glibc then runs the
 * destructors of its keys, but not those of thread-local objects.
 */
static int end_main_thread(void *argument)
{
	pthread_t rest;

	(void)argument;
	if (pthread_create(&rest, NULL, end_of_the_rest,
			   (void *)pthread_self()))
		return 1;
	live(USES);
	pthread_exit(NULL);
}

static void first_cycle(void *argument)
{
	(void)argument;
	life_cycle(pool, 1);
}

static void run(void)
{
	unsigned times = life_times(40);
	uint64_t left_behind;

	/* Older than the library's key, which the first get makes. */
	make_key(&older, end_older);
	pool = life_pool(MAGAZINE);
	crowd_one(first_cycle, NULL);
	make_key(&younger, end_younger);
	make_key(&last, end_last);
	for (unsigned i = 0; i < 2; i++) {
		life_fork(exit_with_objects, NULL);
		life_fork(end_main_thread, NULL);
	}
	for (unsigned i = 0; i < times; i++) {
		run_all_ways(NULL);
		crowd_run(CROWD, run_all_ways, NULL);
	}
	check();
	life_check(calls[OLDER] == ROUNDS * threads &&
			   calls[YOUNGER] == ROUNDS * threads,
		   "not all destructors ran");
	left_behind = call_in_the_last_round(times * 8);
	life_figures("%llu threads, destructors: %llu before, %llu after, "
		     "%llu thread-local, %llu cleanup; %u threads with a "
		     "first call in the last round left %llu caches",
		     (unsigned long long)threads,
		     (unsigned long long)calls[OLDER],
		     (unsigned long long)calls[YOUNGER],
		     (unsigned long long)calls[OBJECT],
		     (unsigned long long)calls[CLEANUP], times * 8 * CROWD,
		     (unsigned long long)left_behind);
}

int main(int argc, char **argv)
{
	static const struct life_program program = {
		.name = "destructors",
		.text = "Destructors before, after and around the library's",
		.seconds = 60,
		.run = run,
	};

	return life_main(&program, argc, argv);
}
