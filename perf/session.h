/* SPDX-License-Identifier: MIT */
/* A group being run: its crew, and what each thread is told. */
#ifndef PERF_SESSION_H
#define PERF_SESSION_H

#include <stddef.h>

#include "crew.h"

struct perf_plan;
struct perf_session;

/* Of the group with that number in the plan; fills in its lanes and turns. */
struct perf_session *perf_session_open(struct perf_plan *plan, size_t group);
/* One batch of the trial with that number in the group. */
struct perf_taken perf_session_run(struct perf_session *session, size_t trial);
void perf_session_close(struct perf_session *session);

#endif
