/* SPDX-License-Identifier: MIT */
#ifndef PERF_COMPARE_H
#define PERF_COMPARE_H

#include <stdio.h>

/*
 * Prints what changed from one result of --json to another, and whether it is
 * more than the spread.  A file that is none ends the program, with status 2.
 */
void perf_compare(const char *old_file, const char *new_file, FILE *out);

#endif
