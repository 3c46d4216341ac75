/* SPDX-License-Identifier: MIT */
#include "storm.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PERIOD_NS = 100000 };

/* NULL: none.  A sanitizer may run a handler later than its signal came. */
static _Thread_local struct storm *volatile here;

/*
 * Once, and again at the end of each handler: under valgrind the handler may
 * last longer than the period, and the thread would not get on.
 */
static bool timer_arm(timer_t timer)
{
	struct itimerspec once = { .it_value.tv_nsec = PERIOD_NS };

	return timer_settime(timer, 0, &once, NULL) == 0;
}

static void handle(int number)
{
	int error = errno;
	struct storm *storm = here;
	struct stress_worker *worker;
	struct loan loan;

	(void)number;
	if (!storm)
		return;
	worker = &storm->worker;
	storm->signals++;
	loan_get(&loan, worker, storm->pool);
	if (storm->kept.arena)
		loan_return(&storm->kept, worker);
	if (stress_one_in(worker, 2))
		storm->kept = loan;
	else
		loan_return(&loan, worker);
	if (stress_one_in(worker, 16))
		magpool_thread_flush(storm->pool);
	/* Fails in a child of fork: timers are not inherited. */
	timer_arm(storm->timer);
	errno = error;
}

static void timer_make(timer_t *timer)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID,
				  .sigev_signo = SIGRTMIN };

	event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
	if (timer_create(CLOCK_MONOTONIC, &event, timer) != 0)
		stress_unable("timer_create", errno);
}

static void set_mask(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	pthread_sigmask(how, &set, NULL);
}

void storm_start(struct storm *storm, struct magpool *pool)
{
	struct sigaction action = { .sa_handler = handle,
				    .sa_flags = SA_RESTART };

	*storm = (struct storm){ .pool = pool };
	stress_worker_init(&storm->worker, NULL);
	here = storm;
	sigaction(SIGRTMIN, &action, NULL);
	set_mask(SIG_UNBLOCK);
	timer_make(&storm->timer);
	if (!timer_arm(storm->timer))
		stress_unable("timer_settime", errno);
}

void storm_stop(struct storm *storm)
{
	/* A signal may still be pending: it stays blocked. */
	set_mask(SIG_BLOCK);
	here = NULL;
	timer_delete(storm->timer);
	if (storm->kept.arena)
		loan_return(&storm->kept, &storm->worker);
	stress_worker_fini(&storm->worker);
}

void storm_pause(void)
{
	set_mask(SIG_BLOCK);
}

void storm_go_on(void)
{
	set_mask(SIG_UNBLOCK);
}
