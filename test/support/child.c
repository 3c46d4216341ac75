/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"

#define SECONDS_AT_MOST 30

static void must(int done, const char *what)
{
	if (!done) {
		perror(what);
		abort();
	}
}

static int scratch(const char *name)
{
	int file = memfd_create(name, 0);

	must(file >= 0, "memfd_create");
	return file;
}

/* All of a file, NUL-terminated; closes it. */
static char *slurp(int file)
{
	off_t size = lseek(file, 0, SEEK_END);
	char *text = calloc(1, (size_t)size + 1);

	must(text != NULL, "calloc");
	must(pread(file, text, (size_t)size, 0) == size, "pread");
	close(file);
	return text;
}

/* A child that hangs may have all signals blocked: only SIGKILL ends it. */
static int wait_for(pid_t pid)
{
	struct pollfd end = {
		.fd = (int)syscall(SYS_pidfd_open, pid, 0),
		.events = POLLIN,
	};
	int status;

	must(end.fd >= 0, "pidfd_open");
	if (poll(&end, 1, SECONDS_AT_MOST * 1000) != 1)
		kill(pid, SIGKILL);
	close(end.fd);
	while (waitpid(pid, &status, 0) < 0)
		must(errno == EINTR, "waitpid");
	return status;
}

#define ENTRIES_MAX 30

/* A copy of the list with what our own process was told about debugging. */
static void inherit_debug(const char **list, const char *const *environment)
{
	static char entry[32];
	const char *debug = getenv("MAGPOOL_DEBUG");
	size_t n = 0;

	if (debug) {
		snprintf(entry, sizeof entry, "MAGPOOL_DEBUG=%s", debug);
		list[n++] = entry;
	}
	for (; *environment; environment++) {
		must(n < ENTRIES_MAX, "an environment of that size");
		list[n++] = *environment;
	}
	list[n] = NULL;
}

static void become(const char *const *arguments, const char *const *environment,
		   int output, int errors)
{
	dup2(output, STDOUT_FILENO);
	dup2(errors, STDERR_FILENO);
	/* execve promises to leave the strings alone, its type does not. */
	execve(arguments[0], (char *const *)arguments,
	       (char *const *)environment);
	_exit(127);
}

void child_run(struct child *child, const char *const *arguments,
	       const char *const *environment)
{
	int output = scratch("output"), errors = scratch("errors");
	const char *list[ENTRIES_MAX + 1];
	pid_t pid;

	inherit_debug(list, environment);
	pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0)
		become(arguments, list, output, errors);
	child->status = wait_for(pid);
	child->output = slurp(output);
	child->errors = slurp(errors);
}

void child_free(struct child *child)
{
	free(child->output);
	free(child->errors);
}

int child_fork(int (*call)(void *argument), void *argument)
{
	pid_t pid = fork();

	must(pid >= 0, "fork");
	if (pid == 0)
		_exit(call(argument));
	return wait_for(pid);
}

void capture_begin(struct capture *capture)
{
	fflush(stderr);
	capture->saved = dup(STDERR_FILENO);
	capture->file = scratch("capture");
	must(dup2(capture->file, STDERR_FILENO) >= 0, "dup2");
}

char *capture_end(struct capture *capture)
{
	fflush(stderr);
	dup2(capture->saved, STDERR_FILENO);
	close(capture->saved);
	return slurp(capture->file);
}

unsigned count_lines(const char *text)
{
	unsigned lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}
