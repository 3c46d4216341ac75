/* SPDX-License-Identifier: MIT */
#include "sums.h"

#include "segment.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { PAGE = 4096, ROUNDS = 16 }; /* the library's own choice */

size_t sums_cache_bytes(void)
{
	size_t rounds = stress_options.rounds ? stress_options.rounds : ROUNDS;

	return stress_options.grow ? 0 : 2 * rounds * PAGE;
}

struct magpool *sums_pool(void)
{
	struct magpool_options options = {
		.size = sizeof(options),
		.name = "stress",
		.magazine_rounds = stress_options.rounds,
		.cache_bytes = sums_cache_bytes(),
		.depot_bytes = stress_options.depot_kib << 10,
	};
	struct magpool *pool = magpool_create(&options);

	if (!pool)
		stress_unable("magpool_create", errno);
	return pool;
}

struct magpool_stats sums_read(const struct magpool *pool)
{
	struct magpool_stats stats;
	size_t size = magpool_stats_read(pool, &stats, sizeof(stats));

	stress_check(size >= sizeof(stats), "statistics of %zu bytes", size);
	return stats;
}

static void check_equal(const char *what, uint64_t left, uint64_t right)
{
	stress_check(left == right, "%s: %" PRIu64 " against %" PRIu64, what,
		     left, right);
}

static void check_pages(const struct magpool_stats *stats)
{
	check_equal("pages created and not given back, against out + cached "
		    "+ depot + loose + quarantined + leaked",
		    stats->pages_created - stats->pages_given_back,
		    stats->pages_out + stats->pages_cached +
			    stats->pages_depot + stats->pages_loose +
			    stats->pages_quarantined + stats->pages_leaked);
	check_equal("gets less returns, against arenas out",
		    stats->gets - stats->returns, stats->arenas_out);
	check_equal("calls reported as misuse, against none", stats->misuse, 0);
}

/* What others see is what we see, too. */
static void check_segment(const struct magpool *pool)
{
	const char *fault;

	/*
	 * This one holds signals back, and a child of fork gets what its parent
	 * has not seen yet: before our handler is there, it counts in the
	 * parent's segment.
	 */
	if (STRESS_TSAN)
		return;
	fault = segment_fault(pool);
	stress_check(!fault, "%s", fault);
}

void sums_check(const struct magpool *pool, uint64_t out)
{
	struct magpool_stats stats = sums_read(pool);

	check_pages(&stats);
	check_equal("magazines made, against loaded + full + empty",
		    stats.magazines_made,
		    stats.magazines_loaded + stats.magazines_full +
			    stats.magazines_empty);
	check_equal("arenas out, against loans", stats.arenas_out, out);
	check_segment(pool);
}

void sums_check_child(const struct magpool *pool, uint64_t out)
{
	struct magpool_stats stats = sums_read(pool);
	uint64_t magazines = stats.magazines_loaded + stats.magazines_full +
			     stats.magazines_empty;

	check_pages(&stats);
	/* A thread that moved magazines at the fork had three at the most. */
	stress_check(magazines <= stats.magazines_made &&
			     magazines + UINT64_C(3) * stress_options.threads >=
				     stats.magazines_made,
		     "%" PRIu64 " magazines of %" PRIu64 " in a child",
		     magazines, stats.magazines_made);
	stress_check(stats.arenas_out <= out,
		     "%" PRIu64 " arenas are out in a child", stats.arenas_out);
	check_segment(pool);
}

void sums_check_all(const struct magpool *pool)
{
	struct magpool_stats stats = sums_read(pool);

	sums_check(pool, 0);
	check_equal("pages out, against none", stats.pages_out, 0);
	check_equal("gets counted, against gets done", stats.gets,
		    stress_totals.gets);
	check_equal("returns counted, against returns done", stats.returns,
		    stress_totals.returns);
}

void sums_check_bound(const struct magpool *pool, uint64_t pages,
		      uint64_t caches)
{
	struct magpool_stats stats = sums_read(pool);
	uint64_t held = stats.pages_created - stats.pages_given_back;
	uint64_t cached = caches * 2 * stats.rounds_peak;
	/* The default limit of the depot is too wide to see a leak by. */
	uint64_t depot = stress_options.depot_kib << 10;
	/* A pop that misses before a wrap fence may make a page. */
	uint64_t bound = pages + cached + depot / stats.page_size +
			 stats.fences_refused + stats.pages_quarantined;

	stress_check(held <= bound,
		     "%" PRIu64 " pages are held, but only %" PRIu64
		     " were in use, %" PRIu64 " cached, %" PRIu64
		     " in the depot",
		     held, pages, cached, depot / stats.page_size);
}

void sums_check_rise(const struct magpool_stats *before,
		     const struct magpool_stats *after)
{
	size_t counters =
		offsetof(struct magpool_stats, arenas_out) / sizeof(uint64_t);
	size_t gauge = offsetof(struct magpool_stats, magazines_made) /
		       sizeof(uint64_t);
	const uint64_t *old = &before->gets, *new = &after->gets;

	/* Magazines end with their pool. */
	for (size_t i = 0; i < counters; i++)
		stress_check(i == gauge || new[i] >= old[i],
			     "%s fell from %" PRIu64 " to %" PRIu64,
			     magpool_stats_name(i), old[i], new[i]);
}

void sums_finish(struct magpool *pool)
{
	struct magpool_stats stats = sums_read(pool);
	int error;

	sums_check_all(pool);
	stress_totals.exchanges += stats.exchanges;
	stress_totals.cas_failures += stats.cas_failures;
	error = magpool_destroy(&pool);
	stress_check(error == 0 && !pool, "magpool_destroy: %s",
		     strerrordesc_np(-error));
}
