/* SPDX-License-Identifier: MIT */
/* A fence is paid when, and only when, what was running has ended. */
#include "quiesce.h"

#include <criterion/criterion.h>

static struct mp_quiesce quiesce;
static struct mp_table operations;
static struct mp_list list;
static struct mp_list *const lists[] = { &list };
static struct magpool *const pool = (struct magpool *)64; /* only compared */
static struct mp_operation *owner;
static struct mp_live_counters unseen;
static struct mp_counters counters = { .live = &unseen };

static void setup(void)
{
	mp_table_init(&operations, MP_OPERATION_AT + sizeof *owner, 8);
	owner = (struct mp_operation *)(void *)((char *)mp_table_at(
							&operations,
							mp_table_add(
								&operations)) +
						MP_OPERATION_AT);
	mp_store_relaxed(&owner->pool, pool);
	owner->counters = &counters;
	/* The phase has flipped: a fence is owed. */
	mp_store_relaxed(&list.head, mp_list_word(MP_TAG_PHASE, 0));
}

TestSuite(quiesce, .init = setup);

static void tick(void)
{
	mp_quiesce_tick(&quiesce, pool, &operations, lists, 1);
}

static void begin(void)
{
	cr_assert_eq(mp_operation_enter(owner), &owner->inside);
}

static void end(void)
{
	mp_operation_count(gets, &counters);
	mp_operation_leave(&owner->inside);
}

Test(quiesce, nobody_inside_pays_at_once)
{
	cr_assert(mp_list_owes(&list));
	tick();
	cr_assert_not(mp_list_owes(&list));
	cr_assert_eq(mp_tally_read(&quiesce.paid), 1);
}

Test(quiesce, an_operation_under_way_is_waited_for)
{
	begin();
	for (int i = 0; i < 5; i++) {
		tick();
		cr_assert(mp_list_owes(&list));
	}
	end();
	tick();
	cr_assert_not(mp_list_owes(&list));
}

Test(quiesce, a_later_operation_of_the_same_owner_is_not)
{
	begin();
	tick();
	end();
	begin();
	tick();
	cr_assert_not(mp_list_owes(&list));
}

Test(quiesce, a_guest_of_an_explicit_cache_is_waited_for)
{
	mp_store_relaxed(&owner->busy, 1);
	tick();
	cr_assert(mp_list_owes(&list));
	mp_operation_leave(&owner->busy);
	tick();
	cr_assert_not(mp_list_owes(&list));
}

Test(quiesce, owners_of_other_pools_do_not_matter)
{
	mp_store_relaxed(&owner->pool, NULL);
	begin();
	tick();
	cr_assert_not(mp_list_owes(&list));
}

Test(quiesce, operations_without_a_cache_are_waited_for)
{
	uint32_t first = mp_quiesce_enter(&quiesce);
	uint32_t second;

	tick();
	cr_assert(mp_list_owes(&list));
	/* One that came later is in the other counter or was seen past. */
	second = mp_quiesce_enter(&quiesce);
	mp_quiesce_leave(&quiesce, first);
	tick();
	mp_quiesce_leave(&quiesce, second);
	tick();
	cr_assert_not(mp_list_owes(&list));
}

Test(quiesce, a_stream_of_operations_does_not_starve_it)
{
	uint32_t running = mp_quiesce_enter(&quiesce);

	for (int i = 0; i < 10 && mp_list_owes(&list); i++) {
		uint32_t next;

		tick();
		/* There is always one inside. */
		next = mp_quiesce_enter(&quiesce);
		mp_quiesce_leave(&quiesce, running);
		running = next;
	}
	cr_assert_not(mp_list_owes(&list));
	mp_quiesce_leave(&quiesce, running);
}

Test(quiesce, a_flip_during_the_period_is_paid_by_the_next_one)
{
	begin();
	tick();
	/* Cannot happen before the payment; if it did, it is not paid for. */
	mp_store_relaxed(&list.head, mp_list_word(0, 0));
	end();
	tick();
	cr_assert(mp_list_owes(&list));
	tick();
	cr_assert_not(mp_list_owes(&list));
}

Test(quiesce, a_fork_child_starts_afresh)
{
	begin();
	mp_quiesce_enter(&quiesce);
	tick();
	mp_quiesce_after_fork(&quiesce);
	mp_store_relaxed(&owner->inside, 0);
	tick();
	cr_assert_not(mp_list_owes(&list));
}
