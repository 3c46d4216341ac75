/* SPDX-License-Identifier: MIT */
/* What /proc says of a process.  Texts are printable ASCII. */
#ifndef STAT_PROCESS_H
#define STAT_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { STAT_COMMAND_ROOM = 32 };

/* Not a zombie either. */
bool stat_process_lives(pid_t pid);

/* Its name, or "?". */
void stat_process_command(pid_t pid, char *to, size_t room);

/* The number that it has for itself: another one in a container.  0: none. */
pid_t stat_process_inner_pid(pid_t pid);

/* The name of a thread, numbered as the process does; false: unknown. */
bool stat_process_thread(pid_t pid, pid_t thread, char *to, size_t room);

/* All processes, in order; to be freed. */
size_t stat_processes(pid_t **pids);

/* Readable when the process ends; -1: the kernel has no such thing. */
int stat_process_open(pid_t pid);

#endif
