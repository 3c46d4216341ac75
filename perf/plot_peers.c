/* SPDX-License-Identifier: MIT */
/* Peers side by side: a cluster of bars for each workload. */
#include "plot.h"

#include "group.h"
#include "settings.h"
#include "peer.h"
#include "summary.h"
#include "workload.h"

/* A string in a block of data has no way to hold its own quote. */
static void print_label(const char *label, FILE *gnuplot)
{
	fputc('"', gnuplot);
	for (; *label; label++)
		fputc(*label == '"' ? '_' : *label, gnuplot);
	fputc('"', gnuplot);
}

static void print_cluster(const struct perf_settings *settings,
			  const struct perf_group *group, FILE *gnuplot)
{
	print_label(group->label, gnuplot);
	for (size_t i = 0; settings->peers[i]; i++) {
		const struct perf_trial *trial = perf_group_find(
			group, group->rows - 1, settings->peers[i]);

		if (trial)
			fprintf(gnuplot, " %g",
				perf_summarise(trial->ns, settings->repeats)
					.median);
		else
			fputs(" ?", gnuplot);
	}
	fputc('\n', gnuplot);
}

static bool has_results(const struct perf_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (!plan->group[i].workload->is_latency)
			return true;
	return false;
}

bool perf_plot_peers(const struct perf_settings *settings,
		     const struct perf_plan *plan, FILE *gnuplot)
{
	if (!gnuplot || !has_results(plan))
		return has_results(plan);
	perf_plot_begin(0, gnuplot);
	for (size_t i = 0; i < plan->count; i++)
		if (!plan->group[i].workload->is_latency)
			print_cluster(settings, &plan->group[i], gnuplot);
	perf_plot_end(gnuplot);
	fputs("reset\nset title 'A cycle, at the most threads'\n"
	      "set ylabel 'ns'\nset logscale y\nset key below\n"
	      "set style data histograms\nset style fill solid 0.8\n"
	      "set xtics rotate by -30\nset datafile missing '?'\n",
	      gnuplot);
	for (size_t i = 0; settings->peers[i]; i++) {
		fprintf(gnuplot, "%s$d0 using %zu:xtic(1) title ",
			i ? ", " : "plot ", i + 2);
		perf_plot_quote(settings->peers[i]->name, gnuplot);
	}
	fputc('\n', gnuplot);
	return true;
}
