/* SPDX-License-Identifier: MIT */
/* What the programs that make calls fail share: checks, figures, one line. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PROGRAM_LENGTH(array) (sizeof(array) / sizeof *(array))

/* Ten times slower than others: leaves some of the N out. */
#if defined __SANITIZE_THREAD__
#define PROGRAM_SLOW 1
#elif defined __has_feature
#if __has_feature(thread_sanitizer)
#define PROGRAM_SLOW 1
#endif
#endif
#ifndef PROGRAM_SLOW
#define PROGRAM_SLOW 0
#endif

/* Slow to start, as a process of its own for each run is. */
#if PROGRAM_SLOW || defined __SANITIZE_ADDRESS__
#define PROGRAM_SLOW_START 1
#elif defined __has_feature
#if __has_feature(address_sanitizer)
#define PROGRAM_SLOW_START 1
#endif
#endif
#ifndef PROGRAM_SLOW_START
#define PROGRAM_SLOW_START 0
#endif

/* The oracles, and a limit of time. */
void program_begin(void);

/* Open descriptors of the process. */
unsigned program_files(void);

/*
 * Runs each in a process of its own, or (--run NAME) one in this process.  One
 * that fails has said why, and ends the program.
 */
struct program_run {
	const char *name;
	void (*run)(void);
};

int program_runs(int argc, char **argv, const struct program_run *runs,
		 size_t count);

/* The child of a fork, which must end well. */
void program_end_child(pid_t child);

/* One more run, in which something failed or not. */
void program_count(bool struck);

/*
 * Prints the figures and the last line.  Each kind whose bit is set must have
 * failed once at least: otherwise nothing was shown about it.
 */
int program_end(unsigned kinds);

#endif
