/* SPDX-License-Identifier: MIT */
/* What every file of the tool needs: an end with a message, memory, time. */
#ifndef PERF_UTIL_H
#define PERF_UTIL_H

#include <stddef.h>
#include <stdint.h>

/* Exit statuses: the run failed; what was asked for makes no sense. */
enum { PERF_EXIT_FAILED = 1, PERF_EXIT_USAGE = 2 };

/* What threads may share without a cost: lines are fetched in pairs. */
enum { PERF_LINE = 128 };

/* Prints "magpool-perf: " and the message on stderr, and exits. */
_Noreturn void perf_die(int status, const char *format, ...)
	__attribute__((format(printf, 2, 3), cold));

/* The end of a loop whose peer gave no memory. */
_Noreturn void perf_out_of_memory(void) __attribute__((cold));

/* Zeroed memory, or the end of the program. */
void *perf_zalloc(size_t count, size_t size)
	__attribute__((warn_unused_result, alloc_size(1, 2), malloc));

/* The same, on cache lines that no other thread's memory shares. */
void *perf_zalloc_apart(size_t size)
	__attribute__((warn_unused_result, alloc_size(1), malloc));

/* `array` with room for count elements, or the end of the program. */
void *perf_grow(void *array, size_t count, size_t size)
	__attribute__((warn_unused_result, alloc_size(2, 3)));

/* Nanoseconds of a clock that only goes forward. */
uint64_t perf_now(void);

/* Nanoseconds that this thread had a core. */
uint64_t perf_thread_time(void);

unsigned perf_cores(void);

#endif
