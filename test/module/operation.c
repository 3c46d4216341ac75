/* SPDX-License-Identifier: MIT */
/* Who may enter a cache, and who finds out that somebody is in it. */
#include "operation.h"

#include <criterion/criterion.h>

/* Only compared. */
#define FIRST ((uintptr_t)64)
#define SECOND ((uintptr_t)128)

static struct mp_live_counters unseen;
static struct mp_counters counters = { .live = &unseen };
static struct mp_operation operation = { .counters = &counters };

static _Atomic uint32_t *enter(uintptr_t thread)
{
	return mp_operation_enter_explicit(&operation, thread);
}

Test(operation, the_same_thread_does_not_enter_twice)
{
	cr_assert_eq(mp_operation_enter(&operation), &operation.inside);
	cr_assert_null(mp_operation_enter(&operation));
	mp_operation_leave(&operation.inside);
	cr_assert_eq(mp_operation_enter(&operation), &operation.inside);
}

Test(operation, the_first_thread_owns_an_explicit_cache)
{
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(enter(FIRST), &operation.inside);
		cr_assert_null(enter(FIRST));
		mp_operation_leave(&operation.inside);
	}
	cr_assert_eq(operation.owner, FIRST);
	cr_assert_not(mp_operation_runs(&operation));
}

Test(operation, a_second_thread_ends_that_for_ever)
{
	mp_operation_leave(enter(FIRST));
	cr_assert_eq(enter(SECOND), &operation.busy);
	cr_assert(mp_operation_runs(&operation));
	cr_assert_null(enter(FIRST));
	mp_operation_leave(&operation.busy);
	cr_assert_eq(enter(FIRST), &operation.busy);
	cr_assert_eq(operation.owner, MP_OWNER_SHARED);
}

Test(operation, nobody_enters_while_the_first_is_inside)
{
	_Atomic uint32_t *word = enter(FIRST);

	cr_assert_null(enter(SECOND));
	cr_assert_null(enter(SECOND));
	mp_operation_leave(word);
	cr_assert_eq(enter(SECOND), &operation.busy);
}

Test(operation, nobody_enters_while_the_bias_is_being_taken)
{
	mp_store_relaxed(&operation.owner, MP_OWNER_REVOKED);
	cr_assert_null(enter(FIRST));
	cr_assert_null(enter(SECOND));
	cr_assert_not(mp_operation_runs(&operation));
}

Test(operation, the_sequence_changes_with_each_kind)
{
	uint64_t before[4];

	before[0] = mp_operation_sequence(&operation);
	mp_operation_count(gets, &counters);
	before[1] = mp_operation_sequence(&operation);
	mp_operation_count(returns, &counters);
	before[2] = mp_operation_sequence(&operation);
	mp_operation_count(chained, &counters);
	before[3] = mp_operation_sequence(&operation);
	mp_operation_count(misses, &counters);
	for (size_t i = 0; i < sizeof before / sizeof *before; i++)
		cr_assert_eq(mp_operation_sequence(&operation) - before[i],
			     4 - i);
}

Test(operation, what_is_counted_is_shown_too)
{
	mp_operation_count(chained, &counters);
	mp_count(&counters, underflows, 3);
	cr_assert_eq(unseen.chained, 1);
	cr_assert_eq(unseen.underflows, 3);
	cr_assert_eq(counters.underflows, 3);
}
