/* SPDX-License-Identifier: MIT */
#include "sample.h"

#include <time.h>

#include "tool.h"

void stat_sample_init(struct stat_sample *sample,
		      const struct stat_segment *segment)
{
	*sample = (struct stat_sample){ .segment = segment };
}

enum stat_fault stat_sample_take(struct stat_sample *sample)
{
	struct stat_snapshot now;
	enum stat_fault fault = stat_segment_read(sample->segment, &now);

	if (fault != STAT_FINE)
		return fault;
	stat_snapshot_free(&sample->before);
	sample->has_before = sample->now.total;
	sample->before = sample->now;
	sample->before_ns = sample->now_ns;
	sample->now = now;
	sample->now_ns = tool_now();
	sample->seconds =
		sample->has_before
			? (double)(sample->now_ns - sample->before_ns) / 1e9
			: stat_sample_age(sample);
	return STAT_FINE;
}

void stat_sample_free(struct stat_sample *sample)
{
	stat_snapshot_free(&sample->before);
	stat_snapshot_free(&sample->now);
}

double stat_sample_age(const struct stat_sample *sample)
{
	struct timespec now;
	double age;

	clock_gettime(CLOCK_REALTIME, &now);
	age = (double)now.tv_sec + (double)now.tv_nsec / 1e9 -
	      (double)sample->segment->started / 1e9;
	/* Somebody may have set the clock, or made the segment up. */
	return age > 0 ? age : 0;
}

const struct stat_part *stat_sample_before(const struct stat_sample *sample,
					   const struct stat_part *part)
{
	for (size_t i = 0; i < sample->before.parts; i++) {
		const struct stat_part *old = &sample->before.part[i];

		if (old->type == part->type && old->pool == part->pool &&
		    old->serial == part->serial)
			return old;
	}
	return NULL;
}

bool stat_sample_added(const struct stat_sample *sample,
		       const struct stat_part *part, size_t row,
		       uint64_t *added)
{
	const struct stat_part *old = part && sample->has_before
					      ? stat_sample_before(sample, part)
					      : NULL;
	uint64_t now = part ? part->value[row] : sample->now.total[row];
	uint64_t before = 0;

	/* A pool that is new began at 0; a block may have been another's. */
	if (part && sample->has_before && !old && part->type != MP_LIVE_POOL)
		return false;
	if (old)
		before = old->value[row];
	else if (!part && sample->has_before)
		before = sample->before.total[row];
	*added = now > before ? now - before : 0;
	return true;
}
