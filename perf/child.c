/* SPDX-License-Identifier: MIT */
#include "child.h"

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

char **perf_child_arguments(char *const *arguments, char *added)
{
	size_t count = 0;
	char **more;

	while (arguments[count])
		count++;
	more = tool_zalloc(count + 2, sizeof(*more));
	more[0] = arguments[0];
	more[1] = added;
	memcpy(more + 2, arguments + 1, (count - 1) * sizeof(*more));
	return more;
}

int perf_child_spawn(struct perf_child *child, const char *path,
		     char **arguments, char **environment)
{
	posix_spawn_file_actions_t actions;
	int error;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, child->input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, child->output,
					 STDOUT_FILENO);
	if (child->is_quiet)
		posix_spawn_file_actions_addopen(&actions, STDERR_FILENO,
						 "/dev/null", O_WRONLY, 0);
	error = posix_spawn(&child->process, path, &actions, NULL, arguments,
			    environment);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}
