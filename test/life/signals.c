/* SPDX-License-Identifier: MIT */
/*
 * Ten thousand signals a second in each of three threads, on an alternate stack
 * and nested, and a profiler's signal to any of them.  The handlers get and
 * return, and carry arenas from one signal to a later one.  They interrupt all
 * that a thread does in its life: it works, attaches to other pools and ends
 * them, flushes, trims, walks, uses explicit caches, forks, and ends.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "crowd.h"
#include "life.h"
#include "sums.h"
#include "work.h"

/*
 * A timer's signal that is still pending is not sent again, and a thread that
 * has no processor handles none.  So the timer is faster than the rate that is
 * wanted, and what counts is what was handled: the storm ends when each thread
 * has had as many signals as at that rate, or after some times as long.
 */
enum {
	THREADS = 3,
	RATE = 10000,
	PERIOD_NS = 25000,
	PROFILER_US = 100,
	PATIENCE = 4,
	CARRIED = 4,
	STACK = 64 << 10
};

#define TIMER SIGRTMIN
#define NESTED (SIGRTMIN + 1)
#define PROFILER SIGPROF

/* Of one thread: what its handlers have in hand. */
struct storm {
	struct life_hold carried, nested;
	uint64_t signals, nests;
	char stack[STACK];
	timer_t timer;
};

static struct magpool *pool;
static double end;
static uint64_t wanted; /* in each thread */
static _Atomic unsigned satisfied;
static _Atomic uint64_t signals, nests, profiles, births, forks;

/* NULL: a thread that had not got an arena before, or has done with it. */
static _Thread_local struct storm *volatile here;

/* ---- the handlers -------------------------------------------------------- */

static void use(struct life_hold *carried)
{
	struct life_hold hold = { .owner = 0 };

	if (carried->count >= CARRIED)
		life_return_all(carried);
	life_get(&hold, pool);
	life_get(carried, pool);
	life_get(&hold, pool);
	life_return_all(&hold);
}

static void nested(int number)
{
	int error = errno;
	struct storm *storm = here;

	(void)number;
	storm->nests++;
	use(&storm->nested);
	errno = error;
}

static void handle(int number)
{
	int error = errno;
	struct storm *storm = here;

	if (!storm)
		return;
	storm->signals++;
	if (number == PROFILER)
		atomic_fetch_add_explicit(&profiles, 1, memory_order_relaxed);
	use(&storm->carried);
	if (storm->signals % 8 == 0)
		syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), NESTED);
	if (storm->signals % 32 == 0)
		magpool_thread_flush(pool);
	errno = error;
}

static void install(void)
{
	struct sigaction action = { .sa_handler = handle,
				    .sa_flags = SA_RESTART | SA_ONSTACK };
	struct itimerval period = { { 0, PROFILER_US }, { 0, PROFILER_US } };

	/* The two that work on storm->carried do not interrupt each other. */
	sigaddset(&action.sa_mask, TIMER);
	sigaddset(&action.sa_mask, PROFILER);
	sigaction(TIMER, &action, NULL);
	sigaction(PROFILER, &action, NULL);
	action.sa_handler = nested;
	sigaction(NESTED, &action, NULL);
	life_check(setitimer(ITIMER_PROF, &period, NULL) == 0, "setitimer: %s",
		   strerrordesc_np(errno));
}

/* ---- storms -------------------------------------------------------------- */

static void block(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, TIMER);
	sigaddset(&set, NESTED);
	sigaddset(&set, PROFILER);
	pthread_sigmask(how, &set, NULL);
}

/* In the thread itself, which has got an arena before. */
static void start_storm(struct storm *storm)
{
	struct itimerspec period = { { 0, PERIOD_NS }, { 0, PERIOD_NS } };
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID,
				  .sigev_signo = TIMER };
	stack_t stack = { .ss_sp = storm->stack, .ss_size = STACK };

	event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
	life_check(sigaltstack(&stack, NULL) == 0 &&
			   timer_create(CLOCK_MONOTONIC, &event,
					&storm->timer) == 0 &&
			   timer_settime(storm->timer, 0, &period, NULL) == 0,
		   "no timer: %s", strerrordesc_np(errno));
	here = storm;
	block(SIG_UNBLOCK);
}

/* By anybody, when the thread has ended: the signals it had. */
static uint64_t end_storm(struct storm *storm)
{
	uint64_t had = storm->signals;

	timer_delete(storm->timer);
	life_return_all(&storm->carried);
	life_return_all(&storm->nested);
	signals += storm->signals;
	nests += storm->nests;
	free(storm);
	return had;
}

/* ---- what is interrupted ------------------------------------------------- */

static void with_other_pool(void)
{
	struct magpool *other = life_pool(1);

	life_cycle(other, 4);
	life_end_pool(other);
}

static void with_explicit_cache(void)
{
	struct magpool_cache *cache = magpool_cache_create(pool);
	struct life_hold hold = { .owner = 0 };

	life_check(cache, "no cache");
	for (unsigned i = 0; i < 8; i++)
		life_keep(&hold, magpool_cache_get(cache));
	while (hold.count)
		magpool_cache_return(cache, life_drop(&hold));
	magpool_cache_destroy(&cache);
}

static void with_walks(void)
{
	(void)sums_read(NULL);
	/* Not all: another thread may look at the sums of its own pool. */
	magpool_trim(pool);
	magpool_thread_flush(NULL);
}

static void with_fork(void)
{
	pid_t child = fork();

	if (child == 0) {
		life_child_begin();
		life_cycle(pool, 8);
		with_walks();
		_exit(EXIT_SUCCESS);
	}
	life_check(child > 0, "fork: %s", strerrordesc_np(errno));
	/* Or each signal would start the time that is waited again. */
	block(SIG_BLOCK);
	life_wait(child, "a forked child");
	block(SIG_UNBLOCK);
	forks++;
}

static void interrupted(unsigned round)
{
	for (unsigned i = 0; i < 50; i++)
		life_cycle(pool, 1 + i % 9);
	if (round % 2 == 0)
		with_other_pool();
	if (round % 3 == 0)
		with_explicit_cache();
	if (round % 5 == 0)
		with_walks();
	if (round % 100 == 7)
		with_fork();
}

/* A life of some signals, which ends under them. */
static void *live(void *argument)
{
	life_cycle(pool, 2);
	start_storm(argument);
	births++;
	for (unsigned i = 0; i < 100; i++)
		interrupted(i);
	return NULL;
}

static void live_and_die(void *argument)
{
	uint64_t had = 0;

	(void)argument;
	while (had < wanted && life_now() < end) {
		struct storm *storm = calloc(1, sizeof *storm);
		pthread_t thread;

		life_check(storm && !pthread_create(&thread, NULL, live, storm),
			   "pthread_create");
		pthread_join(thread, NULL);
		had += end_storm(storm);
	}
	satisfied += had >= wanted;
}

static void run(void)
{
	double start = life_now();
	double seconds;

	wanted = (uint64_t)RATE * life_times(3);
	end = start + PATIENCE * life_times(3);
	pool = life_pool(2);
	install();
	/* The first thread, and those that make the others, have no handler. */
	block(SIG_BLOCK);
	crowd_run(THREADS, live_and_die, NULL);
	setitimer(ITIMER_PROF, &(struct itimerval){ { 0 }, { 0 } }, NULL);
	life_end_pool(pool);
	seconds = life_now() - start;
	life_check(signals > seconds * 100 && nests && profiles && forks,
		   "only %llu signals came, %llu nested, %llu of a profiler",
		   (unsigned long long)signals, (unsigned long long)nests,
		   (unsigned long long)profiles);
	life_figures("%llu signals (%.0f a second in each of %d threads; %u of "
		     "them had the %llu that were wanted), %llu nested, %llu "
		     "of a profiler, %llu lives, %llu forks",
		     (unsigned long long)signals,
		     (double)signals / seconds / THREADS, THREADS, satisfied,
		     (unsigned long long)wanted, (unsigned long long)nests,
		     (unsigned long long)profiles, (unsigned long long)births,
		     (unsigned long long)forks);
}

int main(int argc, char **argv)
{
	static const struct life_program program = {
		.name = "signals",
		.text = "Handlers that get and return, at ten kilohertz",
		.run = run,
		.seconds = 60,
	};

	return life_main(&program, argc, argv);
}
