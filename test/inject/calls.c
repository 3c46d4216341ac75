/* SPDX-License-Identifier: MIT */
/*
 * Every call to the system fails, one after the other: the first one, the
 * second one..., once and from then on, alone and in pairs, in one thread and
 * in four at once, until a run passes untouched.  After each run the sums
 * hold, the same work succeeds, and the process has what it had before.
 *
 * All in one process that has used the library before; the first use is
 * first.c's.
 */
#include "inject.h"
#include "program.h"
#include "scenario.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 4

/* A run that never passes untouched is a loop in the library. */
#define CALLS_MAX 5000

static struct inject_plan plans[INJECT_PLANS];
static size_t baseline; /* bytes that the library keeps between runs */
static unsigned files;

/* ---- what is run --------------------------------------------------------- */

struct member {
	struct scenario *scenario;
	pthread_barrier_t *start;
	pthread_t thread;
	bool all; /* of the work, or a touch */
};

static void *member_run(void *argument)
{
	struct member *member = argument;

	pthread_barrier_wait(member->start);
	if (member->all)
		scenario_work(member->scenario, false);
	else
		scenario_touch(member->scenario);
	return NULL;
}

/* Starts threads before the plans hold, and joins them while they do. */
static void run_threads(struct scenario *scenario, unsigned count, bool all)
{
	struct member members[THREADS];
	pthread_barrier_t start;

	pthread_barrier_init(&start, NULL, count + 1);
	for (unsigned i = 0; i < count; i++) {
		members[i] = (struct member){ scenario, &start, 0, all };
		demand(pthread_create(&members[i].thread, NULL, member_run,
				      &members[i]) == 0,
		       "no thread");
	}
	inject_arm(plans);
	pthread_barrier_wait(&start);
	for (unsigned i = 0; i < count; i++)
		pthread_join(members[i].thread, NULL);
	pthread_barrier_destroy(&start);
}

static void run_alone(enum scenario_kind kind, bool all)
{
	struct scenario scenario;

	inject_arm(plans);
	scenario_abandon();
	if (scenario_open(&scenario, kind)) {
		scenario_work(&scenario, all);
		scenario_close(&scenario);
	}
	inject_disarm();
}

static void run_roomy(void)
{
	run_alone(SCENARIO_ROOMY, true);
}

/* Shorter: for pairs, of which there are as many as its square. */
static void run_brief(void)
{
	run_alone(SCENARIO_ROOMY, false);
}

static void run_tight(void)
{
	run_alone(SCENARIO_TIGHT, true);
}

static void run_zero(void)
{
	run_alone(SCENARIO_ZERO, true);
}

static void run_crowd(enum scenario_kind kind, unsigned count, bool all)
{
	struct scenario scenario;

	demand(scenario_open(&scenario, kind), "no pool");
	run_threads(&scenario, count, all);
	scenario_close(&scenario);
	inject_disarm();
}

/* A thread is born, uses the pool once and ends. */
static void run_newborn(void)
{
	run_crowd(SCENARIO_ROOMY, 1, false);
}

static void run_four(void)
{
	run_crowd(SCENARIO_ROOMY, THREADS, true);
}

static void run_four_tight(void)
{
	run_crowd(SCENARIO_TIGHT, THREADS, true);
}

struct handover {
	struct scenario *scenario;
	struct magpool_cache *cache;
	pthread_barrier_t turn;
	pthread_t thread;
};

static void *second_user(void *argument)
{
	struct handover *handover = argument;

	pthread_barrier_wait(&handover->turn);
	if (handover->cache)
		scenario_use_cache(handover->scenario, handover->cache);
	return NULL;
}

static void use_by_turns(struct handover *handover)
{
	struct scenario *scenario = handover->scenario;

	handover->cache = scenario_cache(scenario);
	if (handover->cache)
		scenario_use_cache(scenario, handover->cache);
	pthread_barrier_wait(&handover->turn);
	pthread_join(handover->thread, NULL);
	if (handover->cache) {
		scenario_use_cache(scenario, handover->cache);
		scenario_end_cache(&handover->cache);
	}
}

/* An explicit cache goes from the thread that used it first to another one. */
static void run_handover(void)
{
	struct scenario scenario;
	struct handover handover = { .scenario = &scenario };

	demand(scenario_open(&scenario, SCENARIO_ROOMY), "no pool");
	pthread_barrier_init(&handover.turn, NULL, 2);
	demand(pthread_create(&handover.thread, NULL, second_user, &handover) ==
		       0,
	       "no thread");
	inject_arm(plans);
	use_by_turns(&handover);
	pthread_barrier_destroy(&handover.turn);
	scenario_close(&scenario);
	inject_disarm();
}

static void run_print(void)
{
	inject_arm(plans);
	scenario_print(NULL);
	inject_disarm();
}

/* ---- after each run ------------------------------------------------------ */

/* Collects what waited for the system to work again. */
static void settle(void)
{
	magpool_thread_flush(NULL);
	magpool_trim(NULL);
}

static void check_after(void (*run)(void))
{
	static const struct inject_plan none[INJECT_PLANS];
	struct inject_plan tried[INJECT_PLANS];
	size_t live;

	memcpy(tried, plans, sizeof tried);
	memcpy(plans, none, sizeof plans);
	strncat(demand_label, " and then", 16);
	run();
	settle();
	/* What munmap refused is unmapped by now, too. */
	live = inject_live();
	demand(live == baseline, "%zu bytes are mapped, %zu were before", live,
	       baseline);
	demand(program_files() == files, "a descriptor was left");
	memcpy(plans, tried, sizeof plans);
}

/* One run under the plans; which of them struck. */
static void run_once(const char *name, void (*run)(void),
		     bool struck[INJECT_PLANS])
{
	int used = snprintf(demand_label, sizeof demand_label, "%s ", name);

	inject_print(demand_label + used, sizeof demand_label - (size_t)used,
		     plans);
	run();
	for (size_t i = 0; i < INJECT_PLANS; i++)
		struck[i] = inject_hits(i) != 0;
	program_count(struck[0] || struck[1]);
	check_after(run);
}

/* ---- loops --------------------------------------------------------------- */

struct work {
	const char *name;
	void (*run)(void);
	const char *failures; /* names, each with a blank behind */
	bool pairs;
	bool debug;    /* also with debug arenas, which are slow */
	unsigned calm; /* untouched runs in a row that end a loop */
	unsigned step; /* of N, under the slowest sanitizer */
};

/* Threads that race make now more calls, now fewer: one calm run is chance. */
static const struct work works[] = {
	{ "roomy", run_roomy,
	  "mmap munmap madvise membarrier membarrier-eperm ", false, false, 1,
	  2 },
	{ "brief", run_brief, "mmap munmap madvise membarrier mprotect ", true,
	  true, 1, 2 },
	{ "tight", run_tight, "mmap munmap madvise ", false, false, 1, 2 },
	{ "zero", run_zero, "mmap munmap ", false, false, 1, 2 },
	{ "newborn", run_newborn, "mmap setspecific munmap ", true, true, 1,
	  1 },
	{ "four", run_four, "mmap munmap madvise setspecific ", true, false, 3,
	  4 },
	{ "four-tight", run_four_tight, "mmap munmap madvise ", false, false, 3,
	  4 },
	{ "handover", run_handover, "mmap munmap membarrier membarrier-eperm ",
	  true, false, 1, 1 },
	{ "print", run_print, "write ", false, false, 1, 2 },
};

static bool concerns(const struct work *work,
		     const struct inject_failure *failure)
{
	char name[40];

	snprintf(name, sizeof name, "%s ", failure->name);
	for (const char *at = work->failures; (at = strstr(at, name)); at++) {
		if (at == work->failures || at[-1] == ' ')
			return true;
	}
	return false;
}

static void loop_one(const struct work *work,
		     const struct inject_failure *failure, bool onwards)
{
	unsigned step = PROGRAM_SLOW ? work->step : 1;
	bool struck[INJECT_PLANS];
	unsigned calm = 0;

	for (unsigned long n = 1; calm < work->calm; n += step) {
		demand(n < CALLS_MAX, "no run passes untouched");
		plans[0] = (struct inject_plan){ failure, n, onwards };
		run_once(work->name, work->run, struck);
		calm = struck[0] ? 0 : calm + 1;
	}
	memset(plans, 0, sizeof plans);
}

/*
 * Two that fail in one run.  The second count starts anew for each first one,
 * and ends when that strikes no more.
 */
static void loop_pair(const struct work *work, const struct inject_failure *one,
		      const struct inject_failure *other)
{
	unsigned step = PROGRAM_SLOW ? 4 : work->calm > 1 ? 2 : 1;
	bool first[INJECT_PLANS] = { true };

	for (unsigned long n = 1; first[0]; n += step) {
		bool struck[INJECT_PLANS] = { true, true };

		first[0] = false;
		for (unsigned long m = 1; struck[1]; m += step) {
			demand(m < CALLS_MAX, "pairs without an end");
			plans[0] = (struct inject_plan){ one, n, false };
			plans[1] = (struct inject_plan){ other, m, false };
			run_once(work->name, work->run, struck);
			first[0] |= struck[0];
		}
	}
	memset(plans, 0, sizeof plans);
}

static void loop_pairs(const struct work *work)
{
	const struct inject_failure *one = inject_failures;

	for (; one->name; one++) {
		const struct inject_failure *other = inject_failures;

		for (; concerns(work, one) && other->name; other++) {
			if (concerns(work, other) && other->kind >= one->kind)
				loop_pair(work, one, other);
		}
	}
}

/* NULL: all works; else those that debug arenas are for, without pairs. */
static const char *level;

static bool is_chosen(const struct work *work)
{
	return !level || work->debug;
}

static void warm_up(void)
{
	bool struck[INJECT_PLANS];

	/* Tables of the process grow to what the work needs, and stay. */
	for (size_t i = 0; i < PROGRAM_LENGTH(works); i++) {
		if (is_chosen(&works[i]))
			works[i].run();
		settle();
	}
	baseline = inject_live();
	files = program_files();
	for (size_t i = 0; i < PROGRAM_LENGTH(works); i++) {
		if (is_chosen(&works[i]))
			run_once(works[i].name, works[i].run, struck);
	}
}

static void loop_all(const struct work *work)
{
	const struct inject_failure *failure = inject_failures;

	for (; failure->name; failure++) {
		if (!concerns(work, failure))
			continue;
		loop_one(work, failure, false);
		loop_one(work, failure, true);
	}
	if (work->pairs && !level)
		loop_pairs(work);
}

int main(int argc, char **argv)
{
	if (argc == 2 && strncmp(argv[1], "--debug=", 8) == 0) {
		level = argv[1] + 8;
		setenv("MAGPOOL_DEBUG", level, true);
	}
	program_begin();
	warm_up();
	for (size_t i = 0; i < PROGRAM_LENGTH(works); i++) {
		if (is_chosen(&works[i]))
			loop_all(&works[i]);
	}
	if (level)
		return program_end(1u << INJECT_MMAP | 1u << INJECT_MUNMAP |
				   (*level == '2' ? 1u << INJECT_MPROTECT : 0));
	return program_end(1u << INJECT_MMAP | 1u << INJECT_MUNMAP |
			   1u << INJECT_MADVISE | 1u << INJECT_MEMBARRIER |
			   1u << INJECT_SETSPECIFIC | 1u << INJECT_WRITE);
}
