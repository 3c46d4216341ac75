/* SPDX-License-Identifier: MIT */
/* Runs the parts of --targets, one process after another. */
#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "settings.h"
#include "util.h"

struct items {
	struct perf_target_item *item;
	size_t count;
};

static void read_items(struct items *items, int from)
{
	FILE *in = fdopen(from, "r");
	struct perf_target_item item;

	if (!in)
		tool_out_of_memory();
	while (perf_target_item_scan(&item, in)) {
		items->item =
			tool_grow(items->item, items->count + 1, sizeof(item));
		items->item[items->count++] = item;
	}
	fclose(in);
}

static void end(pid_t process)
{
	int status;

	while (waitpid(process, &status, 0) < 0)
		if (errno != EINTR)
			tool_die(TOOL_EXIT_FAILED, "--targets: %s",
				 strerror(errno));
	if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS)
		tool_die(TOOL_EXIT_FAILED, "--targets: a process of it failed");
}

static void run_part(struct items *items, char **argv)
{
	char part[] = "--part";
	char **arguments = perf_child_arguments(argv, part);
	struct perf_child child = { .input = STDIN_FILENO };
	int output[2], error;

	if (pipe2(output, O_CLOEXEC) != 0)
		tool_die(TOOL_EXIT_FAILED, "--targets: %s", strerror(errno));
	child.output = output[1];
	error = perf_child_spawn(&child, "/proc/self/exe", arguments, environ);
	if (error)
		tool_die(TOOL_EXIT_FAILED, "--targets: %s", strerror(error));
	close(output[1]);
	free(arguments);
	read_items(items, output[0]);
	end(child.process);
}

void perf_target_run(const struct perf_settings *settings, char **argv,
		     FILE *out)
{
	struct items items = { 0 };

	for (unsigned i = 0; i < settings->processes; i++)
		run_part(&items, argv);
	perf_target_report(settings, items.item, items.count, out);
	free(items.item);
}
