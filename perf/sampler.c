/* SPDX-License-Identifier: MIT */
#include "sampler.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "depot.h"
#include "util.h"

struct perf_sampler {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t ended; /* guarded by mutex, with is_ending */
	bool is_ending;
	uint64_t interval, start;
	void (*see)(void *context, const struct perf_depot *, uint64_t ns);
	void *context;
};

static void sample(struct perf_sampler *sampler)
{
	struct perf_depot depot;

	perf_depot_read(&depot);
	sampler->see(sampler->context, &depot, tool_now() - sampler->start);
}

/* Until the next sample is due, or the end has come. */
static void wait_until(struct perf_sampler *sampler, uint64_t due)
{
	struct timespec time = {
		.tv_sec = (time_t)(due / 1000000000),
		.tv_nsec = (long)(due % 1000000000),
	};
	int error = 0;

	while (!sampler->is_ending && error != ETIMEDOUT)
		error = pthread_cond_clockwait(&sampler->ended, &sampler->mutex,
					       CLOCK_MONOTONIC, &time);
}

static void *run(void *argument)
{
	struct perf_sampler *sampler = argument;
	uint64_t due = sampler->start;

	pthread_mutex_lock(&sampler->mutex);
	while (!sampler->is_ending) {
		due += sampler->interval;
		wait_until(sampler, due);
		sample(sampler);
	}
	pthread_mutex_unlock(&sampler->mutex);
	return NULL;
}

struct perf_sampler *perf_sampler_start(uint64_t interval_ns,
					void (*see)(void *context,
						    const struct perf_depot *,
						    uint64_t ns),
					void *context)
{
	struct perf_sampler *sampler = tool_zalloc(1, sizeof(*sampler));
	int error;

	pthread_mutex_init(&sampler->mutex, NULL);
	pthread_cond_init(&sampler->ended, NULL);
	sampler->interval = interval_ns;
	sampler->start = tool_now();
	sampler->see = see;
	sampler->context = context;
	error = pthread_create(&sampler->thread, NULL, run, sampler);
	if (error)
		tool_die(TOOL_EXIT_FAILED, "thread: %s", strerror(error));
	return sampler;
}

void perf_sampler_stop(struct perf_sampler *sampler)
{
	pthread_mutex_lock(&sampler->mutex);
	sampler->is_ending = true;
	pthread_cond_signal(&sampler->ended);
	pthread_mutex_unlock(&sampler->mutex);
	pthread_join(sampler->thread, NULL);
	pthread_cond_destroy(&sampler->ended);
	pthread_mutex_destroy(&sampler->mutex);
	free(sampler);
}
