/* SPDX-License-Identifier: MIT */
#include "util.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <time.h>

void perf_die(int status, const char *format, ...)
{
	va_list arguments;

	fflush(stdout);
	fputs("magpool-perf: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(status);
}

void perf_out_of_memory(void)
{
	perf_die(PERF_EXIT_FAILED, "out of memory");
}

void *perf_zalloc(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);

	if (!memory)
		perf_out_of_memory();
	return memory;
}

void *perf_zalloc_apart(size_t size)
{
	size_t rounded = (size + PERF_LINE - 1) / PERF_LINE * PERF_LINE;
	void *memory = aligned_alloc(PERF_LINE, rounded);

	if (!memory)
		perf_out_of_memory();
	return memset(memory, 0, rounded);
}

void *perf_grow(void *array, size_t count, size_t size)
{
	/* Of nothing it would free the array, and give NULL. */
	void *memory = reallocarray(array, count ? count : 1, size);

	if (!memory)
		perf_out_of_memory();
	return memory;
}

static uint64_t read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t perf_now(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t perf_thread_time(void)
{
	return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

unsigned perf_cores(void)
{
	cpu_set_t set;

	/* The cores this process may use, which a container may limit. */
	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		return (unsigned)CPU_COUNT(&set);
	return 1;
}
