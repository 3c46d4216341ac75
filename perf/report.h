/* SPDX-License-Identifier: MIT */
/* What the tool prints. */
#ifndef PERF_REPORT_H
#define PERF_REPORT_H

#include <stdint.h>
#include <stdio.h>

struct perf_plan;
struct perf_settings;

/* The library, the machine, the kernel and the compiler. */
void perf_report_system(FILE *out);

/* For people: each a table, or nothing when there is nothing to say. */
void perf_report_machine(const struct perf_settings *settings,
			 const struct perf_plan *plan, uint64_t slice,
			 FILE *out);
void perf_report_results(const struct perf_settings *settings,
			 const struct perf_plan *plan, FILE *out);
void perf_report_scaling(const struct perf_settings *settings,
			 const struct perf_plan *plan, FILE *out);
void perf_report_latency(const struct perf_plan *plan, FILE *out);
void perf_report_series(const struct perf_plan *plan, FILE *out);
void perf_report_depot(const struct perf_plan *plan, FILE *out);

/* For programs. */
void perf_report_csv(const struct perf_settings *settings,
		     const struct perf_plan *plan, FILE *out);
void perf_report_json(const struct perf_settings *settings,
		      const struct perf_plan *plan, uint64_t slice, FILE *out);

/* A picture, by gnuplot: SVG or PNG, as the name of the file ends. */
void perf_report_plot(const struct perf_settings *settings,
		      const struct perf_plan *plan);

#endif
