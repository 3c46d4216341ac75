/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "crowd.h"

struct crowd {
	pthread_barrier_t start;
	void (*work)(void *argument);
	void *argument;
};

static void check(int error, const char *what)
{
	if (error) {
		fprintf(stderr, "%s: error %d\n", what, error);
		abort();
	}
}

static void *member(void *argument)
{
	struct crowd *crowd = argument;

	pthread_barrier_wait(&crowd->start);
	crowd->work(crowd->argument);
	return NULL;
}

void crowd_run(size_t count, void (*work)(void *argument), void *argument)
{
	struct crowd crowd = { .work = work, .argument = argument };
	pthread_t threads[64];

	if (count > sizeof threads / sizeof *threads)
		abort();
	check(pthread_barrier_init(&crowd.start, NULL, (unsigned)count),
	      "pthread_barrier_init");
	for (size_t i = 0; i < count; i++)
		check(pthread_create(&threads[i], NULL, member, &crowd),
		      "pthread_create");
	for (size_t i = 0; i < count; i++)
		check(pthread_join(threads[i], NULL), "pthread_join");
	pthread_barrier_destroy(&crowd.start);
}

void crowd_one(void (*work)(void *argument), void *argument)
{
	crowd_run(1, work, argument);
}
