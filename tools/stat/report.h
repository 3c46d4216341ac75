/* SPDX-License-Identifier: MIT */
/* What is printed, in its forms. */
#ifndef STAT_REPORT_H
#define STAT_REPORT_H

#include <stdio.h>

#include "target.h"

struct stat_settings;

/* A line for each process: pid, command, pools, bytes, calls a second. */
void stat_report_list(const struct stat_target *targets, size_t count,
		      const struct stat_settings *settings, FILE *out);

/* Everything about one process, as tables. */
void stat_report_tables(const struct stat_target *target,
			const struct stat_settings *settings, FILE *out);

/* One object; on one line if there will be more of them. */
void stat_report_json(const struct stat_target *targets, size_t count,
		      const struct stat_settings *settings, FILE *out);

/* The exposition format of OpenMetrics, or of Prometheus. */
void stat_report_metrics(const struct stat_target *targets, size_t count,
			 const struct stat_settings *settings, FILE *out);

/* All fields, or what is known of one. */
void stat_report_fields(const struct stat_segment *segment, FILE *out);
void stat_report_explain(const struct stat_segment *segment, const char *name,
			 FILE *out);

/* The environment variables of the library. */
void stat_report_config(FILE *out);

#endif
