/* SPDX-License-Identifier: MIT */
/*
 * Call shapes: which sizes the parameters of a native call have, and how often
 * the call comes.  Read from CSV; a mix is the rows whose name begins alike.
 */
#ifndef PERF_SHAPES_H
#define PERF_SHAPES_H

#include <stddef.h>
#include <stdint.h>

/* Bounds of a row: a loop keeps one pointer per parameter on its stack. */
enum { PERF_MOST_PARAMETERS = 4096, PERF_MOST_BYTES = 16 << 20 };

struct perf_shape {
	char *call;
	uint64_t weight;
	uint32_t *sizes;
	size_t count;
};

struct perf_shapes {
	struct perf_shape *shape;
	size_t count;
};

/*
 * Reads a file, NULL = the shapes that are built in.  A line that cannot be
 * used ends the program: the line, the value, what was expected.
 */
void perf_shapes_read(struct perf_shapes *shapes, const char *file);
void perf_shapes_fini(struct perf_shapes *shapes);

#endif
