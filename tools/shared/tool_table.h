/* SPDX-License-Identifier: MIT */
/* A table for people: columns as wide as their widest cell. */
#ifndef TOOL_TABLE_H
#define TOOL_TABLE_H

#include <stddef.h>
#include <stdio.h>

enum tool_style { TOOL_PLAIN, TOOL_STRONG, TOOL_WARN };

struct tool_table;

/* A head that begins with '<' makes its column left-aligned. */
struct tool_table *tool_table_create(const char *const *heads, size_t columns);

/* The next cell; a row ends by itself after its last column. */
void tool_table_add(struct tool_table *table, enum tool_style style,
		    const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Coloured when the stream is a terminal and NO_COLOR is not set. */
void tool_table_print(const struct tool_table *table, FILE *stream);
void tool_table_destroy(struct tool_table *table);

#endif
