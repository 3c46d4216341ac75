/* SPDX-License-Identifier: MIT */
/*
 * What the life-and-death programs share: options, reports, a watchdog, and
 * children that never outlive their parent.
 */
#ifndef LIFE_H
#define LIFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct life_program {
	const char *name;
	const char *text;  /* for --help */
	unsigned seconds;  /* the watchdog's; with --long ten minutes */
	void (*run)(void); /* ends with life_figures() */
	/* What an executed copy of the program does; NULL: there is none. */
	int (*child)(const char *kind);
};

/* The main() of a program: 0 = all checks held. */
int life_main(const struct life_program *program, int argc, char **argv);

/* `count`, with --long ten times that. */
unsigned life_times(unsigned count);
bool life_is_long(void);

/* One line on stderr, then the end of this process, children and all. */
_Noreturn void life_fail(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

#define life_check(condition, ...)                     \
	do {                                           \
		if (__builtin_expect(!(condition), 0)) \
			life_fail(__VA_ARGS__);        \
	} while (0)

/* A test that cannot be made here: meson's 77, a failure in check.sh --all. */
_Noreturn void life_skip(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* The figures of the last line, printed when all checks held. */
void life_figures(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

double life_now(void);
void life_sleep(double seconds);

/* ---- children ------------------------------------------------------------ */

/* First in each child: it ends with its parent, and in any case soon. */
void life_child_begin(void);

/* Runs call(argument) in a forked child, which must end with 0. */
void life_fork(int (*call)(void *argument), void *argument);

/* Waits for a child, which must end with 0, and kills it when it hangs. */
void life_wait(pid_t child, const char *what);
/* The same for one that sets an alarm of its own. */
void life_wait_long(pid_t child, const char *what);

/* The arguments of an executed copy of this program: child(kind) is run. */
void life_arguments(char *arguments[4], const char *kind);

#endif
