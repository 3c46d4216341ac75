/* SPDX-License-Identifier: MIT */
#include "program.h"

#include "child.h"
#include "inject.h"
#include "scenario.h"
#include "sums.h"
#include "validate.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define SECONDS_MAX 110

static unsigned long runs, struck_runs;
static struct timespec started;

/* Both: the structures themselves, and what the public statistics say. */
static const char *fault(struct magpool *pool)
{
	const char *wrong = mp_validate(pool);

	return wrong ? wrong : sums_fault(pool);
}

void program_begin(void)
{
	static struct scenario_world world = {
		.failures = inject_hits_here,
		.fault = fault,
		.released = inject_released,
	};

	const char *level = getenv("MAGPOOL_DEBUG");

	world.keeps_slabs = level && *level == '2';
	clock_gettime(CLOCK_MONOTONIC, &started);
	scenario_begin(&world);
	demand_end_within(SECONDS_MAX);
}

unsigned program_files(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned files = 0;

	demand(directory != NULL, "no /proc/self/fd");
	while (readdir(directory))
		files++;
	closedir(directory);
	return files;
}

void program_count(bool struck)
{
	runs++;
	struck_runs += struck;
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - started.tv_sec) +
	       (double)(now.tv_nsec - started.tv_nsec) * 1e-9;
}

int program_end(unsigned kinds)
{
	unsigned long all = 0;

	for (unsigned kind = 0; kind < INJECT_KINDS; kind++) {
		unsigned long total = inject_total((enum inject_kind)kind);
		const char *name = inject_kind_name((enum inject_kind)kind);

		all += total;
		if (total)
			printf("%12lu  %s\n", total, name);
		demand(total || !(kinds >> kind & 1),
		       "%s never failed: it is not called", name);
	}
	printf("ok: %lu failures injected in %lu of %lu runs, %.1f s\n", all,
	       struck_runs, runs, seconds());
	return EXIT_SUCCESS;
}

/* ---- runs in processes of their own -------------------------------------- */

void program_end_child(pid_t child)
{
	int status = 0;

	demand(child > 0, "fork: errno %d", errno);
	demand(waitpid(child, &status, 0) == child && status == 0,
	       "the child of a fork: status %#x", (unsigned)status);
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

int program_runs(int argc, char **argv, const struct program_run *run,
		 size_t count)
{
	const char *name = argc == 3 ? argv[2] : NULL;

	program_begin();
	for (size_t i = 0; i < count; i++) {
		if (!name)
			spawn(run[i].name);
		else if (strcmp(run[i].name, name) == 0)
			run[i].run();
	}
	if (!name)
		printf("%zu runs: ok\n", count);
	return EXIT_SUCCESS;
}
