/* SPDX-License-Identifier: MIT */
#include "loans.h"

#include "pool.h"

/* As many as a trip gives back at the end of an interval (trim.c). */
#define PAGES_AT_ONCE 16384

struct look {
	char *mark; /* of now */
	uint64_t longest;
};

/*
 * Is it an arena that is out?  A read of words that their owner writes without
 * asking anybody, inline in programs of any language: each is one store that is
 * never torn.  One that is old or new by a moment is as good.  Hidden from
 * ThreadSanitizer, and from AddressSanitizer as mp_page_is_one().
 */
__attribute__((no_sanitize("thread", "address"), noinline)) static bool
is_out(const struct mp_page *page)
{
	const volatile struct mp_page *seen = page;

	return seen->check == (uint32_t)(uintptr_t)page + MP_PAGE_MAGIC &&
	       seen->words.limit;
}

static uint64_t age_of(const char *mark, const char *now)
{
	/* The words may have come round; their lowest bits are the same. */
	return ((uintptr_t)now - (uintptr_t)mark) >> 2;
}

static void see(void *context, struct mp_page *page)
{
	struct look *look = context;
	char *limit = mp_load_relaxed(&page->plain_limit);
	bool out = is_out(page);
	bool marked = mp_page_is_mark(limit);

	if (out && marked) {
		uint64_t age = age_of(limit, look->mark);

		if (age > look->longest)
			look->longest = age;
	} else if (out || marked) {
		/* Relaxed: see page.h.  It fails when the owner was there. */
		mp_cas_relaxed(&page->plain_limit, &limit, look->mark);
	}
}

static void look_at_some(struct magpool *pool, uint32_t slabs)
{
	struct look look = {
		.mark = mp_page_mark_of(mp_platform_milliseconds()),
		.longest = pool->look_longest,
	};
	uint32_t count = mp_table_count(&pool->slabs.table);

	while (slabs-- && pool->look_at < count)
		mp_slabs_look(&pool->slabs, ++pool->look_at, see, &look);
	pool->look_longest = look.longest;
	if (pool->look_at >= count) {
		mp_tally_set(&pool->longest_out, look.longest);
		pool->look_at = 0;
		pool->look_longest = 0;
	}
}

void mp_loans_look(struct magpool *pool, bool all)
{
	/* Acquire: what the one before left. */
	if (mp_exchange_acquire(&pool->looking, true))
		return;
	if (all) {
		pool->look_at = 0;
		pool->look_longest = 0;
	}
	look_at_some(pool,
		     all ? UINT32_MAX : PAGES_AT_ONCE / pool->slabs.pages);
	mp_store_release(&pool->looking, false);
}

void mp_loans_after_fork(struct magpool *pool)
{
	mp_store_relaxed(&pool->looking, false);
}
