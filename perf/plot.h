/* SPDX-License-Identifier: MIT */
/* The panels of --plot, one a file: plot_<x>.c. */
#ifndef PERF_PLOT_H
#define PERF_PLOT_H

#include <stdbool.h>
#include <stdio.h>

struct perf_plan;
struct perf_settings;

/*
 * Prints the commands of a panel for gnuplot; NULL = only says whether there
 * is anything to draw.
 */
typedef bool perf_panel(const struct perf_settings *settings,
			const struct perf_plan *plan, FILE *gnuplot);

perf_panel perf_plot_peers, perf_plot_threads, perf_plot_latency,
	perf_plot_series;

/* Text between gnuplot's single quotes. */
void perf_plot_quote(const char *text, FILE *gnuplot);

/*
 * A panel of lines: first every block of data ($d0, $d1 ...), then every line.
 */
void perf_plot_begin(size_t block, FILE *gnuplot);
void perf_plot_end(FILE *gnuplot);
void perf_plot_line(size_t block, const char *workload, const char *peer,
		    const char *step, FILE *gnuplot);

#endif
