/* SPDX-License-Identifier: MIT */
/*
 * Calls of the library from within the library: what a signal handler makes
 * that comes while its thread holds the registry's mutex, or makes its record.
 * Nothing waits for itself; what needs the mutex fails with a reason, what
 * cannot fail does without.
 *
 *     inject-inside                all of them, each in a process of its own
 *     inject-inside --run NAME     one
 */
#include "child.h"
#include "inject.h"
#include "program.h"
#include "scenario.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNTOUCHED 4711

static struct magpool *pool, *other;
static struct magpool_cache *cache;
static unsigned interruptions;

static void use(struct magpool *from)
{
	struct magpool_arena *arena;
	char *bytes;

	errno = UNTOUCHED;
	arena = magpool_get_from(from);
	demand(arena && errno == UNTOUCHED, "get: errno %d", errno);
	bytes = magpool_alloc(arena, 5000);
	demand(bytes, "alloc");
	memset(bytes, 1, 5000);
	magpool_return(arena);
	demand(errno == UNTOUCHED, "return: errno %d", errno);
}

static struct magpool *create(void)
{
	struct magpool *made = magpool_create(NULL);

	demand(made, "magpool_create: errno %d", errno);
	return made;
}

static void end_child(pid_t child)
{
	int status = 0;

	demand(child > 0, "fork: errno %d", errno);
	demand(waitpid(child, &status, 0) == child && status == 0,
	       "the child of a fork: status %#x", (unsigned)status);
}

/* ---- under the mutex ----------------------------------------------------- */

static void call_all(void)
{
	struct magpool *busy = other;
	struct magpool_stats stats;
	pid_t child;

	interruptions++;
	use(pool);
	use(other);
	errno = UNTOUCHED;
	demand(!magpool_create(NULL) && errno == ENOMEM, "create: errno %d",
	       errno);
	demand(!magpool_cache_create(pool) && errno == ENOMEM,
	       "cache_create: errno %d", errno);
	demand(magpool_destroy(&busy) == -EBUSY && busy == other,
	       "destroy of a pool at rest");
	magpool_cache_flush(cache);
	magpool_thread_flush(pool);
	magpool_thread_flush(NULL);
	magpool_trim(NULL);
	demand(magpool_stats_read(NULL, &stats, sizeof stats), "stats_read");
	child = fork();
	if (child == 0)
		_exit(EXIT_SUCCESS);
	end_child(child);
}

/* Leaves a pool that has ended, but whose record could not be freed yet. */
static void fill_limbo(void)
{
	static const struct inject_plan none[INJECT_PLANS];
	struct inject_plan plans[INJECT_PLANS] = { { inject_find("membarrier"),
						     1, true } };
	struct magpool *ended = create();

	inject_arm(plans);
	demand(magpool_destroy(&ended) == 0, "destroy without membarrier");
	inject_arm(none);
}

/* abandon() has the mutex when it calls membarrier. */
static void under_the_mutex(void)
{
	struct magpool *ended;

	for (int i = 0; i < 3; i++) {
		ended = create();
		fill_limbo();
		inject_interrupt(INJECT_MEMBARRIER, call_all);
		magpool_abandon(&ended);
	}
	demand(interruptions == 3, "%u interruptions", interruptions);
}

static void run_mutex(void)
{
	pool = create();
	other = create();
	cache = magpool_cache_create(pool);
	demand(cache, "cache_create");
	/* The thread has no record yet, then it has one. */
	under_the_mutex();
	use(pool);
	interruptions = 0;
	under_the_mutex();
	demand(magpool_destroy(&other) == 0, "destroy");
	magpool_cache_destroy(&cache);
	demand(magpool_destroy(&pool) == 0, "destroy");
}

/* As a handler's exit(3): the leak report goes without. */
static void leave(void)
{
	exit(EXIT_SUCCESS);
}

static void run_exit(void)
{
	setenv("MAGPOOL_DEBUG", "2", 1);
	pool = create();
	inject_interrupt(INJECT_MEMBARRIER, leave);
	magpool_abandon(&pool);
	demand(false, "nobody came");
}

/* The cache goes, its record stays. */
static void end_cache(void)
{
	interruptions++;
	magpool_cache_destroy(&cache);
	demand(!cache, "a cache stays");
}

static void run_cache(void)
{
	pool = create();
	other = create();
	cache = magpool_cache_create(other);
	inject_interrupt(INJECT_MEMBARRIER, end_cache);
	magpool_abandon(&pool);
	demand(interruptions == 1, "nobody came");
	use(other);
}

/* In a fork child walkers take the mutex: a walk is refused. */
static void walk(void)
{
	struct magpool_stats stats;

	interruptions++;
	(void)magpool_stats_read(pool, &stats, sizeof stats);
	(void)magpool_stats_read(NULL, &stats, sizeof stats);
	magpool_trim(NULL);
}

static void walk_in_child(void)
{
	inject_interrupt(INJECT_MEMBARRIER, walk);
	magpool_abandon(&other);
	_exit(interruptions == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void run_walk(void)
{
	pid_t child;

	pool = create();
	other = create();
	child = fork();
	if (child == 0)
		walk_in_child();
	end_child(child);
}

/* ---- during the first use ------------------------------------------------ */

/* Nothing is there yet: refused, and no misuse. */
static void get_nothing(void)
{
	interruptions++;
	errno = UNTOUCHED;
	demand(!magpool_get() && errno == ENOMEM, "get: errno %d", errno);
	demand(!magpool_create(NULL) && errno == ENOMEM, "create: errno %d",
	       errno);
	demand(!magpool_cache_create(magpool_default()), "cache_create");
}

static void run_first(void)
{
	struct magpool_stats stats;

	inject_interrupt(INJECT_AFFINITY, get_nothing);
	use(magpool_default());
	demand(interruptions == 1, "nobody came");
	demand(magpool_stats_read(magpool_default(), &stats, sizeof stats) &&
		       stats.misuse == 0,
	       "%lu misuse", (unsigned long)stats.misuse);
}

/* ---- while a thread's record is made ------------------------------------- */

static struct magpool_arena *from_before;

static void use_and_return(void)
{
	interruptions++;
	use(magpool_default());
	if (from_before)
		magpool_return(from_before);
	from_before = NULL;
}

/* A thread that only returned until now, and gets for the first time. */
static void *newborn(void *argument)
{
	inject_interrupt(*(enum inject_kind *)argument, use_and_return);
	use(magpool_default());
	use(magpool_default());
	return NULL;
}

static void run_record(void)
{
	enum inject_kind kinds[] = { INJECT_KEY_CREATE, INJECT_SETSPECIFIC };

	for (unsigned i = 0; i < 2; i++) {
		pthread_t thread;

		newborn(&kinds[0]);
		from_before = magpool_get();
		demand(pthread_create(&thread, NULL, newborn, &kinds[i]) == 0,
		       "no thread");
		pthread_join(thread, NULL);
	}
	demand(interruptions == 2, "%u interruptions", interruptions);
}

/* ---- main ---------------------------------------------------------------- */

static const struct run {
	const char *name;
	void (*run)(void);
} runs[] = {
	{ "mutex", run_mutex }, { "exit", run_exit },
	{ "cache", run_cache }, { "walk", run_walk },
	{ "first", run_first }, { "record", run_record },
};

static void run_one(const char *name)
{
	program_begin();
	snprintf(demand_label, sizeof demand_label, "%s", name);
	for (size_t i = 0; i < PROGRAM_LENGTH(runs); i++) {
		if (strcmp(runs[i].name, name) == 0)
			runs[i].run();
	}
}

static void spawn(const char *name)
{
	static const char *const environment[] = { NULL };
	const char *arguments[] = { "/proc/self/exe", "--run", name, NULL };
	struct child child;

	snprintf(demand_label, sizeof demand_label, "%s", name);
	child_run(&child, arguments, environment);
	demand(child.status == 0 && !*child.errors, "status %#x\n%s",
	       (unsigned)child.status, child.errors);
	child_free(&child);
}

int main(int argc, char **argv)
{
	if (argc == 3) {
		run_one(argv[2]);
		return EXIT_SUCCESS;
	}
	program_begin();
	for (size_t i = 0; i < PROGRAM_LENGTH(runs); i++)
		spawn(runs[i].name);
	printf("%zu runs: ok\n", PROGRAM_LENGTH(runs));
	return EXIT_SUCCESS;
}
