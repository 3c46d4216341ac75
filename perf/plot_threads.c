/* SPDX-License-Identifier: MIT */
/* Calls a second against threads. */
#include "plot.h"

#include "group.h"
#include "peer.h"
#include "settings.h"
#include "summary.h"
#include "workload.h"

static bool is_drawn(const struct perf_group *group)
{
	return group->rows > 1 && !group->workload->is_latency;
}

static void print_line(const struct perf_settings *settings,
		       const struct perf_group *group, size_t peer,
		       FILE *gnuplot)
{
	for (size_t row = 0; row < group->rows; row++) {
		const struct perf_trial *trial =
			&group->trial[row * group->peers + peer];
		double ns = perf_summarise(trial->ns, settings->repeats).median;

		fprintf(gnuplot, "%u %g\n", trial->threads,
			trial->lanes / ns * 1e3);
	}
}

static size_t print_blocks(const struct perf_settings *settings,
			   const struct perf_plan *plan, FILE *gnuplot)
{
	size_t blocks = 0;

	for (size_t i = 0; i < plan->count; i++)
		for (size_t k = 0;
		     is_drawn(&plan->group[i]) && k < plan->group[i].peers;
		     k++, blocks++) {
			if (!gnuplot)
				continue;
			perf_plot_begin(blocks, gnuplot);
			print_line(settings, &plan->group[i], k, gnuplot);
			perf_plot_end(gnuplot);
		}
	return blocks;
}

bool perf_plot_threads(const struct perf_settings *settings,
		       const struct perf_plan *plan, FILE *gnuplot)
{
	size_t blocks = print_blocks(settings, plan, gnuplot), block = 0;

	if (!gnuplot || !blocks)
		return blocks;
	fputs("reset\nset title 'Throughput against threads'\n"
	      "set xlabel 'threads'\nset ylabel 'million calls a second'\n"
	      "set logscale xy 2\nset key below\nset style data linespoints\n",
	      gnuplot);
	for (size_t i = 0; i < plan->count; i++)
		for (size_t k = 0;
		     is_drawn(&plan->group[i]) && k < plan->group[i].peers; k++)
			perf_plot_line(block++, plan->group[i].label,
				       plan->group[i].trial[k].peer->name, "",
				       gnuplot);
	fputc('\n', gnuplot);
	return true;
}
