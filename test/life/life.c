/* SPDX-License-Identifier: MIT */
#include "life.h"

#include <argp.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SKIPPED = 77, LONG_FACTOR = 10, CHILD_SECONDS = 30, LONG_SECONDS = 600 };

static const struct life_program *self;
static bool is_long;
static char figures[400];

/* ---- reports ------------------------------------------------------------- */

/* One write(2): usable in a signal handler and in a child of fork. */
__attribute__((format(printf, 2, 0))) static void
say(const char *kind, const char *format, va_list arguments)
{
	char line[512];
	int size = snprintf(line, sizeof line, "%s: %s: ", self->name, kind);

	size += vsnprintf(line + size, sizeof line - (size_t)size - 1, format,
			  arguments);
	if (size > (int)sizeof line - 2)
		size = (int)sizeof line - 2;
	line[size] = '\n';
	if (write(STDERR_FILENO, line, (size_t)size + 1) < 0)
		_exit(EXIT_FAILURE);
}

_Noreturn void life_fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("FAILED", format, arguments);
	va_end(arguments);
	_exit(EXIT_FAILURE);
}

_Noreturn void life_skip(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("SKIPPED, nothing was shown", format, arguments);
	va_end(arguments);
	_exit(SKIPPED);
}

void life_figures(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(figures, sizeof figures, format, arguments);
	va_end(arguments);
}

static void hung(int number)
{
	(void)number;
	life_fail("still running after its time");
}

/* ---- time ---------------------------------------------------------------- */

double life_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void life_sleep(double seconds)
{
	struct timespec time = { .tv_sec = (time_t)seconds };

	time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
	nanosleep(&time, NULL);
}

/* ---- main ---------------------------------------------------------------- */

enum { KEY_LONG = 0x100, KEY_CHILD };

static const struct argp_option option_table[] = {
	{ "long", KEY_LONG, NULL, 0, "Ten times as much", 0 },
	{ "child", KEY_CHILD, "KIND", OPTION_HIDDEN, NULL, 0 },
	{ 0 }
};

static error_t parse(int key, char *text, struct argp_state *state)
{
	switch (key) {
	case KEY_LONG:
		is_long = true;
		return 0;
	case KEY_CHILD:
		if (!self->child)
			argp_error(state, "this program has no children");
		*(const char **)state->input = text;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int life_main(const struct life_program *program, int argc, char **argv)
{
	const struct argp argp = { .options = option_table,
				   .parser = parse,
				   .doc = program->text };
	struct sigaction action = { .sa_handler = hung };
	const char *kind = NULL;
	double start = life_now();

	self = program;
	argp_parse(&argp, argc, argv, 0, NULL, &kind);
	if (kind) {
		life_child_begin();
		return program->child(kind);
	}
	sigaction(SIGALRM, &action, NULL);
	alarm(is_long ? LONG_SECONDS : program->seconds);
	program->run();
	alarm(0);
	printf("%s: ok, %s, %.2f s\n", program->name, figures,
	       life_now() - start);
	return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

unsigned life_times(unsigned count)
{
	return is_long ? count * LONG_FACTOR : count;
}

bool life_is_long(void)
{
	return is_long;
}

/* ---- children ------------------------------------------------------------ */

void life_child_begin(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(CHILD_SECONDS);
}

/* A child that hangs may have all signals blocked: only SIGKILL ends it. */
static void wait_for(pid_t child, const char *what, unsigned seconds)
{
	struct pollfd end = { .fd = (int)syscall(SYS_pidfd_open, child, 0),
			      .events = POLLIN };
	int status;
	int ended;

	life_check(end.fd >= 0, "pidfd_open: %s", strerrordesc_np(errno));
	/* A signal, as the tests send themselves, starts the time again. */
	while ((ended = poll(&end, 1, (int)seconds * 1000)) < 0)
		life_check(errno == EINTR, "poll: %s", strerrordesc_np(errno));
	close(end.fd);
	if (!ended)
		kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0)
		life_check(errno == EINTR, "wait: %s", strerrordesc_np(errno));
	life_check(ended, "%s hangs", what);
	life_check(!WIFSIGNALED(status), "%s was ended by signal %d", what,
		   WTERMSIG(status));
	life_check(status == 0, "%s ended with status %d", what,
		   WEXITSTATUS(status));
}

void life_wait(pid_t child, const char *what)
{
	wait_for(child, what, CHILD_SECONDS);
}

void life_wait_long(pid_t child, const char *what)
{
	wait_for(child, what, LONG_SECONDS);
}

void life_fork(int (*call)(void *argument), void *argument)
{
	pid_t child = fork();

	if (child == 0) {
		life_child_begin();
		_exit(call(argument));
	}
	life_check(child > 0, "fork: %s", strerrordesc_np(errno));
	life_wait(child, "a forked child");
}

void life_arguments(char *arguments[4], const char *kind)
{
	static char program[] = "/proc/self/exe", option[] = "--child";

	arguments[0] = program;
	arguments[1] = option;
	/* execve() promises to leave the strings alone, its type does not. */
	arguments[2] = (char *)(uintptr_t)kind;
	arguments[3] = NULL;
}
