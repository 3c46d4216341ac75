/* SPDX-License-Identifier: MIT */
/* Runs programs and functions in processes of their own, and what they said. */
#ifndef TEST_SUPPORT_CHILD_H
#define TEST_SUPPORT_CHILD_H

struct child {
	int status;   /* of wait(2) */
	char *output; /* all of its stdout */
	char *errors; /* all of its stderr */
};

/* What stderr got between begin and end. */
struct capture {
	int saved;
	int file;
};

/*
 * Runs a program with exactly this environment, and the MAGPOOL_DEBUG=0 that
 * we run with under a sanitizer; both lists end with NULL.  A child that hangs
 * is killed after half a minute.
 */
void child_run(struct child *child, const char *const *arguments,
	       const char *const *environment);
void child_free(struct child *child);

/* Runs call(argument) in a forked child; its status as wait(2) gives it. */
int child_fork(int (*call)(void *argument), void *argument);

void capture_begin(struct capture *capture);
/* The text, to be freed. */
char *capture_end(struct capture *capture);

/* Number of lines in a text. */
unsigned count_lines(const char *text);

#endif
