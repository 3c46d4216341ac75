/* SPDX-License-Identifier: MIT */
/*
 * The first use of the library, and its load, while the system fails: each
 * happens once in a process, so each run is a process of its own.
 *
 *     inject-first               all of them
 *     inject-first --run PLAN    one: PLAN is as "mmap:3:once,munmap:1:on"
 *
 * The plan holds before the library's constructor runs.
 */
#include "child.h"
#include "inject.h"
#include "program.h"
#include "scenario.h"
#include "segment.h"
#include "sums.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define UNTOUCHED 4711
#define CALLS_MAX 200

/* ---- one run: the child -------------------------------------------------- */

/* Before the library's own constructor, which has no number. */
__attribute__((constructor(101))) static void arm(int argc, char **argv)
{
	struct inject_plan plans[INJECT_PLANS];

	if (argc == 3 && strcmp(argv[1], "--run") == 0 &&
	    inject_parse(argv[2], plans))
		inject_arm(plans);
}

/* A get from the default pool: NULL only for a reason. */
static void use_default(void)
{
	unsigned long failures = inject_hits_here();
	struct magpool_arena *arena;
	char *bytes;

	errno = UNTOUCHED;
	arena = magpool_get();
	demand(errno == (arena ? UNTOUCHED : ENOMEM), "get: %s with errno %d",
	       arena ? "an arena" : "NULL", errno);
	demand(arena || inject_hits_here() != failures,
	       "get: NULL without a reason");
	if (!arena)
		return;
	bytes = magpool_alloc(arena, 100);
	demand(bytes, "a new arena has no room");
	memset(bytes, 1, 100);
	errno = UNTOUCHED;
	magpool_return(arena);
	demand(errno == UNTOUCHED, "return: errno is %d", errno);
}

static void *newborn(void *argument)
{
	use_default();
	return argument;
}

static void use_all(void)
{
	struct scenario scenario;
	pthread_t thread;

	use_default();
	scenario_abandon();
	if (scenario_open(&scenario, SCENARIO_ROOMY)) {
		scenario_work(&scenario, false);
		scenario_close(&scenario);
	}
	demand(pthread_create(&thread, NULL, newborn, NULL) == 0, "no thread");
	pthread_join(thread, NULL);
	use_default();
}

/* One thread: then the child of a fork goes on also without fork handlers. */
static void check_fork(void)
{
	int status;
	pid_t child = fork();

	demand(child >= 0, "fork: errno %d", errno);
	if (child == 0) {
		use_default();
		_exit(EXIT_SUCCESS);
	}
	demand(waitpid(child, &status, 0) == child && status == 0,
	       "the child of a fork: status %#x", (unsigned)status);
}

/* How often each plan has struck, also in the child below. */
static unsigned long hits[INJECT_PLANS];

static void note_hits(void)
{
	for (size_t i = 0; i < INJECT_PLANS; i++)
		hits[i] = inject_hits(i);
}

/* The plans go on in it: a segment of its own, and a thread, are wanted. */
static _Noreturn void be_child(int out, unsigned files)
{
	const char *wrong;

	use_all();
	note_hits();
	inject_disarm();
	use_all();
	wrong = sums_fault_in_child(magpool_default());
	demand(!wrong, "in a child: %s", wrong);
	/* Is what was inherited its parent's?  If that is not to be seen, it
	 * stays open. */
	demand(program_files() <= files + (hits[0] || hits[1]),
	       "in a child: a descriptor was left");
	demand(write(out, hits, sizeof hits) == sizeof hits, "write");
	_exit(EXIT_SUCCESS);
}

static void fork_under_plans(void)
{
	int ends[2], status;
	unsigned files;
	pid_t child;

	demand(pipe(ends) == 0, "pipe");
	files = program_files();
	child = fork();
	demand(child >= 0, "fork: errno %d", errno);
	if (child == 0)
		be_child(ends[1], files);
	demand(waitpid(child, &status, 0) == child && status == 0,
	       "the child of a fork under plans: status %#x", (unsigned)status);
	demand(read(ends[0], hits, sizeof hits) == sizeof hits, "read");
	close(ends[0]);
	close(ends[1]);
}

static int run(const char *text)
{
	struct magpool_stats stats;
	const char *wrong;
	unsigned int shown;
	size_t baseline;

	program_begin();
	snprintf(demand_label, sizeof demand_label, "first %s", text);
	baseline = program_files();
	use_all();
	fork_under_plans();
	inject_disarm();
	strncat(demand_label, " and then", 16);
	use_all();
	check_fork();
	wrong = scenario_world->fault(magpool_default());
	demand(!wrong, "%s", wrong);
	magpool_thread_flush(NULL);
	magpool_trim(NULL);
	(void)magpool_stats_read(NULL, &stats, sizeof stats);
	shown = segment_count(getpid());
	demand(shown <= 1 && program_files() == baseline + shown,
	       "a descriptor was left");
	/* What others see is nothing that anybody needs. */
	printf("%lu %lu %zu %" PRIu64 "\n", hits[0], hits[1],
	       inject_live() - shown * MP_LIVE_BYTES, stats.caches);
	return EXIT_SUCCESS;
}

/* ---- all of them: the parent --------------------------------------------- */

struct outcome {
	unsigned long hits[INJECT_PLANS];
	size_t live;
	unsigned caches;
};

/* Where to, besides stderr: lines of JSON, for the first use and the last. */
static char statistics[64] =
	"MAGPOOL_STATS=exit,json:/tmp/magpool-inject-XXXXXX";

static char *const file = statistics + sizeof "MAGPOOL_STATS=exit,json:" - 1;

/* The file is full at the start of each run. */
static void fill_file(void)
{
	demand(truncate(file, (off_t)16 << 20) == 0, "truncate: errno %d",
	       errno);
}

static void make_file(void)
{
	static const char start[] = "{\"magpool\":\"";
	int made = mkstemp(file);

	demand(made >= 0, "no file: errno %d", errno);
	demand(write(made, start, sizeof start - 1) == sizeof start - 1,
	       "write: errno %d", errno);
	close(made);
}

static struct outcome spawn(const struct inject_plan plans[INJECT_PLANS])
{
	/*
	 * Statistics at exit: a first use then calls atexit() too.  The thread
	 * sleeps while all this happens; ThreadSanitizer has no threads in the
	 * child of a process that has several.
	 */
	const char *environment[] = {
		statistics,
		PROGRAM_SLOW ? NULL : "MAGPOOL_BACKGROUND=1",
		NULL,
	};
	const char *arguments[] = { "/proc/self/exe", "--run", demand_label,
				    NULL };
	struct outcome outcome;
	struct child child;

	inject_print(demand_label, sizeof demand_label, plans);
	fill_file();
	child_run(&child, arguments, environment);
	if (child.status != 0)
		fputs(child.errors, stderr);
	demand(child.status == 0, "status %#x of the run",
	       (unsigned)child.status);
	demand(sscanf(child.output, "%lu %lu %zu %u", &outcome.hits[0],
		      &outcome.hits[1], &outcome.live, &outcome.caches) == 4,
	       "what is this: %s", child.output);
	child_free(&child);
	return outcome;
}

/* What every run has to end with: as if nothing had failed. */
static void compare(const struct outcome *outcome)
{
	static const struct inject_plan none[INJECT_PLANS];
	static struct outcome wanted;
	char label[sizeof demand_label];

	memcpy(label, demand_label, sizeof label);
	if (!wanted.live)
		wanted = spawn(none);
	memcpy(demand_label, label, sizeof label);
	demand(outcome->live == wanted.live,
	       "%zu bytes are mapped, %zu are without failures", outcome->live,
	       wanted.live);
	demand(outcome->caches == wanted.caches,
	       "%u caches, %u without failures", outcome->caches,
	       wanted.caches);
}

static bool run_once(const struct inject_plan plans[INJECT_PLANS],
		     bool struck[INJECT_PLANS])
{
	struct outcome outcome = spawn(plans);

	for (size_t i = 0; i < INJECT_PLANS; i++) {
		struck[i] = outcome.hits[i] != 0;
		if (plans[i].failure && struck[i])
			inject_add(plans[i].failure->kind, outcome.hits[i]);
	}
	compare(&outcome);
	program_count(struck[0] || struck[1]);
	return struck[0];
}

static void loop_one(const struct inject_failure *failure, bool onwards)
{
	struct inject_plan plans[INJECT_PLANS] = { { failure, 1, onwards } };
	bool struck[INJECT_PLANS];

	while (run_once(plans, struck)) {
		plans[0].at += PROGRAM_SLOW_START ? 2 : 1;
		demand(plans[0].at < CALLS_MAX, "no run passes untouched");
	}
}

static void fail_first(const struct inject_failure *failure)
{
	struct inject_plan plans[INJECT_PLANS] = { { failure, 1, false } };
	bool struck[INJECT_PLANS];

	demand(run_once(plans, struck), "nothing was written");
}

/* What a first use needs besides memory fails, and a little later memory. */
static void loop_pair(const struct inject_failure *one,
		      const struct inject_failure *other)
{
	struct inject_plan plans[INJECT_PLANS] = { { one, 1, true },
						   { other, 1, false } };
	bool struck[INJECT_PLANS];

	do {
		run_once(plans, struck);
		plans[1].at += PROGRAM_SLOW_START ? 5 : 1;
		demand(plans[1].at < CALLS_MAX, "pairs without an end");
	} while (struck[1]);
}

static void run_all(void)
{
	const struct inject_failure *failure = inject_failures;
	const struct inject_failure *mmap = inject_find("mmap");

	for (; failure->name; failure++) {
		/*
		 * The first one is the line of JSON.  Of the table at exit a
		 * line is a call, and all are alike.
		 */
		if (failure->kind == INJECT_WRITE) {
			fail_first(failure);
			continue;
		}
		loop_one(failure, false);
		loop_one(failure, true);
		if (failure->kind != INJECT_MMAP)
			loop_pair(failure, mmap);
	}
}

int main(int argc, char **argv)
{
	if (argc == 3)
		return run(argv[2]);
	program_begin();
	make_file();
	run_all();
	return program_end(1u << INJECT_MMAP | 1u << INJECT_MUNMAP |
			   1u << INJECT_MADVISE | 1u << INJECT_MEMBARRIER |
			   1u << INJECT_KEY_CREATE | 1u << INJECT_SETSPECIFIC |
			   1u << INJECT_ATFORK | 1u << INJECT_ATEXIT |
			   1u << INJECT_AFFINITY | 1u << INJECT_MEMFD |
			   1u << INJECT_FTRUNCATE | 1u << INJECT_SEALS |
			   1u << INJECT_LIMIT | 1u << INJECT_PREAD |
			   (PROGRAM_SLOW ? 0 : 1u << INJECT_THREAD));
}
