/* SPDX-License-Identifier: MIT */
/*
 * Another library in the process that uses liburcu's bp flavour too, and
 * registers its three fork handlers: before this library registers its own and
 * after that.  Threads walk, come and go, wait for grace periods, and fork.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <urcu-bp.h>

#include "crowd.h"
#include "life.h"
#include "sums.h"
#include "work.h"

enum { FORKERS = 2, BUSY = 2 };

static struct magpool *pool;
static atomic_bool leave;
static unsigned forks; /* by each thread */

static bool register_handlers(void)
{
	return pthread_atfork(urcu_bp_before_fork, urcu_bp_after_fork_parent,
			      urcu_bp_after_fork_child) == 0;
}

/* Run before the constructors of all libraries, so before the library's. */
static void register_first(int argc, char **argv)
{
	if (argc > 2 && !strncmp(argv[2], "before", 6) && !register_handlers())
		_exit(EXIT_FAILURE);
}

__attribute__((section(".preinit_array"), used)) static void (*const preinit)(
	int argc, char **argv) = register_first;

/* ---- work ---------------------------------------------------------------- */

/* Each new thread is registered with liburcu at its first walk. */
static void walk(void *argument)
{
	life_cycle(argument, 3);
	(void)sums_read(NULL);
	urcu_bp_read_lock();
	urcu_bp_read_unlock();
	/* Not all: another thread may look at the sums of its pool. */
	magpool_trim(argument);
}

static void *busy(void *argument)
{
	while (!atomic_load(&leave)) {
		struct magpool *other = life_pool(1);

		crowd_one(walk, pool);
		walk(other);
		life_end_pool(other);
		urcu_bp_synchronize_rcu();
	}
	return argument;
}

static int grandchild(void *argument)
{
	walk(argument);
	return 0;
}

static int in_child(void *argument)
{
	const char *fault = sums_fault_in_child(argument);
	struct magpool *other = life_pool(1);

	life_check(!fault, "%s", fault);
	walk(argument);
	crowd_one(walk, argument);
	life_cycle(other, 3);
	life_end_pool(other);
	/* Of the other library: its readers and its grace periods. */
	urcu_bp_synchronize_rcu();
	life_fork(grandchild, argument);
	return 0;
}

static void *fork_some(void *argument)
{
	for (unsigned i = 0; i < forks; i++) {
		life_cycle(pool, 5);
		life_fork(in_child, pool);
	}
	return argument;
}

/* ---- main ---------------------------------------------------------------- */

static void start(pthread_t *threads, unsigned count, void *(*body)(void *))
{
	for (unsigned i = 0; i < count; i++)
		life_check(!pthread_create(&threads[i], NULL, body, NULL),
			   "pthread_create");
}

static void join(const pthread_t *threads, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
}

/* "before" or "after", a space, the number of forks. */
static int child(const char *kind)
{
	pthread_t busy_threads[BUSY];
	pthread_t forkers[FORKERS];

	forks = (unsigned)strtoul(strchr(kind, ' '), NULL, 10);
	if (strncmp(kind, "after", 5) == 0)
		life_check(register_handlers(), "pthread_atfork");
	/* Several hundred forks, each with a child of its own. */
	alarm(550);
	pool = life_pool(2);
	start(busy_threads, BUSY, busy);
	start(forkers, FORKERS, fork_some);
	join(forkers, FORKERS);
	atomic_store(&leave, true);
	join(busy_threads, BUSY);
	life_end_pool(pool);
	return EXIT_SUCCESS;
}

static void run_order(const char *order, unsigned count)
{
	char kind[40];
	char *arguments[4];
	pid_t pid;

	snprintf(kind, sizeof kind, "%s %u", order, count);
	life_arguments(arguments, kind);
	pid = fork();
	if (pid == 0) {
		execv(arguments[0], arguments);
		_exit(EXIT_FAILURE);
	}
	life_check(pid > 0, "fork");
	life_wait_long(pid, order);
}

static void run(void)
{
	unsigned count = life_times(200);

	run_order("before", count);
	run_order("after", count);
	life_figures("%u forks and as many grandchildren with the other's "
		     "handlers before ours, %u with them after ours",
		     count * FORKERS, count * FORKERS);
}

int main(int argc, char **argv)
{
	static const struct life_program program = {
		.name = "hooks",
		.text = "Another user of liburcu's fork handlers",
		.seconds = 60,
		.run = run,
		.child = child,
	};

	return life_main(&program, argc, argv);
}
