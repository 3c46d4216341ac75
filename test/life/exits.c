/* SPDX-License-Identifier: MIT */
/*
 * exit with busy threads: a thousand processes end, each in one of several
 * ways, while their threads are inside the library, under its mutex, or ending
 * themselves.  What runs at exit uses the library too.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crowd.h"
#include "life.h"
#include "sums.h"
#include "work.h"

enum { BUSY = 3, AT_ONCE = 4, MOMENT_US = 1500 };

/* ---- in the child -------------------------------------------------------- */

static struct magpool *pool;

static void cycle_once(void *argument)
{
	life_cycle(argument, 3);
}

static void *cycle(void *argument)
{
	for (;;) {
		life_cycle(pool, 9);
		life_cycle(magpool_default(), LIFE_HOLD_MAX);
	}
	return argument;
}

static void *come_and_go(void *argument)
{
	for (;;)
		crowd_one(cycle_once, pool);
	return argument;
}

static void *make_and_end(void *argument)
{
	for (;;) {
		struct magpool *other = life_pool(1);

		life_cycle(other, 3);
		life_end_pool(other);
		magpool_trim(NULL);
	}
	return argument;
}

static void use_at_exit(void)
{
	struct magpool *used = pool ? pool : magpool_default();

	life_cycle(used, 5);
	(void)sums_read(NULL);
	/* Not all: make_and_end() may look at the sums of its pool. */
	magpool_trim(used);
}

/* Runs after all of exit()'s functions, as static objects' ends do. */
__attribute__((destructor)) static void use_at_the_very_end(void)
{
	use_at_exit();
}

static void *exit_from_here(void *argument)
{
	(void)argument;
	exit(EXIT_SUCCESS);
}

static void end_main(void)
{
	pthread_t thread;

	life_check(!pthread_create(&thread, NULL, exit_from_here, NULL),
		   "pthread_create");
	pthread_exit(NULL);
}

static void end_by_thread(void)
{
	pthread_t thread;

	life_check(!pthread_create(&thread, NULL, exit_from_here, NULL),
		   "pthread_create");
	cycle(NULL);
}

static void end_inside(void)
{
	struct life_hold hold = { .owner = 0 };

	/* Arenas are out, and stay so. */
	life_get(&hold, pool);
	exit(EXIT_SUCCESS);
}

static void end_quick(void)
{
	quick_exit(EXIT_SUCCESS);
}

static void end_at_once(void)
{
	_exit(EXIT_SUCCESS);
}

static void return_from_main(void)
{
}

static const struct way {
	const char *name;
	void (*end)(void);
} ways[] = {
	{ "return", return_from_main }, { "exit", end_inside },
	{ "thread", end_by_thread },    { "main", end_main },
	{ "quick", end_quick },         { "_exit", end_at_once },
};

enum { WAYS = sizeof ways / sizeof *ways };

static void start_busy(void)
{
	static void *(*const bodies[BUSY])(void *) = { cycle, come_and_go,
						       make_and_end };
	pthread_t thread;

	for (unsigned i = 0; i < BUSY; i++)
		life_check(!pthread_create(&thread, NULL, bodies[i], NULL),
			   "pthread_create");
}

static int child(const char *kind)
{
	pool = life_pool(2);
	if (atexit(use_at_exit) || at_quick_exit(use_at_exit))
		return EXIT_FAILURE;
	start_busy();
	/* Another moment in each of them. */
	life_sleep((double)(getpid() * 7919 % MOMENT_US) * 1e-6);
	for (unsigned i = 0; i < WAYS; i++) {
		if (!strcmp(ways[i].name, kind))
			ways[i].end();
	}
	return EXIT_SUCCESS;
}

/* ---- in the parent ------------------------------------------------------- */

static const char *name_of(unsigned number)
{
	return ways[number % WAYS].name;
}

/* Every other one prints the statistics at its exit, to nowhere. */
static pid_t start(unsigned number)
{
	static char print[] = "MAGPOOL_STATS=exit";
	char *environment[] = { number / WAYS % 2 ? print : NULL, NULL };
	char *arguments[4];
	pid_t pid = fork();

	if (pid == 0) {
		life_child_begin();
		if (environment[0])
			dup2(open("/dev/null", O_WRONLY | O_CLOEXEC),
			     STDERR_FILENO);
		life_arguments(arguments, name_of(number));
		execve(arguments[0], arguments, environment);
		_exit(EXIT_FAILURE);
	}
	life_check(pid > 0, "fork: %s", strerrordesc_np(errno));
	return pid;
}

static void run(void)
{
	unsigned count = life_times(1000);
	pid_t children[AT_ONCE] = { 0 };

	for (unsigned i = 0; i < count + AT_ONCE; i++) {
		unsigned place = i % AT_ONCE;

		if (i >= AT_ONCE)
			life_wait(children[place], name_of(i - AT_ONCE));
		if (i < count)
			children[place] = start(i);
	}
	life_figures("%u exits in %u ways with %u busy threads", count, WAYS,
		     BUSY);
}

int main(int argc, char **argv)
{
	static const struct life_program program = {
		.name = "exits",
		.text = "Processes that end while their threads are busy",
		.seconds = 60,
		.run = run,
		.child = child,
	};

	return life_main(&program, argc, argv);
}
