/* SPDX-License-Identifier: MIT */
/* Allocations between canaries, and what is said when those are gone. */
#include "record.h"

#include "watch.h"

#include <criterion/criterion.h>
#include <string.h>

static _Alignas(64) char memory[1024];

/* The shape word is mixed with its place: what makes it any other word. */
static void forge(char *top, uint64_t was, uint64_t is)
{
	uint64_t shape;

	memcpy(&shape, top - sizeof shape, sizeof shape);
	shape ^= was ^ is;
	memcpy(top - sizeof shape, &shape, sizeof shape);
}

#define LEAD(n) ((uint64_t)((n) / 16) << 47)

static struct mp_fault check(const char *to)
{
	struct mp_fault fault = { .kind = MP_FAULT_NONE };

	mp_record_check(memory, to, &fault);
	mp_watch_open(memory, sizeof memory);
	return fault;
}

/* Two of them, the lower one of 13 bytes, the upper one of 40. */
static char *make_two(char **lower, char **upper)
{
	char *middle = memory + mp_record_bytes(16, 13);

	*lower = mp_record_make(memory, 16, 13);
	*upper = mp_record_make(middle, 0, 40);
	/* A sanitizer would not let us spoil what lies around them. */
	mp_watch_open(memory, sizeof memory);
	return middle + mp_record_bytes(0, 40);
}

Test(record, whole_ones_have_no_fault)
{
	char *lower, *upper;
	char *top = make_two(&lower, &upper);

	cr_assert_eq(check(top).kind, MP_FAULT_NONE);
	cr_assert_eq(mp_record_used(memory, top), 16 + 48);
	cr_assert_eq(mp_record_used(memory, memory), 0);
	memset(lower, 'x', 13);
	memset(upper, 'x', 40);
	cr_assert_eq(check(top).kind, MP_FAULT_NONE);
}

/* Not each bit: 40 bytes that become 41 take as much room. */
Test(record, each_byte_around_is_looked_at)
{
	char *lower, *upper;
	char *top = make_two(&lower, &upper);

	for (char *at = memory; at < top; at++) {
		char was = *at;

		if ((at >= lower && at < lower + 13) ||
		    (at >= upper && at < upper + 40))
			continue;
		*at = (char)(was ^ 0x40);
		cr_assert_neq(check(top).kind, MP_FAULT_NONE, "%td",
			      at - memory);
		*at = was;
	}
}

Test(record, the_first_fault_stays)
{
	char *lower, *upper;
	char *top = make_two(&lower, &upper);
	struct mp_fault fault;

	upper[40] = 0;
	lower[13] = 0;
	memory[3] = 0;
	fault = check(top);
	cr_assert_eq(fault.kind, MP_FAULT_PAST);
	cr_assert_eq(fault.address, upper);
	cr_assert_eq(fault.size, 40);
	cr_assert_eq(fault.at, upper + 40);
}

/* Of the shape of the lower one nothing is left. */
Test(record, a_lost_shape_tells_from_where)
{
	char *lower, *upper;
	char *top = make_two(&lower, &upper);
	struct mp_fault fault;

	memset(upper - 8, 'x', 8);
	fault = check(top);
	cr_assert_eq(fault.kind, MP_FAULT_BEFORE);
	cr_assert_eq(fault.address, upper);
	memset(upper - 16, 'x', 16);
	cr_assert_eq(check(top).kind, MP_FAULT_AROUND);
	cr_assert_eq(mp_record_used(memory, top), 48);
	top = make_two(&lower, &upper);
	memset(top - 8, 'x', 8);
	cr_assert_eq(check(top).kind, MP_FAULT_AROUND);
}

/* Sizes that do not fit are none. */
Test(record, a_shape_cannot_lead_outside)
{
	static const uint64_t wrong[] = {
		1000,            /* larger than all there is */
		48 | LEAD(1600), /* such a lead */
		48 | LEAD(64),   /* together */
	};
	struct mp_fault fault = { .kind = MP_FAULT_NONE };
	char *lower, *upper;
	char *top;

	for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		top = make_two(&lower, &upper);
		forge(top, 40, wrong[i]);
		cr_assert_eq(check(top).kind, MP_FAULT_AROUND, "%u", i);
	}
	/* Below it there is no room for the shape of another one. */
	top = make_two(&lower, &upper);
	forge(top, 40, 40 | LEAD(32));
	cr_assert_neq(check(top).kind, MP_FAULT_NONE);
	top = memory + 72 + mp_record_bytes(0, 40);
	mp_record_make(memory + 72, 0, 40);
	mp_record_check(memory + 64, top, &fault);
	cr_assert_eq(fault.kind, MP_FAULT_AROUND);
	cr_assert_eq(mp_record_used(memory + 64, top), 48);
}
