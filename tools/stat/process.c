/* SPDX-License-Identifier: MIT */
#include "process.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "segment.h"
#include "tool.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

/* The beginning of a file of /proc; its length, 0 = none. */
static size_t read_file(const char *name, char *to, size_t room)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, to, room - 1);

	if (fd >= 0)
		close(fd);
	if (length < 0)
		length = 0;
	to[length] = '\0';
	return (size_t)length;
}

static size_t read_of(pid_t pid, const char *what, char *to, size_t room)
{
	char name[128];

	snprintf(name, sizeof(name), "/proc/%d/%s", (int)pid, what);
	return read_file(name, to, room);
}

bool stat_process_lives(pid_t pid)
{
	char text[512];
	const char *end;

	if (!read_of(pid, "stat", text, sizeof(text)))
		return false;
	/* The command, in parentheses, may have any in it. */
	end = strrchr(text, ')');
	return !end || strlen(end) < 3 || !strchr("ZXx", end[2]);
}

static bool take_line(char *to, size_t room, const char *text, size_t length)
{
	if (length == 0) {
		stat_printable(to, room, "?", 1);
		return false;
	}
	stat_printable(to, room, text, strcspn(text, "\n"));
	return true;
}

void stat_process_command(pid_t pid, char *to, size_t room)
{
	char text[64];

	take_line(to, room, text, read_of(pid, "comm", text, sizeof(text)));
}

pid_t stat_process_inner_pid(pid_t pid)
{
	char text[4096];
	const char *at;
	pid_t inner = pid;

	if (!read_of(pid, "status", text, sizeof(text)))
		return 0;
	at = strstr(text, "\nNSpid:");
	if (!at)
		return pid;
	at += strlen("\nNSpid:");
	while (*at == '\t' || *at == ' ') {
		char *end;

		inner = (pid_t)strtol(at, &end, 10);
		if (end == at)
			break;
		at = end;
	}
	return inner;
}

bool stat_process_thread(pid_t pid, pid_t thread, char *to, size_t room)
{
	char what[64], text[64];

	/* In a container /proc has other numbers than the process. */
	if (stat_process_inner_pid(pid) != pid)
		return false;
	snprintf(what, sizeof(what), "task/%d/comm", (int)thread);
	return take_line(to, room, text,
			 read_of(pid, what, text, sizeof(text)));
}

static int compare(const void *a, const void *b)
{
	pid_t one = *(const pid_t *)a, other = *(const pid_t *)b;

	return (one > other) - (one < other);
}

size_t stat_processes(pid_t **pids)
{
	DIR *all = opendir("/proc");
	const struct dirent *entry;
	size_t count = 0;

	*pids = NULL;
	while (all && (entry = readdir(all))) {
		long pid = strtol(entry->d_name, NULL, 10);

		if (pid <= 0 || pid > INT_MAX)
			continue;
		*pids = tool_grow(*pids, count + 1, sizeof(**pids));
		(*pids)[count++] = (pid_t)pid;
	}
	if (all)
		closedir(all);
	if (count)
		qsort(*pids, count, sizeof(**pids), compare);
	return count;
}

int stat_process_open(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}
