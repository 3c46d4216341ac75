/* SPDX-License-Identifier: MIT */
/* What a walker makes of a cache that changes while it reads. */
#include "cache.h"

#include <criterion/criterion.h>

static struct magpool_cache cache;
static struct mp_page *rounds[2 * MP_ROUNDS_MAX];

static uint64_t pages(size_t base, size_t top)
{
	mp_store_relaxed(&cache.base, rounds + base);
	mp_store_relaxed(&cache.top, rounds + top);
	return mp_cache_pages(&cache);
}

/* `base` and `top` of two magazines: no number that could be. */
Test(cache, a_reload_between_two_looks_counts_for_nothing)
{
	cr_assert_eq(pages(0, 0), 0);
	cr_assert_eq(pages(0, MP_ROUNDS_MAX), MP_ROUNDS_MAX);
	cr_assert_eq(pages(0, MP_ROUNDS_MAX + 1), 0);
	cr_assert_eq(pages(1, 0), 0);
	mp_store_relaxed(&cache.base, NULL);
	cr_assert_eq(mp_cache_pages(&cache), 0);
}
