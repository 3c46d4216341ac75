/* SPDX-License-Identifier: MIT */
#include "program.h"

#include "inject.h"
#include "scenario.h"
#include "sums.h"
#include "validate.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
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
