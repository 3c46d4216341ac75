/* SPDX-License-Identifier: MIT */
#include "util.h"

#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <time.h>

void *perf_zalloc_apart(size_t size)
{
	size_t rounded = (size + PERF_LINE - 1) / PERF_LINE * PERF_LINE;
	void *memory = aligned_alloc(PERF_LINE, rounded);

	if (!memory)
		tool_out_of_memory();
	return memset(memory, 0, rounded);
}

uint64_t perf_thread_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

unsigned perf_cores(void)
{
	cpu_set_t set;

	/* The cores this process may use, which a container may limit. */
	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		return (unsigned)CPU_COUNT(&set);
	return 1;
}
