/* SPDX-License-Identifier: MIT */
/*
 * The calls of a mix in the order in which they are replayed, made before any
 * clock runs, the same in every run.
 *
 * Each call comes as often as its weight says.  The frequent ones come in
 * rounds that are all alike, short enough for the branch predictor to learn,
 * as it does in a program, where every call has code of its own; what is too
 * rare for every round comes in some of them.
 */
#ifndef PERF_SEQUENCE_H
#define PERF_SEQUENCE_H

#include <stddef.h>
#include <stdint.h>

struct perf_shapes;

struct perf_sequence {
	char *mix;
	uint32_t *stream; /* for each call: count, then that many sizes */
	uint32_t *end;
	size_t calls;      /* calls in the stream */
	size_t parameters; /* parameters in the stream */
	size_t bytes;      /* bytes in the stream */
	size_t most;       /* bytes of the largest call, each rounded to 16 */
};

/* The rows of shapes whose name begins with mix; NULL if there is none. */
struct perf_sequence *perf_sequence_make(const struct perf_shapes *shapes,
					 const char *mix);
void perf_sequence_free(struct perf_sequence *sequence);

#endif
