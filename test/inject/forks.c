/* SPDX-License-Identifier: MIT */
/*
 * Forks from within the library: by a signal handler that comes in the middle
 * of a call, or while another fork is under way.  And forks whose child cannot
 * have what it needs.
 *
 *     inject-forks                 all of them, each in a process of its own
 *     inject-forks --run NAME      one
 */
#include "crowd.h"
#include "inject.h"
#include "program.h"
#include "scenario.h"
#include "segment.h"
#include "sums.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct magpool *pool;
static struct magpool_cache *cache;
static unsigned interruptions;
static bool is_child;

enum { AT_ONCE = 40 };

static void use(void *from)
{
	struct magpool_arena *arena[AT_ONCE];

	for (size_t i = 0; i < AT_ONCE; i++) {
		arena[i] = magpool_get_from(from);
		demand(arena[i] && magpool_alloc(arena[i], 5000), "get");
	}
	for (size_t i = 0; i < AT_ONCE; i++)
		magpool_return(arena[i]);
}

static void open_pool(void)
{
	pool = magpool_create(NULL);
	demand(pool, "magpool_create: errno %d", errno);
	use(pool);
}

static void expect_whole(void)
{
	const char *wrong = scenario_world->fault(pool);

	demand(!wrong, "%s", wrong);
}

/* A handler: its child ends, or goes on with what was interrupted. */
static void fork_and_end(void)
{
	pid_t child = fork();

	interruptions++;
	if (child == 0)
		_exit(EXIT_SUCCESS);
	program_end_child(child);
}

static void fork_and_go_on(void)
{
	pid_t child = fork();

	interruptions++;
	is_child = child == 0;
	if (!is_child)
		program_end_child(child);
}

static void end_if_child(void)
{
	demand(interruptions == 1, "%u interruptions", interruptions);
	if (is_child)
		_exit(EXIT_SUCCESS);
}

/* ---- in the middle of a call --------------------------------------------- */

static pthread_barrier_t turn;

static void *sleep_with_a_cache(void *argument)
{
	use(pool);
	pthread_barrier_wait(&turn);
	pthread_barrier_wait(&turn);
	use(pool);
	return argument;
}

/* The caches of others are wanted, and not yet taken. */
static void run_drain(void)
{
	pthread_t thread;

	open_pool();
	magpool_thread_flush(NULL);
	pthread_barrier_init(&turn, NULL, 2);
	demand(!pthread_create(&thread, NULL, sleep_with_a_cache, NULL),
	       "no thread");
	pthread_barrier_wait(&turn);
	magpool_trim(NULL);
	inject_interrupt(INJECT_MEMBARRIER, fork_and_go_on);
	magpool_trim(NULL);
	end_if_child();
	demand(sums_read(pool).drains == 1, "nothing was drained");
	pthread_barrier_wait(&turn);
	pthread_join(thread, NULL);
	expect_whole();
}

static void use_cache(void)
{
	struct magpool_arena *arena = magpool_cache_get(cache);

	demand(arena, "cache_get: errno %d", errno);
	magpool_cache_return(cache, arena);
}

static void *come_second(void *argument)
{
	inject_interrupt(INJECT_MEMBARRIER, fork_and_go_on);
	use_cache();
	if (is_child)
		use_cache();
	end_if_child();
	return argument;
}

/* The bias of an explicit cache is being taken away. */
static void run_revoke(void)
{
	pthread_t thread;

	open_pool();
	cache = magpool_cache_create(pool);
	demand(cache, "cache_create: errno %d", errno);
	use_cache();
	demand(!pthread_create(&thread, NULL, come_second, NULL), "no thread");
	pthread_join(thread, NULL);
	use_cache();
	magpool_cache_destroy(&cache);
	expect_whole();
}

/* ---- in the middle of a fork --------------------------------------------- */

/* In the child, which is about to get a segment of its own. */
static void run_fork(void)
{
	pid_t child;

	open_pool();
	inject_interrupt(INJECT_SEALS, fork_and_end);
	child = fork();
	if (child == 0) {
		demand(interruptions == 1, "nobody came");
		use(pool);
		crowd_run(2, use, pool);
		demand(!sums_fault_in_child(pool), "sums");
		demand(!segment_fault(pool), "%s", segment_fault(pool));
		fork_and_end();
		_exit(EXIT_SUCCESS);
	}
	program_end_child(child);
	use(pool);
	expect_whole();
}

/* ---- a child with debug arenas ------------------------------------------- */

/* Those that were out are the child's too, those in quarantine are nobody's. */
static void run_debug(void)
{
	struct magpool_arena *arena;
	pid_t child;

	setenv("MAGPOOL_DEBUG", "2", 1);
	open_pool();
	arena = magpool_get_from(pool);
	demand(arena, "get: errno %d", errno);
	child = fork();
	if (child == 0) {
		magpool_return(arena);
		use(pool);
		demand(!sums_fault_in_child(pool), "sums");
		demand(sums_read(pool).misuse == 0, "misuse");
		_exit(EXIT_SUCCESS);
	}
	program_end_child(child);
	magpool_return(arena);
	expect_whole();
	demand(sums_read(pool).misuse == 0, "misuse");
}

/* ---- a child without a segment ------------------------------------------- */

static void work_unseen(void)
{
	struct magpool *other;

	inject_disarm();
	other = magpool_create(NULL);
	demand(other, "magpool_create: errno %d", errno);
	use(pool);
	use(other);
	crowd_run(3, use, pool);
	crowd_run(3, use, other);
	demand(!sums_fault_in_child(pool), "%s", sums_fault_in_child(pool));
	demand(!sums_fault(other), "%s", sums_fault(other));
	/* The parent's is still open by the number that the test has. */
	demand(segment_count(getpid()) == 1, "a segment");
	demand(magpool_destroy(&other) == 0, "destroy");
	magpool_trim(NULL);
	demand(magpool_destroy(&pool) == 0, "destroy");
	fork_and_end();
	_exit(EXIT_SUCCESS);
}

static void fork_unseen(const char *second)
{
	struct inject_plan plans[INJECT_PLANS] = { { inject_find("memfd"), 1,
						     true } };
	static struct segment_shot before, after;
	struct segment segment;
	pid_t child;

	if (second)
		plans[1] = (struct inject_plan){ inject_find(second), 1, true };
	demand(segment_open(&segment, getpid()), "no segment");
	demand(segment_shoot(&segment, &before), "no shot");
	inject_arm(plans);
	child = fork();
	if (child == 0)
		work_unseen();
	inject_disarm();
	program_end_child(child);
	demand(segment_shoot(&segment, &after), "no shot");
	demand(memcmp(&before, &after, sizeof after) == 0,
	       "the child changed what its parent shows");
	segment_close(&segment);
}

/* Memory that nobody sees, where the parent's segment was; or not even that. */
static void run_segment(void)
{
	open_pool();
	crowd_run(3, use, pool);
	fork_unseen(NULL);
	fork_unseen("mmap");
	use(pool);
	expect_whole();
}

/* ---- main ---------------------------------------------------------------- */

static const struct program_run runs[] = {
	{ "drain", run_drain },     { "revoke", run_revoke },
	{ "fork", run_fork },       { "debug", run_debug },
	{ "segment", run_segment },
};

int main(int argc, char **argv)
{
	return program_runs(argc, argv, runs, PROGRAM_LENGTH(runs));
}
