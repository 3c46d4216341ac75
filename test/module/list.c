/* SPDX-License-Identifier: MIT */
/* The tagged list: order, tags, the fence before a flip of the phase. */
#include "list.h"

#include <criterion/criterion.h>

#define RECORDS 8

static struct mp_table table;
static struct mp_list list;
static struct mp_trip trip;

static void setup(void)
{
	mp_table_init(&table, sizeof(struct mp_link), RECORDS);
	for (int i = 0; i < RECORDS; i++)
		mp_table_add(&table);
}

static void teardown(void)
{
	mp_table_release(&table);
}

TestSuite(list, .init = setup, .fini = teardown);

Test(list, last_in_first_out)
{
	for (uint32_t i = 1; i <= RECORDS; i++)
		mp_list_push(&list, &table, i, &trip);
	cr_assert_eq(mp_list_peek(&list), RECORDS);
	for (uint32_t i = RECORDS; i >= 1; i--)
		cr_assert_eq(mp_list_pop(&list, &table, &trip), i);
	cr_assert_eq(mp_list_pop(&list, &table, &trip), 0);
	cr_assert_eq(trip.cas_failures, 0);
}

Test(list, every_removal_bumps_the_tag)
{
	uint64_t before = list.head;

	mp_list_push(&list, &table, 3, &trip);
	cr_assert_eq(mp_list_tag(list.head), mp_list_tag(before));
	mp_list_pop(&list, &table, &trip);
	cr_assert_eq(mp_list_tag(list.head), mp_list_tag(before) + 1);
}

/* The head is the one that a stalled pop saw, but for the tag: it must fail. */
Test(list, a_stalled_pop_fails_when_its_record_came_back)
{
	uint64_t seen;
	uint64_t stale;

	mp_list_push(&list, &table, 2, &trip);
	mp_list_push(&list, &table, 1, &trip);
	seen = list.head;
	stale = mp_list_word(mp_list_tag(seen) + 1, 2);
	cr_assert_eq(mp_list_pop(&list, &table, &trip), 1);
	cr_assert_eq(mp_list_pop(&list, &table, &trip), 2);
	mp_list_push(&list, &table, 1, &trip);
	cr_assert_eq(mp_list_index(list.head), mp_list_index(seen));
	cr_assert_not(mp_cas_acquire(&list.head, &seen, stale));
}

Test(list, the_tag_goes_round_without_touching_the_index)
{
	cr_assert_eq(mp_list_word(MP_TAG_MASK + 1, 5), 5);
	cr_assert_eq(mp_list_index(mp_list_word(MP_TAG_MASK, 5)), 5);
	cr_assert_eq(mp_list_tag(mp_list_word(MP_TAG_MASK, MP_INDEX_MAX)),
		     MP_TAG_MASK);
}

/* One removal before a flip; `phase` is the phase it would leave. */
static void stand_before_flip(bool phase)
{
	uint64_t tag = phase ? MP_TAG_MASK : MP_TAG_PHASE - 1;

	mp_store_relaxed(&list.head, mp_list_word(tag, 0));
	mp_list_push(&list, &table, 1, &trip);
}

Test(list, a_paid_phase_may_flip)
{
	stand_before_flip(false);
	cr_assert_eq(mp_list_pop(&list, &table, &trip), 1);
	cr_assert(mp_list_phase(list.head));
	cr_assert(mp_list_owes(&list));
	cr_assert_eq(trip.refused, 0);
}

Test(list, an_unpaid_phase_may_not_flip)
{
	stand_before_flip(true);
	cr_assert(mp_list_owes(&list));
	cr_assert_eq(mp_list_pop(&list, &table, &trip), 0);
	cr_assert_eq(trip.refused, 1);
	cr_assert_eq(mp_list_peek(&list), 1, "what was refused is still there");
	mp_store_release(&list.paid, true);
	cr_assert_not(mp_list_owes(&list));
	cr_assert_eq(mp_list_pop(&list, &table, &trip), 1);
	cr_assert_eq(mp_list_tag(list.head), 0);
}

Test(list, clear_is_a_removal)
{
	mp_list_push(&list, &table, 1, &trip);
	mp_list_pop(&list, &table, &trip);
	mp_list_push(&list, &table, 1, &trip);
	mp_list_clear(&list);
	cr_assert_eq(mp_list_peek(&list), 0);
	cr_assert_eq(mp_list_tag(list.head), 2);
}
