/* SPDX-License-Identifier: MIT */
/* Memory of the process over time. */
#include "plot.h"

#include "group.h"
#include "peer.h"
#include "series.h"

static void print_points(const struct perf_series *series, FILE *gnuplot)
{
	for (size_t i = 0; i < series->count; i++)
		fprintf(gnuplot, "%g %g\n", (double)series->point[i].ns / 1e9,
			(double)series->point[i].resident / (1 << 20));
}

/* Both walks take the lines in the same order. */
static size_t walk(const struct perf_plan *plan, bool wants_data, FILE *gnuplot)
{
	size_t block = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct perf_group *group = &plan->group[i];

		for (size_t k = 0; group->series && k < group->peers; k++) {
			if (!group->series[k].count)
				continue;
			if (gnuplot && wants_data) {
				perf_plot_begin(block, gnuplot);
				print_points(&group->series[k], gnuplot);
				perf_plot_end(gnuplot);
			} else if (gnuplot) {
				perf_plot_line(block, group->label,
					       group->trial[k].peer->name, "",
					       gnuplot);
			}
			block++;
		}
	}
	return block;
}

bool perf_plot_series(const struct perf_settings *settings,
		      const struct perf_plan *plan, FILE *gnuplot)
{
	size_t blocks = walk(plan, true, gnuplot);

	(void)settings;
	if (!gnuplot || !blocks)
		return blocks;
	fputs("reset\nset title 'Busy, idle, trimmed'\nset xlabel 's'\n"
	      "set ylabel 'MiB resident'\nset key below\n"
	      "set style data lines\n",
	      gnuplot);
	walk(plan, false, gnuplot);
	fputc('\n', gnuplot);
	return true;
}
