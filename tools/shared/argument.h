/* SPDX-License-Identifier: MIT */
/*
 * Values of options, on top of argp.  What cannot be used ends the program,
 * with the option, the value and what was expected.
 */
#ifndef TOOL_ARGUMENT_H
#define TOOL_ARGUMENT_H

#include <argp.h>
#include <stddef.h>

/* Splits a list at its commas, in place; 0 = that is no list. */
size_t tool_split(char *list, const char **words, size_t most);

double tool_number(struct argp_state *state, const char *option,
		   const char *word, double least, double most);
unsigned tool_whole(struct argp_state *state, const char *option,
		    const char *word, unsigned least, unsigned most);

/* "a" becomes "a, b"; *names is to be freed, NULL = none yet. */
void tool_add_name(char **names, const char *name);

#endif
