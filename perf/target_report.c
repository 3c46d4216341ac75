/* SPDX-License-Identifier: MIT */
/*
 * What all parts said, target by target.  Each part has one figure for each of
 * a target's peers, the median of its pairs; here the median of the parts is
 * taken, and of several peers the one that is nearest decides.
 */
#include "target.h"

#include <stdlib.h>
#include <string.h>

#include "settings.h"
#include "summary.h"
#include "tool_table.h"
#include "util.h"

/* Of the parts, or the addresses of one process decide. */
static const double least_agreement = 0.8;

enum { TEXT = 80 };

struct result {
	const struct perf_target *target;
	const char *other; /* NULL: nothing was measured */
	double value, least, most;
	const struct perf_target_item *middle; /* of the part nearest to it */
	double longest;
	unsigned parts, agree, clean;
};

enum verdict { REACHED, MISSED, NOT_CLEAN, NOT_MEASURED, VERDICTS };

static const char *const verdicts[VERDICTS] = {
	[REACHED] = "reached",
	[MISSED] = "missed",
	[NOT_CLEAN] = "not clean",
	[NOT_MEASURED] = "not measured",
};

struct all {
	const struct perf_target_item *item;
	size_t count;
};

static bool is_reached(const struct perf_target *target, double value)
{
	return perf_target_is_least(target) ? value >= target->bound
					    : value <= target->bound;
}

/* The median of the parts' figures for that target and peer. */
static double median_of(const struct all *all, unsigned target,
			const char *other)
{
	double *sample = tool_zalloc(all->count, sizeof(*sample));
	size_t count = 0;
	double median;

	for (size_t i = 0; i < all->count; i++) {
		const struct perf_target_item *item = &all->item[i];

		if (item->target == target && strcmp(item->other, other) == 0)
			sample[count++] = item->value;
	}
	median = perf_summarise(sample, count).median;
	free(sample);
	return median;
}

static double distance(const struct result *result,
		       const struct perf_target_item *item)
{
	return item->value > result->value ? item->value - result->value
					   : result->value - item->value;
}

/* Of the part that is the median: medians of its times need not fit it. */
static void take_middle(struct result *result,
			const struct perf_target_item *item)
{
	if (result->middle &&
	    distance(result, result->middle) <= distance(result, item))
		return;
	result->middle = item;
}

static void count_parts(const struct all *all, struct result *result,
			unsigned target)
{
	bool reached = is_reached(result->target, result->value);

	result->least = result->most = result->value;
	for (size_t i = 0; i < all->count; i++) {
		const struct perf_target_item *item = &all->item[i];

		if (item->target != target ||
		    strcmp(item->other, result->other) != 0)
			continue;
		if (result->least > item->value)
			result->least = item->value;
		if (result->most < item->value)
			result->most = item->value;
		take_middle(result, item);
		if (result->longest < item->most)
			result->longest = item->most;
		result->parts++;
		result->clean += item->is_clean != 0;
		result->agree += is_reached(result->target, item->value) ==
				 reached;
	}
}

static struct result sum_up(const struct all *all, unsigned target)
{
	struct result result = { .target = &perf_targets[target] };
	bool least = perf_target_is_least(result.target);

	for (size_t i = 0; i < all->count; i++) {
		const char *other = all->item[i].other;
		double value;

		if (all->item[i].target != target)
			continue;
		value = median_of(all, target, other);
		if (!result.other ||
		    (least ? value < result.value : value > result.value)) {
			result.other = other;
			result.value = value;
		}
	}
	if (result.other)
		count_parts(all, &result, target);
	return result;
}

static enum verdict judge(const struct result *result)
{
	if (!result->other)
		return NOT_MEASURED;
	if (result->agree < least_agreement * result->parts ||
	    result->clean * 2 < result->parts)
		return NOT_CLEAN;
	return is_reached(result->target, result->value) ? REACHED : MISSED;
}

static void write_wanted(const struct perf_target *target, char *text)
{
	double bound = target->bound;

	switch (target->kind) {
	case PERF_TARGET_AT_MOST:
		snprintf(text, TEXT, "<= %.2f x %s", bound, target->other);
		break;
	case PERF_TARGET_ABOVE:
		snprintf(text, TEXT, "<= %s + %.1f ns", target->other, bound);
		break;
	case PERF_TARGET_TIMES:
		snprintf(text, TEXT, "%s >= %.1f x slower", target->other,
			 bound);
		break;
	case PERF_TARGET_RIVALS:
		snprintf(text, TEXT, "every peer >= %.1f x slower", bound);
		break;
	case PERF_TARGET_CROSSING:
		snprintf(text, TEXT, "every crossing peer >= %.1f x slower",
			 bound);
		break;
	case PERF_TARGET_KEEPS:
		snprintf(text, TEXT, "64 threads >= %.2f x calls/s", bound);
		break;
	case PERF_TARGET_SCALES:
		snprintf(text, TEXT, "speed-up >= %.2f x %s's", bound,
			 target->other);
		break;
	case PERF_TARGET_PERCENTILE:
		snprintf(text, TEXT, "p99.9 of get <= %.2f x %s", bound,
			 target->other);
		break;
	}
}

static void add_value(struct tool_table *table, enum tool_style style,
		      const struct result *result, double value)
{
	if (result->target->kind == PERF_TARGET_ABOVE)
		tool_table_add(table, style, "%+.2f ns", value);
	else
		tool_table_add(table, style, "%.2f x", value);
}

static void add_figures(struct tool_table *table, const struct result *result)
{
	add_value(table, TOOL_STRONG, result, result->value);
	tool_table_add(table, TOOL_PLAIN, "%s", result->other);
	tool_table_add(table, TOOL_PLAIN, "%.2f..%.2f", result->least,
		       result->most);
	if (result->target->kind == PERF_TARGET_PERCENTILE)
		tool_table_add(table, TOOL_PLAIN, "-");
	else
		tool_table_add(table, TOOL_PLAIN, "%.2f",
			       result->middle->spread);
	tool_table_add(table, TOOL_PLAIN, "%.2f", result->middle->mine);
	tool_table_add(table, TOOL_PLAIN, "%.2f", result->middle->peers);
	tool_table_add(table, TOOL_PLAIN, "%u/%u", result->agree,
		       result->parts);
}

static void add_nothing(struct tool_table *table)
{
	for (int i = 0; i < 7; i++)
		tool_table_add(table, TOOL_PLAIN, "-");
}

static void add_result(struct tool_table *table, const struct result *result)
{
	enum verdict verdict = judge(result);
	char wanted[TEXT];

	write_wanted(result->target, wanted);
	tool_table_add(table, TOOL_STRONG, "%s", result->target->set);
	tool_table_add(table, TOOL_PLAIN, "%s", result->target->mine);
	tool_table_add(table, TOOL_PLAIN, "%s", wanted);
	if (result->other)
		add_figures(table, result);
	else
		add_nothing(table);
	tool_table_add(table, verdict == REACHED ? TOOL_PLAIN : TOOL_WARN, "%s",
		       verdicts[verdict]);
}

static void print_csv(const struct result *results, FILE *out)
{
	fputs("work,library,wanted,measured,against,least,most,spread,ns,"
	      "ns_against,agree,processes,verdict\n",
	      out);
	for (size_t i = 0; i < perf_target_count; i++) {
		const struct result *result = &results[i];
		char wanted[TEXT];

		write_wanted(result->target, wanted);
		fprintf(out, "%s,%s,%s,", result->target->set,
			result->target->mine, wanted);
		if (result->other)
			fprintf(out, "%.4f,%s,%.4f,%.4f,%.4f,%.4f,%.4f,%u,%u",
				result->value, result->other, result->least,
				result->most, result->middle->spread,
				result->middle->mine, result->middle->peers,
				result->agree, result->parts);
		else
			fputs(",,,,,,,,", out);
		fprintf(out, ",%s\n", verdicts[judge(result)]);
	}
}

/* What the ratio alone does not say. */
static void print_percentiles(const struct result *results, FILE *out)
{
	for (size_t i = 0; i < perf_target_count; i++) {
		const struct result *result = &results[i];

		if (result->target->kind == PERF_TARGET_PERCENTILE &&
		    result->other)
			fprintf(out,
				"%s: p99.9 of get %.0f ns, of %s %.0f ns, of "
				"an empty interval %.0f ns; the longest get "
				"%.0f ns\n",
				result->target->set, result->middle->mine,
				result->other, result->middle->peers,
				result->middle->empty, result->longest);
	}
}

static void print_rivals(const struct all *all, FILE *out)
{
	const struct perf_target_item *last = NULL;

	fputs("every peer:", out);
	for (size_t i = 0; i < all->count; i++) {
		const struct perf_target_item *item = &all->item[i];

		/* Those of the first target that asks for them, once. */
		if (perf_targets[item->target].kind != PERF_TARGET_RIVALS ||
		    (last && last->target != item->target))
			continue;
		if (last && item != last + 1)
			break;
		fprintf(out, " %s", item->other);
		last = item;
	}
	fputc('\n', out);
}

static void print_notes(const struct perf_settings *settings,
			const struct all *all, const struct result *results,
			FILE *out)
{
	unsigned count[VERDICTS] = { 0 };

	for (size_t i = 0; i < perf_target_count; i++)
		count[judge(&results[i])]++;
	fputc('\n', out);
	print_percentiles(results, out);
	print_rivals(all, out);
	fprintf(out,
		"measured: median of %u processes, each the median of %u "
		"ratios of repeats that followed\neach other; processes: least "
		"and most; pairs, ns: of the process in the middle, the 10th\n"
		"to 90th percentile of its ratios and its times; agree: "
		"processes on the same side of the\nbound; not clean: fewer "
		"than four fifths, or two thirds of the pairs without their\n"
		"cores (such pairs do not count); crossing: may be returned "
		"by another thread\n",
		settings->processes, settings->repeats);
	for (int i = 0; i < VERDICTS; i++)
		fprintf(out, "%s%s %u", i ? ", " : "", verdicts[i], count[i]);
	fputc('\n', out);
}

static void print_table(const struct result *results, FILE *out)
{
	static const char *const heads[] = {
		"<work",    "<library",  "<wanted", "measured",
		"<against", "processes", "pairs",   "ns",
		"against",  "agree",     "<"
	};
	struct tool_table *table =
		tool_table_create(heads, sizeof(heads) / sizeof(*heads));

	for (size_t i = 0; i < perf_target_count; i++)
		add_result(table, &results[i]);
	tool_table_print(table, out);
	tool_table_destroy(table);
}

void perf_target_report(const struct perf_settings *settings,
			const struct perf_target_item *items, size_t count,
			FILE *out)
{
	struct all all = { .item = items, .count = count };
	struct result *results =
		tool_zalloc(perf_target_count, sizeof(*results));

	for (unsigned i = 0; i < perf_target_count; i++)
		results[i] = sum_up(&all, i);
	if (settings->output == PERF_CSV) {
		print_csv(results, out);
	} else {
		print_table(results, out);
		print_notes(settings, &all, results, out);
	}
	free(results);
}
