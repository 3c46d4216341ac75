/* SPDX-License-Identifier: MIT */
/* What is said about the repeats of a trial. */
#ifndef PERF_SUMMARY_H
#define PERF_SUMMARY_H

#include <stddef.h>

struct perf_summary {
	double median, least;
	double low, high; /* 10th and 90th percentile */
	double spread;    /* from low to high, of the median */
};

struct perf_summary perf_summarise(const double *sample, size_t count);

/* Median of numerator[i] / denominator[i]: taken pair by pair. */
double perf_median_ratio(const double *numerator, const double *denominator,
			 size_t count);

#endif
