/* SPDX-License-Identifier: MIT */
/* A limit is never passed, not by a pool and not by all of them. */
#include "budget.h"

#include <criterion/criterion.h>
#include <pthread.h>

static struct mp_budget whole = { .limit = 100 };
static struct mp_budget part = { .limit = 60, .parent = &whole };

Test(budget, takes_up_to_the_limit)
{
	cr_assert(mp_budget_reserve(&part, 60));
	cr_assert_not(mp_budget_reserve(&part, 1));
	cr_assert_eq(part.used, 60);
	mp_budget_release(&part, 10);
	cr_assert(mp_budget_reserve(&part, 10));
	cr_assert_eq(part.peak, 60);
}

Test(budget, what_the_whole_refuses_leaves_no_trace)
{
	cr_assert(mp_budget_reserve(&whole, 90));
	cr_assert_not(mp_budget_reserve(&part, 11));
	cr_assert_eq(part.used, 0);
	cr_assert_eq(whole.used, 90);
	cr_assert(mp_budget_reserve(&part, 10));
	cr_assert_eq(whole.used, 100);
}

Test(budget, sizes_do_not_wrap)
{
	cr_assert(mp_budget_reserve(&part, 1));
	cr_assert_not(mp_budget_reserve(&part, SIZE_MAX));
	cr_assert_eq(part.used, 1);
}

static _Atomic bool passed;

static void *take_and_release(void *argument)
{
	(void)argument;
	for (int i = 0; i < 200000; i++) {
		if (!mp_budget_reserve(&part, 25))
			continue;
		if (mp_load_relaxed(&part.used) > part.limit)
			mp_store_relaxed(&passed, true);
		mp_budget_release(&part, 25);
	}
	return NULL;
}

Test(budget, threads_never_pass_it)
{
	pthread_t thread[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, take_and_release, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	cr_assert_not(passed);
	cr_assert_eq(part.used, 0);
	cr_assert_eq(whole.used, 0);
	cr_assert_leq(part.peak, 60);
}
