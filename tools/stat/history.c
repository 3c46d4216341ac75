/* SPDX-License-Identifier: MIT */
#include "history.h"

#include <math.h>
#include <string.h>

#include "tool.h"

const char *const stat_traces[STAT_TRACES] = { "gets", "exchanges",
					       "bytes_mapped" };

void stat_history_add(struct stat_history *history,
		      const struct stat_sample *sample)
{
	for (size_t i = 0; i < STAT_TRACES; i++) {
		struct stat_field field;
		double number = 0;

		if (stat_field_find(sample->segment, stat_traces[i], &field))
			number = stat_field_number(&field, sample, NULL);
		history->number[i][history->count % STAT_MOMENTS] =
			isnan(number) ? 0 : number;
	}
	history->count++;
}

/* The n-th moment back; 0: there is none. */
static double number_at(const struct stat_history *history, size_t trace,
			size_t back)
{
	if (back >= history->count || back >= STAT_MOMENTS)
		return 0;
	return history
		->number[trace][(history->count - 1 - back) % STAT_MOMENTS];
}

static const char *mark_of(double number, double most, bool is_unicode)
{
	static const char *const bars[] = { " ", "▁", "▂", "▃", "▄",
					    "▅", "▆", "▇", "█" };
	static const char *const plain[] = { " ", ".", ":", "-", "=",
					     "+", "*", "#", "@" };
	size_t level = 0;

	/* What is not 0 is seen. */
	if (number > 0)
		level = (size_t)ceil(number / most * 8);
	return is_unicode ? bars[level] : plain[level];
}

char *stat_history_spark(const struct stat_history *history, size_t trace,
			 size_t width, bool is_unicode)
{
	char *text = tool_zalloc(width * 3 + 1, 1);
	char *end = text;
	double most = 0;

	for (size_t i = 0; i < width; i++)
		most = fmax(most, number_at(history, trace, i));
	for (size_t i = width; i-- > 0;)
		end = stpcpy(end, mark_of(number_at(history, trace, i), most,
					  is_unicode));
	return text;
}
