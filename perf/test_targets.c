/* SPDX-License-Identifier: MIT */
/* What is made of the items of five parts: the verdicts, by hand. */
#include "target.h"

#include <stdlib.h>
#include <string.h>

#include "settings.h"

enum { PARTS = 5 };

static struct perf_target_item items[64];
static size_t count;
static int failed;

/* The number of a target; the first that fits. */
static unsigned number_of(const char *set, const char *mine,
			  enum perf_target_kind kind)
{
	for (unsigned i = 0; i < perf_target_count; i++)
		if (strcmp(perf_targets[i].set, set) == 0 &&
		    strcmp(perf_targets[i].mine, mine) == 0 &&
		    perf_targets[i].kind == kind)
			return i;
	printf("not ok: no target %s %s\n", set, mine);
	exit(1);
}

static void say(unsigned target, const char *other, const double *values,
		int is_clean)
{
	for (size_t i = 0; i < PARTS; i++) {
		struct perf_target_item *item = &items[count++];

		item->target = target;
		snprintf(item->other, sizeof(item->other), "%s", other);
		item->value = values[i];
		item->mine = 8;
		item->peers = 6;
		item->is_clean = is_clean;
	}
}

static bool is_same(const struct perf_target_item *left,
		    const struct perf_target_item *right)
{
	return left->target == right->target &&
	       strcmp(left->other, right->other) == 0 &&
	       left->value == right->value && left->mine == right->mine &&
	       left->peers == right->peers && left->is_clean == right->is_clean;
}

/* As the items come: through the line that a part prints. */
static void send_items(void)
{
	FILE *file = tmpfile();
	struct perf_target_item none = { 0 };

	for (size_t i = 0; file && i < count; i++)
		perf_target_item_print(&items[i], file);
	if (!file || fseek(file, 0, SEEK_SET) != 0)
		exit(1);
	for (size_t i = 0; i < count; i++) {
		struct perf_target_item item;

		if (!perf_target_item_scan(&item, file) ||
		    !is_same(&item, &items[i])) {
			printf("not ok: item %zu changed on its way\n", i);
			failed = 1;
		}
	}
	if (perf_target_item_scan(&none, file)) {
		printf("not ok: an item after the last\n");
		failed = 1;
	}
	fclose(file);
}

static void expect(const char *report, const char *line)
{
	if (strstr(report, line))
		return;
	printf("not ok: no \"%s\" in\n%s", line, report);
	failed = 1;
}

static char *report_csv(void)
{
	struct perf_settings settings = { .output = PERF_CSV };
	char *report = NULL;
	size_t size;
	FILE *out = open_memstream(&report, &size);

	if (!out)
		exit(1);
	perf_target_report(&settings, items, count, out);
	fclose(out);
	return report;
}

int main(void)
{
	/* Four of five agree; the fifth does not move the median. */
	static const double reached[PARTS] = { 1.1, 1.2, 1.25, 1.2, 2.0 };
	static const double missed[PARTS] = { 1.4, 1.5, 1.6, 1.7, 1.1 };
	static const double divided[PARTS] = { 1.1, 1.2, 1.29, 1.4, 1.5 };
	static const double times[PARTS] = { 2.1, 2.2, 2.3, 2.4, 1.9 };
	static const double nearer[PARTS] = { 1.5, 1.4, 1.6, 1.5, 1.5 };
	char *report;

	say(number_of("small", "magpool", PERF_TARGET_AT_MOST), "floor",
	    reached, 1);
	say(number_of("calls vk", "magpool", PERF_TARGET_AT_MOST), "floor",
	    missed, 1);
	say(number_of("calls db", "magpool", PERF_TARGET_AT_MOST), "floor",
	    divided, 1);
	say(number_of("multipage", "magpool", PERF_TARGET_AT_MOST), "floor",
	    reached, 0);
	say(number_of("nested 8", "magpool", PERF_TARGET_RIVALS), "malloc",
	    times, 1);
	say(number_of("multipage", "magpool", PERF_TARGET_RIVALS), "malloc",
	    times, 1);
	say(number_of("multipage", "magpool", PERF_TARGET_RIVALS), "obstack",
	    nearer, 1);
	send_items();
	report = report_csv();
	expect(report, "small,magpool,<= 1.30 x floor,1.2000,floor,1.1000,"
		       "2.0000,0.0000,8.0000,6.0000,4,5,reached\n");
	expect(report, "calls vk,magpool,<= 1.30 x floor,1.5000,floor,1.1000,"
		       "1.7000,0.0000,8.0000,6.0000,4,5,missed\n");
	expect(report, "1.2900,floor,1.1000,1.5000,0.0000,8.0000,6.0000,3,5,"
		       "not clean\n");
	expect(report, "multipage,magpool,<= 1.30 x floor,1.2000,floor,1.1000,"
		       "2.0000,0.0000,8.0000,6.0000,4,5,not clean\n");
	expect(report, "nested 8,magpool,every peer >= 2.0 x slower,2.2000,"
		       "malloc,1.9000,2.4000,0.0000,8.0000,6.0000,4,5,"
		       "reached\n");
	/* Of two peers the nearer one decides. */
	expect(report, "every peer >= 2.0 x slower,1.5000,obstack,1.4000,"
		       "1.6000,0.0000,8.0000,6.0000,5,5,missed\n");
	expect(report, "cycle,magpool,<= 1.00 x dpdk,,,,,,,,,,not measured\n");
	free(report);
	if (!failed)
		puts("ok");
	return failed;
}
