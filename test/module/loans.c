/* SPDX-License-Identifier: MIT */
/* Marks of loans, and those that come at a bad moment. */
#include "loans.h"

#include "pool.h"

#include <criterion/criterion.h>

#define OLD 100000

static struct mp_page *page;
static struct magpool *pool;

static void make_pool(void)
{
	struct magpool_options options = { .size = sizeof options };

	pool = magpool_create(&options);
	page = mp_page_of(magpool_get_from(pool));
}

TestSuite(marks, .init = make_pool, .timeout = 30);

static uint64_t look(void)
{
	mp_loans_look(pool, true);
	return mp_tally_read(&pool->longest_out);
}

static char *limit(void)
{
	return mp_load_relaxed(&page->plain_limit);
}

/* As a look so long ago would have left it. */
static void mark_old(void)
{
	char *mark = mp_page_mark_of(mp_platform_milliseconds() - OLD);

	mp_store_relaxed(&page->plain_limit, mark);
}

Test(marks, are_no_limits)
{
	for (uint64_t time = 0; time < 1000; time++) {
		cr_assert(mp_page_is_mark(mp_page_mark_of(time)));
		cr_assert(mp_page_is_mark(mp_page_mark_of(UINT64_MAX - time)));
		cr_assert((uintptr_t)mp_page_mark_of(time) & 1);
	}
	cr_assert(!mp_page_is_mark(MP_PAGE_NOT_PLAIN));
	cr_assert(!mp_page_is_mark(page->first_limit));
	cr_assert(!mp_page_is_mark(NULL));
}

Test(marks, come_and_go)
{
	cr_assert_eq(limit(), page->first_limit);
	cr_assert_eq(look(), 0);
	cr_assert(mp_page_is_mark(limit()));
	magpool_return(&page->words);
	cr_assert_eq(limit(), page->first_limit);
	cr_assert_eq(look(), 0);
	cr_assert_eq(limit(), page->first_limit, "it is not out");
}

Test(marks, say_since_when)
{
	mark_old();
	cr_assert_geq(look(), OLD);
	cr_assert_lt(look(), OLD + 10000);
	cr_assert_geq(look(), OLD, "a look does not end it");
}

/* The return was there first. */
Test(marks, that_come_late)
{
	magpool_return(&page->words);
	mark_old();
	cr_assert_eq(look(), 0, "it is not out");
	cr_assert_eq(mp_page_of(magpool_get_from(pool)), page);
	cr_assert_lt(look(), OLD / 2, "it was not out for so long");
	magpool_return(&page->words);
	cr_assert_eq(limit(), page->first_limit);
}

/* It cannot be known that there was another loan. */
Test(marks, that_come_late_and_are_not_looked_at)
{
	magpool_return(&page->words);
	mark_old();
	cr_assert_eq(mp_page_of(magpool_get_from(pool)), page);
	cr_assert_geq(look(), OLD);
}

Test(marks, at_words_that_come_round)
{
	mp_store_relaxed(&page->plain_limit,
			 mp_page_mark_of(mp_platform_milliseconds() -
					 (UINT64_C(1) << 62) - OLD));
	cr_assert_geq(look(), OLD);
	cr_assert_lt(look(), OLD + 10000);
}

Test(marks, while_another_one_looks)
{
	mark_old();
	mp_store_relaxed(&pool->looking, true);
	cr_assert_eq(look(), 0);
	mp_loans_after_fork(pool);
	cr_assert_geq(look(), OLD);
}
