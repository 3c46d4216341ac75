/* SPDX-License-Identifier: MIT */
/*
 * The live segments of many processes at once: each shows its own, and none is
 * left behind by those that were killed, that executed another program, or that
 * ended with threads at work.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "life.h"
#include "segment.h"
#include "work.h"

enum { CHILDREN = 200, THREADS = 3 };

static struct magpool *pool;
static int ready[2];

static void tell(void)
{
	life_check(write(ready[1], "x", 1) == 1, "the pipe is closed");
}

static void wait_for(unsigned n)
{
	char byte;

	while (n--)
		life_check(read(ready[0], &byte, 1) == 1, "a child is gone");
}

static void *busy(void *argument)
{
	for (;;)
		life_cycle(argument, 3);
	return NULL;
}

static void start_busy(void)
{
	pthread_t thread;

	for (int i = 0; i < THREADS; i++)
		life_check(pthread_create(&thread, NULL, busy, pool) == 0,
			   "no thread");
}

/* ---- children ------------------------------------------------------------ */

static void rest(void)
{
	life_cycle(pool, 4);
	tell();
	for (;;)
		pause();
}

static void execute(void)
{
	char *arguments[4];

	life_cycle(pool, 4);
	life_arguments(arguments, "rest");
	execv("/proc/self/exe", arguments);
	life_fail("execv");
}

static void end_busy(void)
{
	start_busy();
	tell();
	life_sleep(0.01);
	exit(0);
}

static pid_t start(void (*body)(void))
{
	pid_t child = fork();

	life_check(child >= 0, "fork");
	if (child == 0) {
		life_child_begin();
		body();
		_exit(1);
	}
	return child;
}

static void end(pid_t child)
{
	life_check(kill(child, SIGKILL) == 0, "kill");
	life_check(waitpid(child, NULL, 0) == child, "waitpid");
}

/* ---- the parent ---------------------------------------------------------- */

static void check_shown(pid_t child, unsigned int descriptors)
{
	struct segment segment;

	life_check(segment_count(child) == descriptors,
		   "%u descriptors of segments, expected %u",
		   segment_count(child), descriptors);
	life_check(segment_open(&segment, child) == (descriptors == 1),
		   "a segment is there, or is not");
	segment_close(&segment);
}

static void check_many(unsigned int own)
{
	static pid_t children[CHILDREN];

	for (int i = 0; i < CHILDREN; i++)
		children[i] = start(rest);
	wait_for(CHILDREN);
	for (int i = 0; i < CHILDREN; i++)
		check_shown(children[i], 1);
	for (int i = 0; i < CHILDREN; i++)
		end(children[i]);
	for (int i = 0; i < CHILDREN; i++)
		check_shown(children[i], 0);
	check_shown(getpid(), own);
}

static void check_exec(void)
{
	pid_t child = start(execute);

	wait_for(1);
	check_shown(child, 0);
	end(child);
}

static void check_end(void)
{
	pid_t child = start(end_busy);

	wait_for(1);
	life_wait(child, "one that ends with threads at work");
	check_shown(child, 0);
}

static void run(void)
{
	unsigned times = life_times(3);

	life_check(pipe(ready) == 0 && dup2(ready[1], 99) == 99, "no pipe");
	pool = life_pool(2);
	life_cycle(pool, 4);
	for (unsigned i = 0; i < times; i++) {
		check_many(1);
		check_exec();
		check_end();
	}
	life_end_pool(pool);
	life_figures("%u rounds of %u processes at once", times, CHILDREN);
}

/* After exec: the library is there, and was not used. */
static int child(const char *kind)
{
	(void)kind;
	ready[1] = 99;
	tell();
	for (;;)
		pause();
	return 0;
}

int main(int argc, char **argv)
{
	static const struct life_program program = {
		.name = "shown",
		.text = "Live segments of many processes",
		.seconds = 60,
		.run = run,
		.child = child,
	};

	return life_main(&program, argc, argv);
}
