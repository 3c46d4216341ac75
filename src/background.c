/* SPDX-License-Identifier: MIT */
#include "background.h"

#include "registry.h"
#include "trim.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

/* Tried once: where no thread can be had, each miss would ask for one. */
static _Atomic bool tried;
static pthread_mutex_t step = PTHREAD_MUTEX_INITIALIZER;

static void sleep_for(size_t milliseconds)
{
	struct timespec time = {
		.tv_sec = (time_t)(milliseconds / 1000),
		.tv_nsec = (long)(milliseconds % 1000) * 1000000,
	};

	/* With all signals blocked nothing ends it early but a debugger. */
	clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}

static void *run(void *unused)
{
	size_t interval =
		mp_registry_settings()->value[MP_OPTION_trim_interval];

	(void)unused;
	pthread_setname_np(pthread_self(), "magpool");
	for (;;) {
		sleep_for(interval);
		pthread_mutex_lock(&step);
		mp_trim_pass_time();
		pthread_mutex_unlock(&step);
	}
	return NULL;
}

static void start(void)
{
	pthread_t thread;
	sigset_t all, before;

	/* It inherits the mask: no handler of the host's ever runs in it. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&thread, NULL, run, NULL) == 0)
		pthread_detach(thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void mp_background_start(void)
{
	const size_t *value = mp_registry_settings()->value;

	if (!value[MP_OPTION_background] || !value[MP_OPTION_trim_interval] ||
	    mp_load_relaxed(&tried))
		return;
	/* Relaxed: it only chooses who does it. */
	if (!mp_exchange_relaxed(&tried, true))
		start();
}

void mp_background_after_fork(void)
{
	/* The parent's thread may have held it. */
	pthread_mutex_init(&step, NULL);
	mp_store_relaxed(&tried, false);
}

/* Before liburcu's own, which frees what walkers use. */
__attribute__((destructor)) static void stop(void)
{
	/* Never unlocked: the thread does not work again. */
	if (mp_load_relaxed(&tried))
		pthread_mutex_lock(&step);
}
