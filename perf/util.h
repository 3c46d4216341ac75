/* SPDX-License-Identifier: MIT */
/* What every file of the tool needs: threads have their memory and time. */
#ifndef PERF_UTIL_H
#define PERF_UTIL_H

#include <stddef.h>
#include <stdint.h>

#include "tool.h"

/* What threads may share without a cost: lines are fetched in pairs. */
enum { PERF_LINE = 128 };

/* As tool_zalloc, on cache lines that no other thread's memory shares. */
void *perf_zalloc_apart(size_t size)
	__attribute__((warn_unused_result, alloc_size(1), malloc));

/* Nanoseconds that this thread had a core. */
uint64_t perf_thread_time(void);

unsigned perf_cores(void);

#endif
