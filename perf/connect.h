/* SPDX-License-Identifier: MIT */
/* How the threads of a batch are connected with rings. */
#ifndef PERF_CONNECT_H
#define PERF_CONNECT_H

#include "work.h"

/* Thread 0 gives to 1, 2 to 3 ... */
void perf_connect_pairs(struct perf_work *work, unsigned threads);
/* Thread 0 gives to each of the others, in turn. */
void perf_connect_fan_out(struct perf_work *work, unsigned threads);
/* Each of the others gives to thread 0, which takes from them in turn. */
void perf_connect_fan_in(struct perf_work *work, unsigned threads);
/* Each thread gives to the next one, and takes from the one before. */
void perf_connect_circle(struct perf_work *work, unsigned threads);

/* Frees the rings of all. */
void perf_disconnect(struct perf_work *work, unsigned threads);

#endif
