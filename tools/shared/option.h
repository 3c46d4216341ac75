/* SPDX-License-Identifier: MIT */
/* The environment variables of src/config.def, as people read them. */
#ifndef TOOL_OPTION_H
#define TOOL_OPTION_H

#include <stddef.h>

enum { TOOL_VALUE_ROOM = 32, TOOL_RANGE_ROOM = 80 };

struct tool_option {
	const char *name;
	enum {
		TOOL_BYTES,
		TOOL_COUNT,
		TOOL_BOOL,
		TOOL_WORDS,
		TOOL_CHOICE,
		TOOL_TIME
	} type;
	size_t minimum;
	size_t maximum;
	size_t initial;
	const char *unit;
	const char *text;
};

extern const struct tool_option tool_options[];
extern const size_t tool_option_count;

/* Which values there are, and the one that it has by itself. */
const char *tool_option_range(char *out, const struct tool_option *option);
const char *tool_option_default(char *out, const struct tool_option *option);

#endif
