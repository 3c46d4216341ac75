/* SPDX-License-Identifier: MIT */
#include "option.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

const struct tool_option tool_options[] = {
#define MP_OPTION(field, name, type, minimum, maximum, initial, unit, text) \
	{ name, TOOL_##type, minimum, maximum, initial, unit, text },
#include "config.def"
#undef MP_OPTION
};

const size_t tool_option_count = sizeof(tool_options) / sizeof(*tool_options);

static const char *show_bytes(char *out, size_t value)
{
	static const char units[] = "KMG";
	size_t unit = 0;

	for (; unit < 3 && value && value % 1024 == 0; unit++)
		value /= 1024;
	if (unit)
		snprintf(out, TOOL_VALUE_ROOM, "%zu%c", value, units[unit - 1]);
	else
		snprintf(out, TOOL_VALUE_ROOM, "%zu", value);
	return out;
}

static const char *show_time(char *out, size_t value)
{
	static const struct {
		const char *name;
		size_t length;
	} units[] = {
		{ "h", 3600000 }, { "min", 60000 }, { "s", 1000 }, { "ms", 1 }
	};
	size_t unit = 0;

	while (value % units[unit].length)
		unit++;
	snprintf(out, TOOL_VALUE_ROOM, "%zu%s", value / units[unit].length,
		 units[unit].name);
	return out;
}

/* "a,b" as "a, b" and what is behind it: as the others. */
static const char *show_list(char *out, const char *words, const char *end)
{
	size_t room = TOOL_RANGE_ROOM - strlen(end) - 2;
	size_t at = 0;

	for (; *words && at < room; words++) {
		out[at++] = *words;
		if (*words == ',')
			out[at++] = ' ';
	}
	memcpy(out + at, end, strlen(end) + 1);
	return out;
}

const char *tool_option_range(char *out, const struct tool_option *option)
{
	char minimum[TOOL_VALUE_ROOM];
	char maximum[TOOL_VALUE_ROOM];

	switch (option->type) {
	case TOOL_BOOL:
		return "0, 1, no, yes, off, on";
	case TOOL_WORDS:
		return show_list(out, option->unit, ", off");
	case TOOL_CHOICE:
		return show_list(out, option->unit, "");
	case TOOL_COUNT:
		snprintf(out, TOOL_RANGE_ROOM, "%zu to %zu", option->minimum,
			 option->maximum);
		return out;
	case TOOL_TIME:
		snprintf(out, TOOL_RANGE_ROOM, "%s to %s, or off",
			 show_time(minimum, option->minimum),
			 show_time(maximum, option->maximum));
		return out;
	case TOOL_BYTES:
		break;
	}
	show_bytes(minimum, option->minimum);
	if (option->maximum == SIZE_MAX)
		snprintf(out, TOOL_RANGE_ROOM, "from %s, or none", minimum);
	else
		snprintf(out, TOOL_RANGE_ROOM, "%s to %s", minimum,
			 show_bytes(maximum, option->maximum));
	return out;
}

/* The words whose bits are set. */
static const char *show_words(char *out, const char *words, size_t bits)
{
	size_t length = 0;

	*out = '\0';
	for (; bits && length < TOOL_VALUE_ROOM; bits >>= 1) {
		int word = (int)strcspn(words, ",");

		if (bits & 1)
			length += (size_t)snprintf(out + length,
						   TOOL_VALUE_ROOM - length,
						   "%s%.*s", length ? "," : "",
						   word, words);
		words += word + (words[word] == ',');
	}
	return length ? out : "off";
}

const char *tool_option_default(char *out, const struct tool_option *option)
{
	switch (option->type) {
	case TOOL_BOOL:
		return option->initial ? "on" : "off";
	case TOOL_WORDS:
		return show_words(out, option->unit, option->initial);
	case TOOL_CHOICE:
		return show_words(out, option->unit,
				  (size_t)1 << option->initial);
	case TOOL_TIME:
		return option->initial ? show_time(out, option->initial)
				       : "off";
	case TOOL_COUNT:
		if (option->initial < option->minimum)
			return "automatic";
		break;
	case TOOL_BYTES:
		if (option->initial == SIZE_MAX)
			return "none";
		break;
	}
	return show_bytes(out, option->initial);
}
