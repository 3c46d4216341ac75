/* SPDX-License-Identifier: MIT */
/* A thread that looks at the depot every now and then, while others work. */
#ifndef PERF_SAMPLER_H
#define PERF_SAMPLER_H

#include <stdint.h>

struct perf_depot;
struct perf_sampler;

/* Calls `see` with the statistics and the ns since the start. */
struct perf_sampler *perf_sampler_start(uint64_t interval_ns,
					void (*see)(void *context,
						    const struct perf_depot *,
						    uint64_t ns),
					void *context);
void perf_sampler_stop(struct perf_sampler *sampler);

#endif
