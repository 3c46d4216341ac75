/* SPDX-License-Identifier: MIT */
#include "argument.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

size_t tool_split(char *list, const char **words, size_t most)
{
	size_t count = 1, length = strlen(list);

	if (*list == ',' || !length || list[length - 1] == ',' ||
	    strstr(list, ",,"))
		return 0;
	for (size_t i = 0; i < length; i++)
		count += list[i] == ',';
	if (count > most)
		return 0;
	for (size_t i = 0; i < count; i++)
		words[i] = strsep(&list, ",");
	return count;
}

double tool_number(struct argp_state *state, const char *option,
		   const char *word, double least, double most)
{
	char *end;
	double value = strtod(word, &end);

	if (end == word || *end || !(value >= least && value <= most))
		argp_error(state, "%s: `%s': expected a number from %g to %g",
			   option, word, least, most);
	return value;
}

unsigned tool_whole(struct argp_state *state, const char *option,
		    const char *word, unsigned least, unsigned most)
{
	char *end;
	unsigned long value = strtoul(word, &end, 10);

	if (end == word || *end || *word == '-' || value < least ||
	    value > most)
		argp_error(state,
			   "%s: `%s': expected a whole number from %u to %u",
			   option, word, least, most);
	return (unsigned)value;
}

void tool_add_name(char **names, const char *name)
{
	char *longer;

	if (asprintf(&longer, "%s%s%s", *names ? *names : "",
		     *names ? ", " : "", name) < 0)
		tool_out_of_memory();
	free(*names);
	*names = longer;
}
