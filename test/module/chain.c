/* SPDX-License-Identifier: MIT */
/* What stays with an arena from use to use, and for how long. */
#include "chain.h"

#include <criterion/criterion.h>

#include "support/hide.h"

#define PAGE 4096
#define SMALL 64

static struct magpool *pool;

/* One use with two allocations of that size; the arena, returned. */
static struct mp_page *use(size_t size)
{
	struct magpool_arena *arena = magpool_get_from(pool);
	/* It outlives what it was got as. */
	struct mp_page *page = hide(arena);

	cr_assert_not_null(arena);
	cr_assert_not_null(magpool_alloc(arena, size));
	cr_assert_not_null(magpool_alloc(arena, size));
	magpool_return(arena);
	return page;
}

/* The thread's cache has a magazine then, so that arenas stay as they are. */
static void open_pool(size_t max_arena_bytes)
{
	struct magpool_options options = {
		.size = sizeof options,
		.max_arena_bytes = max_arena_bytes,
	};

	pool = magpool_create(&options);
	cr_assert_not_null(pool);
	use(SMALL);
}

static void close_pool(void)
{
	cr_assert_eq(magpool_destroy(&pool), 0);
}

/* Does a return of it, when it has not grown, have nothing to do? */
static bool is_plain(const struct mp_page *page)
{
	return page->plain_limit == page->first_limit;
}

static uint64_t chained(void)
{
	struct magpool_stats stats;

	magpool_stats_read(pool, &stats, sizeof stats);
	return stats.chained;
}

Test(chain, spare_pages_that_nobody_needs_go)
{
	struct mp_page *page;

	open_pool(0);
	page = use(PAGE);
	cr_assert_eq(page->further, 1);
	for (int i = 0; i < MP_SPARE_USES; i++)
		cr_assert_eq(use(SMALL)->further, 1);
	cr_assert_eq(use(SMALL), page);
	cr_assert_eq(page->further, 0);
	cr_assert(is_plain(page));
	close_pool();
}

Test(chain, spare_pages_that_are_needed_now_and_then_stay)
{
	uint64_t before;

	/* With a limit, so that no front block takes their place. */
	open_pool((size_t)16 * PAGE);
	use(PAGE);
	before = chained();
	for (int i = 0; i < 100; i++)
		cr_assert_eq(use(i % MP_SPARE_USES ? SMALL : PAGE)->further, 1);
	cr_assert_eq(chained(), before);
	close_pool();
}

Test(chain, front_block_takes_the_place_of_spare_pages)
{
	struct mp_page *page = NULL;

	open_pool(0);
	for (int i = 0; i <= MP_OUTGROWN_OFTEN; i++)
		page = use(PAGE);
	cr_assert_eq(page->outgrown, MP_OUTGROWN_DONE);
	cr_assert_eq(page->further, 0);
	cr_assert(is_plain(page));
	cr_assert_eq(page->first_limit - page->first_start, 2 * PAGE);
	close_pool();
}

/* A mix of calls has both: some that outgrow the page, some with a block. */
Test(chain, front_block_beside_blocks)
{
	struct mp_page *page;

	open_pool(0);
	page = use(4 * (size_t)PAGE);
	cr_assert(is_plain(page), "what it leaves behind is not its own");
	for (int i = 0; i <= MP_OUTGROWN_OFTEN; i++)
		cr_assert_eq(use(PAGE), page);
	cr_assert_eq(page->first_limit - page->first_start, 2 * PAGE);
	use(4 * (size_t)PAGE);
	cr_assert(is_plain(page));
	close_pool();
}

/* Also when all that may be kept is taken by blocks: they make way. */
Test(chain, front_block_in_place_of_blocks)
{
	struct mp_page *page;

	open_pool(0);
	pool->kept.budget.limit = (size_t)10 * PAGE;
	page = use(4 * (size_t)PAGE);
	cr_assert_gt(pool->kept.budget.used, pool->kept.budget.limit - PAGE);
	for (int i = 0; i <= MP_OUTGROWN_OFTEN; i++)
		cr_assert_eq(use(PAGE), page);
	cr_assert_eq(page->first_limit - page->first_start, 2 * PAGE);
	cr_assert_leq(pool->kept.budget.used, pool->kept.budget.limit);
	close_pool();
}
