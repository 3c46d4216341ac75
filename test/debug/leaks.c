/* SPDX-License-Identifier: MIT */
/* Arenas that are not returned, and what they hold. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host.h"

void host_leak(void)
{
	struct magpool_arena *arena = host_get();
	struct magpool_arena *other = magpool_get();

	(void)host_take(arena, 1);
	magpool_set_label(arena, "the one that leaks");
	magpool_return(other);
}

void host_leak_many(void)
{
	for (int i = 0; i < 30; i++)
		(void)host_get();
}

static void wait_for(pid_t child)
{
	int status = 0;

	host_must(child > 0 && waitpid(child, &status, 0) == child, "waitpid");
	host_must(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child");
}

/* What is out in the parent is not the child's to return. */
void host_leak_in_a_child(void)
{
	struct magpool_arena *arena = host_get();
	pid_t child = fork();

	if (child == 0) {
		struct magpool_arena *own = host_get();

		magpool_set_label(own, "the one that leaks");
		magpool_return(host_get());
		exit(EXIT_SUCCESS);
	}
	wait_for(child);
	magpool_return(arena);
	host_check_sums(0);
}

/* What malloc gave, known only to an arena that is out. */
void host_hold(void)
{
	static struct magpool_arena *arena;
	void **slot;

	arena = host_get();
	slot = (void **)host_take(arena, sizeof *slot);
	*slot = malloc(100);
	slot = (void **)host_take(arena, LARGE);
	*slot = malloc(100);
}

/* The same of an arena that was returned: that is a leak. */
void host_drop(void)
{
	struct magpool_arena *arena = host_get();
	void **slot = (void **)host_take(arena, sizeof *slot);

	*slot = malloc(100);
	magpool_return(arena);
}
