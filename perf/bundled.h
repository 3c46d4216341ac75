/* SPDX-License-Identifier: MIT */
/* The file call_shapes.csv, built in by embed.py. */
#ifndef PERF_BUNDLED_H
#define PERF_BUNDLED_H

#include <stddef.h>

extern const char perf_bundled_shapes[];
extern const size_t perf_bundled_shapes_size;

#endif
