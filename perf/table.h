/* SPDX-License-Identifier: MIT */
/* A table for people: columns as wide as their widest cell. */
#ifndef PERF_TABLE_H
#define PERF_TABLE_H

#include <stddef.h>
#include <stdio.h>

enum perf_style { PERF_PLAIN, PERF_STRONG, PERF_WARN };

struct perf_table;

/* A head that begins with '<' makes its column left-aligned. */
struct perf_table *perf_table_create(const char *const *heads, size_t columns);

/* The next cell; a row ends by itself after its last column. */
void perf_table_add(struct perf_table *table, enum perf_style style,
		    const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Coloured when the stream is a terminal and NO_COLOR is not set. */
void perf_table_print(const struct perf_table *table, FILE *stream);
void perf_table_destroy(struct perf_table *table);

#endif
