/* SPDX-License-Identifier: MIT */
/* How many of the steps took longer than a time. */
#include "plot.h"

#include <inttypes.h>

#include "group.h"
#include "latency.h"
#include "peer.h"

static void print_steps(const struct perf_recorder *recorder, FILE *gnuplot)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < PERF_RECORDER_BUCKETS; i++) {
		if (!recorder->bucket[i])
			continue;
		seen += recorder->bucket[i];
		fprintf(gnuplot, "%" PRIu64 " %g\n", perf_recorder_edge(i),
			1 - (double)(seen - 1) / (double)recorder->count);
	}
}

/* Both walks take the lines in the same order. */
static size_t walk(const struct perf_plan *plan, bool wants_data, FILE *gnuplot)
{
	size_t block = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct perf_group *group = &plan->group[i];

		for (size_t k = 0; k < group->rows * group->peers; k++) {
			const struct perf_trial *trial = &group->trial[k];

			if (!trial->latency)
				continue;
			if (gnuplot && wants_data) {
				perf_plot_begin(block, gnuplot);
				print_steps(
					&trial->latency->step[PERF_STEP_GET],
					gnuplot);
				perf_plot_end(gnuplot);
			} else if (gnuplot) {
				perf_plot_line(block, group->label,
					       trial->peer->name, "get",
					       gnuplot);
			}
			block++;
		}
	}
	return block;
}

bool perf_plot_latency(const struct perf_settings *settings,
		       const struct perf_plan *plan, FILE *gnuplot)
{
	size_t blocks = walk(plan, true, gnuplot);

	(void)settings;
	if (!gnuplot || !blocks)
		return blocks;
	fputs("reset\nset title 'Share of the gets that took longer'\n"
	      "set xlabel 'ns'\nset ylabel 'share'\nset logscale xy\n"
	      "set format x '%.0s%c'\nset format y '%g'\n"
	      "set key below\nset style data lines\n",
	      gnuplot);
	walk(plan, false, gnuplot);
	fputc('\n', gnuplot);
	return true;
}
