/* SPDX-License-Identifier: MIT */
/* This tool again, in a process of its own, with pipes. */
#ifndef PERF_CHILD_H
#define PERF_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct perf_child {
	pid_t process;
	int input, output; /* what it reads and writes */
	bool is_quiet;     /* nothing on standard error: a loader complains */
};

/* The arguments with that one first: what follows may end the options. */
char **perf_child_arguments(char *const *arguments, char *added);

/* Starts it; an errno value, 0 when it runs. */
int perf_child_spawn(struct perf_child *child, const char *path,
		     char **arguments, char **environment);

#endif
