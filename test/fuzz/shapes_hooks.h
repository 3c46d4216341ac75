/* SPDX-License-Identifier: MIT */
/*
 * Read before perf/shapes.c when it is built for its fuzz target: a refusal
 * ends the tool, so it frees nothing.  Here it has to: the target notes what
 * the parser takes.
 */
#ifndef TEST_FUZZ_SHAPES_HOOKS_H
#define TEST_FUZZ_SHAPES_HOOKS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The input, whatever the name. */
FILE *hooked_open(const char *name, const char *mode);
/* As the calls they stand for; what they take is noted. */
ssize_t hooked_getline(char **line, size_t *room, FILE *stream);
char *hooked_strdup(const char *text);
int hooked_close(FILE *stream);

#define fopen hooked_open
#define fclose hooked_close
#define getline hooked_getline
#undef strdup
#define strdup hooked_strdup

#endif
