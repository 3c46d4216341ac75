/* SPDX-License-Identifier: MIT */
#include "compare.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "tool_table.h"
#include "util.h"

/* What is taken from one of the results. */
struct result {
	const char *workload, *peer, *not_clean;
	int threads;
	double ns, low, high;
	double ratio; /* 0 = none */
};

static json_t *load(const char *file)
{
	json_error_t error;
	json_t *all = json_load_file(file, 0, &error);

	if (!all)
		tool_die(TOOL_EXIT_USAGE,
			 "%s:%d: %s: expected what --json has printed", file,
			 error.line, error.text);
	if (!json_is_array(json_object_get(all, "results")))
		tool_die(TOOL_EXIT_USAGE,
			 "%s:1: no `results': expected what --json has "
			 "printed",
			 file);
	return all;
}

static struct result unpack(const char *file, size_t number, json_t *json)
{
	struct result result = { 0 };
	json_error_t error;

	if (json_unpack_ex(
		    json, &error, 0, "{s:s, s:i, s:s, s:F, s:F, s:F, s:s, s?F}",
		    "workload", &result.workload, "threads", &result.threads,
		    "peer", &result.peer, "ns", &result.ns, "ns_p10",
		    &result.low, "ns_p90", &result.high, "not_clean",
		    &result.not_clean, "ratio", &result.ratio) != 0)
		tool_die(TOOL_EXIT_USAGE,
			 "%s: result %zu: %s: expected what --json has printed",
			 file, number + 1, error.text);
	return result;
}

static bool is_same(const struct result *left, const struct result *right)
{
	return strcmp(left->workload, right->workload) == 0 &&
	       strcmp(left->peer, right->peer) == 0 &&
	       left->threads == right->threads;
}

static bool find(const char *file, json_t *results, const struct result *wanted,
		 struct result *found)
{
	for (size_t i = 0; i < json_array_size(results); i++) {
		*found = unpack(file, i, json_array_get(results, i));
		if (is_same(found, wanted))
			return true;
	}
	return false;
}

/* More than the spread: the two ranges have nothing in common. */
static void add_verdict(struct tool_table *table, const struct result *before,
			const struct result *after)
{
	const char *unclean =
		*before->not_clean || *after->not_clean ? " (not clean)" : "";

	if (after->high < before->low)
		tool_table_add(table, TOOL_STRONG, "faster%s", unclean);
	else if (after->low > before->high)
		tool_table_add(table, TOOL_WARN, "slower%s", unclean);
	else
		tool_table_add(table, TOOL_PLAIN, "within the spread");
}

static void add_ratio(struct tool_table *table, double ratio)
{
	if (ratio > 0)
		tool_table_add(table, TOOL_PLAIN, "%.2f x", ratio);
	else
		tool_table_add(table, TOOL_PLAIN, "-");
}

static void add_pair(struct tool_table *table, const struct result *before,
		     const struct result *after)
{
	tool_table_add(table, TOOL_STRONG, "%s", after->workload);
	tool_table_add(table, TOOL_PLAIN, "%d", after->threads);
	tool_table_add(table, TOOL_PLAIN, "%s", after->peer);
	tool_table_add(table, TOOL_PLAIN, "%.2f", before->ns);
	tool_table_add(table, TOOL_PLAIN, "%.2f", after->ns);
	tool_table_add(table, TOOL_STRONG, "%+.1f %%",
		       (after->ns / before->ns - 1) * 100);
	add_ratio(table, before->ratio);
	add_ratio(table, after->ratio);
	add_verdict(table, before, after);
}

void perf_compare(const char *old_file, const char *new_file, FILE *out)
{
	static const char *const heads[] = { "<workload", "threads",  "<peer",
					     "ns before", "ns after", "change",
					     "vs before", "vs after", "<" };
	json_t *old_all = load(old_file), *new_all = load(new_file);
	json_t *old_results = json_object_get(old_all, "results");
	json_t *new_results = json_object_get(new_all, "results");
	struct tool_table *table =
		tool_table_create(heads, sizeof(heads) / sizeof(*heads));
	size_t alone = 0;

	for (size_t i = 0; i < json_array_size(new_results); i++) {
		struct result before,
			after = unpack(new_file, i,
				       json_array_get(new_results, i));

		if (find(old_file, old_results, &after, &before))
			add_pair(table, &before, &after);
		else
			alone++;
	}
	tool_table_print(table, out);
	fprintf(out,
		"\nvs: times faster than the baseline of that run; more than "
		"the spread: the ranges from the\n10th to the 90th percentile "
		"have nothing in common; without a counterpart: %zu\n",
		alone);
	tool_table_destroy(table);
	json_decref(old_all);
	json_decref(new_all);
}
