/* SPDX-License-Identifier: MIT */
/* What every program of ours needs: an end with a message, memory, time. */
#ifndef TOOL_TOOL_H
#define TOOL_TOOL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Exit statuses: the run failed; what was asked for makes no sense. */
enum { TOOL_EXIT_FAILED = 1, TOOL_EXIT_USAGE = 2 };

/* Prints the program's name and the message on stderr, and exits. */
_Noreturn void tool_die(int status, const char *format, ...)
	__attribute__((format(printf, 2, 3), cold));

_Noreturn void tool_out_of_memory(void) __attribute__((cold));

/* Ends the program when what it printed did not arrive: full disk, no pipe. */
void tool_finish_output(void);

enum { TOOL_COLUMNS = 79 };

/* Zeroed memory, or the end of the program. */
void *tool_zalloc(size_t count, size_t size)
	__attribute__((warn_unused_result, alloc_size(1, 2), malloc));

/* `array` with room for count elements, or the end of the program. */
void *tool_grow(void *array, size_t count, size_t size)
	__attribute__((warn_unused_result, alloc_size(2, 3)));

/* A text in lines of TOOL_COLUMNS at most. */
void tool_print_wrapped(const char *text, int indent, FILE *stream);

/* Nanoseconds of a clock that only goes forward. */
uint64_t tool_now(void);

#endif
