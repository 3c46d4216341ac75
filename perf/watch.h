/* SPDX-License-Identifier: MIT */
/* The depot's statistics on stderr, twice a second, while others work. */
#ifndef PERF_WATCH_H
#define PERF_WATCH_H

struct perf_watch;

struct perf_watch *perf_watch_start(void);
void perf_watch_stop(struct perf_watch *watch);

#endif
