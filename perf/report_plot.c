/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "group.h"
#include "plot.h"
#include "settings.h"
#include "util.h"

static perf_panel *const panels[] = {
	perf_plot_peers,
	perf_plot_threads,
	perf_plot_latency,
	perf_plot_series,
};
enum { PANELS = sizeof(panels) / sizeof(*panels) };

static void print_head(const char *file, unsigned count, FILE *gnuplot)
{
	bool is_svg = strcmp(strrchr(file, '.'), ".svg") == 0;
	unsigned columns = count > 1 ? 2 : 1;
	unsigned rows = (count + columns - 1) / columns;

	fprintf(gnuplot, "set terminal %s size %u,%u\nset output ",
		is_svg ? "svg dynamic noenhanced" : "png noenhanced",
		800 * columns, 500 * rows);
	perf_plot_quote(file, gnuplot);
	fprintf(gnuplot, "\nset multiplot layout %u,%u\n", rows, columns);
}

static pid_t start_gnuplot(int input)
{
	char name[] = "gnuplot";
	char *arguments[] = { name, NULL };
	posix_spawn_file_actions_t actions;
	pid_t process;
	int error;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	error = posix_spawnp(&process, name, &actions, NULL, arguments,
			     environ);
	posix_spawn_file_actions_destroy(&actions);
	if (error)
		tool_die(TOOL_EXIT_FAILED, "--plot: gnuplot: %s",
			 strerror(error));
	return process;
}

static void print_panels(const struct perf_settings *settings,
			 const struct perf_plan *plan, FILE *gnuplot)
{
	unsigned count = 0;

	/* Counted first: the layout comes before the panels. */
	for (size_t i = 0; i < PANELS; i++)
		count += panels[i](settings, plan, NULL);
	print_head(settings->plot, count, gnuplot);
	for (size_t i = 0; i < PANELS; i++)
		panels[i](settings, plan, gnuplot);
	fputs("unset multiplot\n", gnuplot);
}

void perf_report_plot(const struct perf_settings *settings,
		      const struct perf_plan *plan)
{
	int ends[2], status;
	pid_t process;
	FILE *gnuplot;

	/* A gnuplot that ends early shows in its status. */
	signal(SIGPIPE, SIG_IGN);
	if (pipe2(ends, O_CLOEXEC) != 0)
		tool_die(TOOL_EXIT_FAILED, "--plot: %s", strerror(errno));
	process = start_gnuplot(ends[0]);
	close(ends[0]);
	gnuplot = fdopen(ends[1], "w");
	if (!gnuplot)
		tool_out_of_memory();
	print_panels(settings, plan, gnuplot);
	fclose(gnuplot);
	if (waitpid(process, &status, 0) != process || status != 0)
		tool_die(TOOL_EXIT_FAILED, "--plot: `%s': gnuplot failed",
			 settings->plot);
}
