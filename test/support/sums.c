/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "sums.h"

struct magpool_stats sums_read(const struct magpool *pool)
{
	struct magpool_stats stats = { 0 };

	(void)magpool_stats_read(pool, &stats, sizeof stats);
	return stats;
}

/* One buffer is enough: the first fault ends the scenario. */
/* Pages that an arena may keep while it lies in a cache. */
#define SPARE_MAX 15

static const char *fault(const char *what, uint64_t left, uint64_t right)
{
	static char text[160];

	snprintf(text, sizeof text, "%s: %" PRIu64 " against %" PRIu64, what,
		 left, right);
	return text;
}

static const char *pages_fault(const struct magpool_stats *s)
{
	uint64_t carved = s->pages_created - s->pages_given_back;
	uint64_t found = s->pages_out + s->pages_cached + s->pages_depot +
			 s->pages_loose + s->pages_quarantined +
			 s->pages_leaked;
	uint64_t out = s->arenas_out + s->chained - s->unchained;

	if (carved != found)
		return fault("pages carved, pages found", carved, found);
	/* An arena on top of a magazine keeps its chain: cached, not out. */
	if (s->pages_out > out)
		return fault("pages out, arenas and their chains", s->pages_out,
			     out);
	if (out - s->pages_out > s->pages_cached ||
	    out - s->pages_out > SPARE_MAX * s->caches)
		return fault("spare pages, pages cached", out - s->pages_out,
			     s->pages_cached);
	if (s->arenas_out == 0 && s->pages_out != 0)
		return fault("pages out without an arena", s->pages_out, 0);
	return NULL;
}

static const char *magazines_fault(const struct magpool_stats *s, bool all)
{
	uint64_t found =
		s->magazines_loaded + s->magazines_full + s->magazines_empty;

	if (all ? s->magazines_made != found : s->magazines_made < found)
		return fault("magazines made, magazines found",
			     s->magazines_made, found);
	return NULL;
}

static const char *fault_of(const struct magpool *pool, bool all_magazines)
{
	struct magpool_stats s = sums_read(pool);
	const char *text = pages_fault(&s);

	if (text)
		return text;
	text = magazines_fault(&s, all_magazines);
	if (text)
		return text;
	if (s.gets - s.returns != s.arenas_out)
		return fault("gets less returns, arenas out",
			     s.gets - s.returns, s.arenas_out);
	if (s.bytes_mapped > s.bytes_peak)
		return fault("bytes mapped, their peak", s.bytes_mapped,
			     s.bytes_peak);
	return NULL;
}

const char *sums_fault(const struct magpool *pool)
{
	return fault_of(pool, true);
}

const char *sums_fault_in_child(const struct magpool *pool)
{
	/* What another thread had just in its hands cannot be taken over. */
	return fault_of(pool, false);
}
