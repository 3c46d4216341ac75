/* SPDX-License-Identifier: MIT */
/*
 * Real limits, on the shared library as it is: no address space, no mapping
 * more, no pthread key left, membarrier forbidden by a filter.  liburcu and
 * libc meet them too.
 *
 *     inject-limits               all of them, each in a process of its own
 *     inject-limits --run CASE    one
 */
#include "child.h"
#include "limits.h"
#include "scenario.h"
#include "sums.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define THREADS 4
#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* ---- oracles ------------------------------------------------------------- */

static atomic_bool limited; /* any call may fail now */
static _Thread_local unsigned long asked;

static unsigned long failures(void)
{
	asked += atomic_load_explicit(&limited, memory_order_relaxed);
	return asked;
}

static const char *fault(struct magpool *pool)
{
	return sums_fault(pool);
}

static struct {
	unsigned long runs, refused;
} figures;

/* ---- what is run under a limit ------------------------------------------- */

struct team {
	struct scenario scenario;
	pthread_barrier_t start;
	pthread_t thread[THREADS];
};

static void *member(void *argument)
{
	struct team *team = argument;

	pthread_barrier_wait(&team->start);
	if (team->scenario.pool)
		scenario_work(&team->scenario, false);
	return NULL;
}

static void run_alone(void)
{
	struct scenario scenario;

	scenario_abandon();
	if (scenario_open(&scenario, SCENARIO_ROOMY)) {
		scenario_work(&scenario, true);
		figures.refused += scenario.refused;
		scenario_close(&scenario);
	} else {
		figures.refused++;
	}
	figures.runs++;
}

/* The threads are there before the limit, and have not used the library. */
static void begin_team(struct team *team)
{
	pthread_barrier_init(&team->start, NULL, THREADS + 1);
	for (size_t i = 0; i < THREADS; i++)
		demand(pthread_create(&team->thread[i], NULL, member, team) ==
			       0,
		       "no thread");
}

static void run_team(struct team *team)
{
	bool opened = scenario_open(&team->scenario, SCENARIO_ROOMY);

	pthread_barrier_wait(&team->start);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(team->thread[i], NULL);
	pthread_barrier_destroy(&team->start);
	figures.runs++;
	if (!opened)
		return;
	figures.refused += team->scenario.refused;
	scenario_close(&team->scenario);
}

static void run_both(void)
{
	struct team team;

	begin_team(&team);
	run_alone();
	run_team(&team);
}

/* What was ended under the limit goes now. */
static void settle(void)
{
	magpool_thread_flush(NULL);
	magpool_trim(NULL);
}

/* ---- memory -------------------------------------------------------------- */

/* Twice, with the limit between `on` and `off` and without. */
static void under(const char *what, unsigned long n, bool team,
		  void (*on)(unsigned long n), void (*off)(void))
{
	struct team members;
	size_t before, after;

	snprintf(demand_label, sizeof demand_label, "%s %lu%s", what, n,
		 team ? " threads" : "");
	if (team)
		begin_team(&members);
	before = limits_mapped();
	limited = true;
	on(n);
	if (team)
		run_team(&members);
	else
		run_alone();
	off();
	limited = false;
	strncat(demand_label, " and then", 16);
	run_alone();
	settle();
	after = limits_mapped();
	demand(after <= before, "%zu bytes are mapped that were not",
	       after - before);
}

static void warm_up(void)
{
	run_both();
	run_both();
	settle();
}

static void with_address_space(int error)
{
	static const unsigned long pages[] = { 0,  1,   2,   4,   8,   15,
					       16, 20,  32,  40,  64,  80,
					       96, 128, 200, 300, 500, 1000 };

	(void)error;
	warm_up();
	for (size_t i = 0; i < 2 * LENGTH(pages); i++)
		under("address space, pages left", pages[i / 2], i & 1,
		      limits_address_space, limits_address_space_end);
	demand(figures.refused, "the limit was never met");
}

static void with_mappings(int error)
{
	(void)error;
	warm_up();
	if (!limits_mappings_begin()) {
		puts("left out: too many mappings are allowed");
		return;
	}
	for (unsigned long left = 0; left <= 40; left += left < 12 ? 1 : 7) {
		under("mappings left", left, false, limits_mappings,
		      limits_mappings_off);
		under("mappings left", left, true, limits_mappings,
		      limits_mappings_off);
	}
	limits_mappings_end();
	demand(figures.refused, "the limit was never met");
}

/* Nobody in the process has walked yet: liburcu does not know any thread. */
static void first_walk(void (*on)(unsigned long), void (*off)(void))
{
	struct magpool_stats stats;

	magpool_return(magpool_get());
	limited = true;
	on(0);
	(void)magpool_stats_read(NULL, &stats, sizeof stats);
	magpool_trim(NULL);
	off();
	limited = false;
	run_both();
	demand(stats.gets == 1, "%" PRIu64 " gets, there was one", stats.gets);
}

static void walk_with_address_space(int error)
{
	(void)error;
	first_walk(limits_address_space, limits_address_space_end);
}

static void walk_with_mappings(int error)
{
	(void)error;
	if (limits_mappings_begin())
		first_walk(limits_mappings, limits_mappings_off);
	else
		puts("left out: too many mappings are allowed");
}

/* ---- keys ---------------------------------------------------------------- */

static uint64_t caches(void)
{
	return sums_read(NULL).caches;
}

/* After the load of the library, and so of liburcu, before its first use. */
static void without_keys(int error)
{
	pthread_key_t last = limits_keys();

	(void)error;
	run_both();
	magpool_return(magpool_get());
	demand(caches() == 0, "%" PRIu64 " caches without a key", caches());
	demand(pthread_key_delete(last) == 0, "no key to delete");
	magpool_return(magpool_get());
	demand(caches() == 1, "no cache after a key was freed");
	run_both();
}

/* ---- membarrier ---------------------------------------------------------- */

#define POOLS 50

/* Nothing may fail, and nothing stays of pools that have ended. */
static void use_filtered(void)
{
	size_t before, after;

	run_both();
	settle();
	before = limits_mapped();
	for (int i = 0; i < POOLS; i++)
		run_alone();
	settle();
	after = limits_mapped();
	demand(after <= before, "%zu bytes stay of each ended pool",
	       (after - before) / (2 * POOLS));
}

static void filtered_first(int error)
{
	limits_forbid_membarrier(error);
	use_filtered();
}

struct guest {
	struct scenario *scenario;
	struct magpool_cache *cache;
};

static void *guest_run(void *argument)
{
	struct guest *guest = argument;

	scenario_use_cache(guest->scenario, guest->cache);
	return NULL;
}

/* By a thread that is not the one which used the cache first. */
static void use_elsewhere(struct scenario *scenario,
			  struct magpool_cache *cache)
{
	struct guest guest = { scenario, cache };
	pthread_t thread;

	demand(pthread_create(&thread, NULL, guest_run, &guest) == 0,
	       "no thread");
	pthread_join(thread, NULL);
}

/* While threads, a pool and an arena are there. */
static void filtered_late(int error)
{
	struct scenario scenario;
	struct magpool_arena *arena;
	struct magpool_cache *cache;
	struct team team;

	run_both();
	demand(scenario_open(&scenario, SCENARIO_ROOMY), "no pool");
	arena = magpool_get_from(scenario.pool);
	cache = scenario_cache(&scenario);
	scenario_use_cache(&scenario, cache);
	begin_team(&team);
	limits_forbid_membarrier(error);
	magpool_return(arena);
	run_team(&team);
	scenario_work(&scenario, true);
	use_elsewhere(&scenario, cache);
	scenario_use_cache(&scenario, cache);
	scenario_end_cache(&cache);
	scenario_close(&scenario);
	use_filtered();
}

/* Set before the program, liburcu too, is loaded. */
static void filtered_exec(int error)
{
	limits_forbid_membarrier(error);
	execl("/proc/self/exe", "inject-limits", "--run", "filtered", NULL);
	demand_violation("exec");
}

static void filtered(int error)
{
	(void)error;
	use_filtered();
}

/* ---- the cases ----------------------------------------------------------- */

static const struct test {
	const char *name;
	void (*run)(int error);
	int error;   /* of membarrier */
	bool memory; /* a sanitizer's own would end first */
	bool inner;  /* only run by another one */
} tests[] = {
	{ "address-space", with_address_space, 0, true, false },
	{ "address-space-walk", walk_with_address_space, 0, true, false },
	{ "mappings", with_mappings, 0, true, false },
	{ "mappings-walk", walk_with_mappings, 0, true, false },
	{ "keys", without_keys, 0, false, false },
	{ "filter-first-enosys", filtered_first, ENOSYS, false, false },
	{ "filter-first-eperm", filtered_first, EPERM, false, false },
	{ "filter-late-enosys", filtered_late, ENOSYS, false, false },
	{ "filter-late-eperm", filtered_late, EPERM, false, false },
	{ "filter-exec-enosys", filtered_exec, ENOSYS, false, false },
	{ "filter-exec-eperm", filtered_exec, EPERM, false, false },
	{ "filtered", filtered, 0, false, true },
};

static int run(const char *name)
{
	static const struct scenario_world world = {
		.failures = failures,
		.fault = fault,
	};
	const struct test *test = tests;

	while (strcmp(test->name, name) != 0)
		test++;
	scenario_begin(&world);
	demand_end_within(25);
	snprintf(demand_label, sizeof demand_label, "%s", name);
	test->run(test->error);
	printf("%lu runs, %lu calls refused\n", figures.runs, figures.refused);
	return EXIT_SUCCESS;
}

static bool passes(const struct test *test)
{
	static const char *const environment[] = { NULL };
	const char *arguments[] = { "/proc/self/exe", "--run", test->name,
				    NULL };
	struct child child;
	bool passed;

	child_run(&child, arguments, environment);
	passed = child.status == 0;
	printf("%-20s %s", test->name, child.output);
	if (!passed)
		printf("FAILED, status %#x: %s\n", (unsigned)child.status,
		       child.errors);
	child_free(&child);
	return passed;
}

int main(int argc, char **argv)
{
	unsigned passed = 0, failed = 0, left_out = 0;

	if (argc == 3)
		return run(argv[2]);
	for (size_t i = 0; i < LENGTH(tests); i++) {
		if (tests[i].inner)
			continue;
		if (tests[i].memory && LIMITS_SANITIZED)
			left_out++;
		else if (passes(&tests[i]))
			passed++;
		else
			failed++;
	}
	printf("%s: %u limits passed, %u failed, %u left out (sanitizer)\n",
	       failed ? "NOT ok" : "ok", passed, failed, left_out);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
