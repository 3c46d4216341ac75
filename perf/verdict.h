/* SPDX-License-Identifier: MIT */
/* Whether a figure was measured cleanly, and if not, why. */
#ifndef PERF_VERDICT_H
#define PERF_VERDICT_H

#include <stddef.h>

struct perf_group;
struct perf_trial;

/* Room for any verdict. */
enum { PERF_VERDICT_ROOM = 96 };

/* Writes what was wrong, or nothing when the figure is clean. */
void perf_verdict(const struct perf_group *group,
		  const struct perf_trial *trial, size_t repeats, char *text);

#endif
