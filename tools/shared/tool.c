/* SPDX-License-Identifier: MIT */
#include "tool.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void tool_die(int status, const char *format, ...)
{
	va_list arguments;

	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(status);
}

void tool_out_of_memory(void)
{
	tool_die(TOOL_EXIT_FAILED, "out of memory");
}

void tool_finish_output(void)
{
	if (fflush(stdout) != 0)
		tool_die(TOOL_EXIT_FAILED, "output: %s", strerror(errno));
}

void *tool_zalloc(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);

	if (!memory)
		tool_out_of_memory();
	return memory;
}

void *tool_grow(void *array, size_t count, size_t size)
{
	/* Of nothing it would free the array, and give NULL. */
	void *memory = reallocarray(array, count ? count : 1, size);

	if (!memory)
		tool_out_of_memory();
	return memory;
}

uint64_t tool_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void tool_print_wrapped(const char *text, int indent, FILE *stream)
{
	int column = 0;

	while (*text) {
		int length = (int)strcspn(text, " ");

		if (column && column + 1 + length > TOOL_COLUMNS) {
			fputc('\n', stream);
			column = 0;
		}
		fprintf(stream, "%*s%.*s", column ? 1 : indent, "", length,
			text);
		column += (column ? 1 : indent) + length;
		text += length;
		text += strspn(text, " ");
	}
	fputc('\n', stream);
}
