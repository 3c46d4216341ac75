/* SPDX-License-Identifier: MIT */
/* An item on its way from a part to the process that started it: one line. */
#include "target.h"

void perf_target_item_print(const struct perf_target_item *item, FILE *out)
{
	fprintf(out, "%u %.17g %.17g %.17g %.17g %.17g %.17g %d %s\n",
		item->target, item->value, item->spread, item->mine,
		item->peers, item->empty, item->most, item->is_clean,
		item->other);
}

bool perf_target_item_scan(struct perf_target_item *item, FILE *in)
{
	return fscanf(in, "%u %lf %lf %lf %lf %lf %lf %d %31[^\n]",
		      &item->target, &item->value, &item->spread, &item->mine,
		      &item->peers, &item->empty, &item->most, &item->is_clean,
		      item->other) == 9 &&
	       item->target < perf_target_count;
}
