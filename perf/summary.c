/* SPDX-License-Identifier: MIT */
#include "summary.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

/* Between the two nearest samples when it falls between them. */
static double percentile(const double *sorted, size_t count, double percent)
{
	double at = percent / 100 * (double)(count - 1);
	size_t below = (size_t)at;
	double part = at - (double)below;

	if (below + 1 >= count)
		return sorted[count - 1];
	return sorted[below] + part * (sorted[below + 1] - sorted[below]);
}

struct perf_summary perf_summarise(const double *sample, size_t count)
{
	double *sorted = tool_zalloc(count, sizeof(*sorted));
	struct perf_summary summary;

	memcpy(sorted, sample, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare);
	summary.median = percentile(sorted, count, 50);
	summary.least = sorted[0];
	summary.low = percentile(sorted, count, 10);
	summary.high = percentile(sorted, count, 90);
	summary.spread = (summary.high - summary.low) / summary.median;
	free(sorted);
	return summary;
}

double perf_median_ratio(const double *numerator, const double *denominator,
			 size_t count)
{
	double *ratio = tool_zalloc(count, sizeof(*ratio));
	double median;

	for (size_t i = 0; i < count; i++)
		ratio[i] = numerator[i] / denominator[i];
	median = perf_summarise(ratio, count).median;
	free(ratio);
	return median;
}
