/* SPDX-License-Identifier: MIT */
/*
 * The program whose statistics test/journal.py reads:  reporter VERB...
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <magpool/magpool.h>

enum { TRIP = 40, THREADS = 4, POOLS = 60 };

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "reporter: %s\n", what);
	_exit(EXIT_FAILURE);
}

/* As many arenas as there are never in a cache at once. */
static void make_a_trip(struct magpool *pool)
{
	struct magpool_arena *arena[TRIP];

	for (size_t i = 0; i < TRIP; i++) {
		arena[i] = magpool_get_from(pool);
		if (!arena[i])
			fail("no arena");
	}
	for (size_t i = 0; i < TRIP; i++)
		magpool_return(arena[i]);
}

static void use(void)
{
	make_a_trip(magpool_default());
}

static void wait_for(long milliseconds)
{
	struct timespec time = { 0, milliseconds * 1000000 };

	while (nanosleep(&time, &time) != 0)
		;
}

static unsigned long long now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (unsigned long long)time.tv_sec * 1000 +
	       (unsigned long long)time.tv_nsec / 1000000;
}

/* ---- verbs --------------------------------------------------------------- */

static void work(void)
{
	unsigned long long end = now() + 200;

	while (now() < end)
		use();
}

/* One trip, and then no call more. */
static void rest(void)
{
	use();
	wait_for(200);
}

static void trim(void)
{
	use();
	for (int i = 0; i < 8; i++) {
		wait_for(25);
		magpool_trim(NULL);
	}
}

static void *thread(void *unused)
{
	work();
	return unused;
}

static void threads(void)
{
	pthread_t started[THREADS];

	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&started[i], NULL, thread, NULL))
			fail("pthread_create");
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(started[i], NULL);
}

/* The end comes while others work. */
static void busy(void)
{
	pthread_t started;

	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&started, NULL, thread, NULL) ||
		    pthread_detach(started))
			fail("pthread_create");
	wait_for(50);
}

static struct magpool *make_pool(const char *name)
{
	struct magpool_options options = { .size = sizeof options,
					   .name = name };
	struct magpool *pool = magpool_create(&options);

	if (!pool)
		fail("magpool_create");
	make_a_trip(pool);
	return pool;
}

static void names(void)
{
	make_pool("a \"quoted\" \\name");
	make_pool("\xc3\xa4\xe2\x82\xac");
	make_pool("\xff cut \xe2\x82");
}

/* More than a line has room for; one is abandoned, and one ends. */
static void pools(void)
{
	struct magpool *pool[POOLS];

	for (size_t i = 0; i < POOLS; i++)
		pool[i] = make_pool(NULL);
	if (!magpool_get_from(pool[POOLS - 1]))
		fail("no arena");
	magpool_abandon(&pool[POOLS - 1]);
	if (magpool_destroy(&pool[0]))
		fail("magpool_destroy");
}

static void forks(void)
{
	pid_t child;
	int status;

	use();
	child = fork();
	if (child < 0)
		fail("fork");
	work();
	if (child == 0)
		exit(EXIT_SUCCESS);
	if (waitpid(child, &status, 0) != child || status)
		fail("the child");
}

/* A host that closes whatever it did not open. */
static void closes(void)
{
	unsigned long long end = now() + 100;

	use();
	while (now() < end) {
		for (int file = 3; file < 20; file++)
			close(file);
		use();
	}
}

/* Its limit on files is below what a line needs. */
static void limit(void)
{
	struct rlimit small = { 1000, 1000 };

	if (setrlimit(RLIMIT_FSIZE, &small))
		fail("setrlimit");
	work();
}

static const struct verb {
	const char *name;
	void (*run)(void);
} verbs[] = {
	{ "use", use },       { "work", work },       { "rest", rest },
	{ "trim", trim },     { "threads", threads }, { "busy", busy },
	{ "pools", pools },   { "names", names },     { "forks", forks },
	{ "closes", closes }, { "limit", limit },
};

int main(int count, char **arguments)
{
	for (int i = 1; i < count; i++) {
		size_t at = 0;

		while (at < sizeof verbs / sizeof *verbs &&
		       strcmp(verbs[at].name, arguments[i]) != 0)
			at++;
		if (at == sizeof verbs / sizeof *verbs)
			fail("no such verb");
		verbs[at].run();
	}
	return EXIT_SUCCESS;
}
