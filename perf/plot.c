/* SPDX-License-Identifier: MIT */
#include "plot.h"

void perf_plot_quote(const char *text, FILE *gnuplot)
{
	fputc('\'', gnuplot);
	for (; *text; text++) {
		/* Only the quote itself has a meaning there. */
		if (*text == '\'')
			fputc('\'', gnuplot);
		fputc(*text, gnuplot);
	}
	fputc('\'', gnuplot);
}

void perf_plot_begin(size_t block, FILE *gnuplot)
{
	fprintf(gnuplot, "$d%zu << EOD\n", block);
}

void perf_plot_end(FILE *gnuplot)
{
	fputs("EOD\n", gnuplot);
}

void perf_plot_line(size_t block, const char *workload, const char *peer,
		    const char *step, FILE *gnuplot)
{
	char title[160];

	snprintf(title, sizeof(title), "%s %s %s", workload, peer, step);
	fprintf(gnuplot, "%s$d%zu title ", block ? ", " : "plot ", block);
	perf_plot_quote(title, gnuplot);
}
