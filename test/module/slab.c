/* SPDX-License-Identifier: MIT */
/* Pages come out of slabs once, go back, and whole slabs are unmapped. */
#include "slab.h"

#include <criterion/criterion.h>
#include <string.h>

#define MANY 300

static struct mp_upstream upstream = { .budget = { .limit = SIZE_MAX } };
static struct mp_slabs slabs;
static struct mp_trip trip;
static struct mp_page *page[MANY];

static void open_slabs(size_t page_size)
{
	mp_slabs_init(&slabs, &upstream, NULL, page_size, 0);
}

static void take(int count)
{
	for (int i = 0; i < count; i++) {
		page[i] = mp_slabs_take(&slabs, &trip);
		cr_assert_not_null(page[i]);
	}
}

static void ignore(struct mp_page *one)
{
	(void)one;
}

Test(slab, pages_are_closed_aligned_and_apart)
{
	open_slabs(4096);
	take(MANY);
	for (int i = 0; i < MANY; i++) {
		char *start = mp_page_start(page[i]);

		cr_assert(mp_page_is_one(page[i]));
		cr_assert_null(page[i]->words.cursor);
		cr_assert_eq((uintptr_t)start % 16, 0);
		cr_assert_eq((size_t)(page[i]->first_limit - start), 4096);
		memset(start, i & 0xff, 4096);
	}
	for (int i = 0; i < MANY; i++) {
		for (int j = 0; j < 4096; j++)
			cr_assert_eq((unsigned char)mp_page_start(page[i])[j],
				     i & 0xff);
		cr_assert(mp_page_is_one(page[i]));
	}
	mp_slabs_release(&slabs, ignore);
	cr_assert_eq(upstream.budget.used, 0);
}

Test(slab, headers_do_not_share_their_cache_sets)
{
	/* Some that with the header make a few system pages, or halves. */
	static const size_t sizes[] = { 256,  1024, 1920, 3968, 4096,
					6016, 8064, 8192, 12160 };

	for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
		/* Pairs of sets: a header is two lines. */
		uint32_t sets[32] = { 0 };

		memset(&slabs, 0, sizeof slabs);
		open_slabs(sizes[k]);
		take((int)slabs.pages);
		for (uint32_t i = 0; i < slabs.pages; i++)
			sets[(uintptr_t)page[i] / MP_PAGE_HEADER % 32]++;
		for (uint32_t i = 0; i < 32; i++)
			cr_assert_leq(sets[i], (slabs.pages + 31) / 32,
				      "pages of %zu: %u headers in one place",
				      sizes[k], sets[i]);
		mp_slabs_release(&slabs, ignore);
	}
}

Test(slab, a_slab_that_is_whole_again_is_unmapped)
{
	open_slabs(4096);
	take(MANY);
	for (int i = 0; i < MANY; i++)
		mp_slabs_park(&slabs, page[i]);
	cr_assert_gt(upstream.budget.used, 0);
	mp_slabs_settle_all(&slabs, &trip);
	cr_assert_leq(upstream.budget.used, MP_SLAB_BYTES,
		      "only the slab that was never emptied may be left");
	take(MANY);
	cr_assert_eq(mp_tally_read(&slabs.created), 2 * MANY);
	cr_assert_eq(mp_tally_read(&slabs.given_back), MANY);
	mp_slabs_release(&slabs, ignore);
}

Test(slab, pages_that_went_back_come_out_again)
{
	uint32_t count;

	open_slabs(4096);
	take(120);
	count = mp_table_count(&slabs.table);
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 120; i += 2)
			mp_slabs_park(&slabs, page[i]);
		cr_assert_gt(mp_slabs_settle_all(&slabs, &trip), 0);
		for (int i = 0; i < 120; i += 2) {
			page[i] = mp_slabs_take(&slabs, &trip);
			cr_assert_not_null(page[i]);
			memset(mp_page_start(page[i]), 1, 4096);
		}
	}
	cr_assert_eq(mp_table_count(&slabs.table), count,
		     "no further slab was needed");
	mp_slabs_release(&slabs, ignore);
}

/* What is discarded must not be more than what was parked. */
Test(slab, neighbours_keep_their_contents)
{
	open_slabs(4096);
	take(62);
	for (int i = 0; i < 62; i++)
		memset(mp_page_start(page[i]), 0x40 + i, 4096);
	for (int i = 0; i < 62; i++) {
		if (i % 3 == 0)
			mp_slabs_park(&slabs, page[i]);
	}
	mp_slabs_settle_all(&slabs, &trip);
	for (int i = 0; i < 62; i++) {
		if (i % 3 == 0)
			continue;
		cr_assert(mp_page_is_one(page[i]));
		for (int j = 0; j < 4096; j++)
			cr_assert_eq(mp_page_start(page[i])[j], 0x40 + i);
	}
	mp_slabs_release(&slabs, ignore);
}

Test(slab, near_a_limit_a_smaller_slab_is_mapped)
{
	upstream.budget.limit = 64 << 10;
	open_slabs(4096);
	take(12);
	cr_assert_leq(upstream.budget.peak, 64 << 10);
	upstream.budget.limit = 0;
	for (int i = 0; i < 20; i++) {
		if (!mp_slabs_take(&slabs, &trip))
			break;
	}
	cr_assert_null(mp_slabs_take(&slabs, &trip));
	upstream.budget.limit = SIZE_MAX;
	cr_assert_not_null(mp_slabs_take(&slabs, &trip));
	mp_slabs_release(&slabs, ignore);
	cr_assert_eq(upstream.budget.used, 0);
}

Test(slab, page_sizes_at_the_ends_of_their_range)
{
	static const size_t sizes[] = { 256, 3968, 65536, 1048576 };

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		memset(&slabs, 0, sizeof slabs);
		open_slabs(sizes[i]);
		cr_assert_neq(slabs.stride & (slabs.stride - 1), 0);
		take(70);
		for (int j = 0; j < 70; j++)
			memset(mp_page_start(page[j]), j, sizes[i]);
		for (int j = 0; j < 70; j++)
			cr_assert(mp_page_is_one(page[j]));
		mp_slabs_release(&slabs, ignore);
		cr_assert_eq(upstream.budget.used, 0);
	}
}

static int seen;

static void count_one(struct mp_page *one)
{
	cr_assert(mp_page_is_one(one));
	seen++;
}

/* As in a fork child whose parent had another thread at it. */
Test(slab, a_page_that_was_claimed_and_not_made_is_not_visited)
{
	open_slabs(4096);
	take(3);
	mp_slabs_visit(&slabs, count_one);
	cr_assert_eq(seen, 3);
	page[1]->check = 0;
	mp_slabs_visit(&slabs, count_one);
	cr_assert_eq(seen, 3 + 2);
	mp_slabs_release(&slabs, ignore);
}

/* All 64 bits of a word: the runs end where it ends. */
Test(slab, of_64_pages_any_part_goes_back)
{
	open_slabs(2048);
	cr_assert_eq(slabs.pages, 64);
	take(64);
	for (int i = 0; i < 63; i++)
		mp_slabs_park(&slabs, page[(i + 32) % 64]);
	cr_assert_gt(mp_slabs_settle_all(&slabs, &trip), 100 << 10);
	memset(mp_page_start(page[31]), 1, 2048);
	mp_slabs_park(&slabs, page[31]);
	mp_slabs_settle_all(&slabs, &trip);
	cr_assert_eq(upstream.budget.used, 0);
	mp_slabs_release(&slabs, ignore);
}

/* ---- looks --------------------------------------------------------------- */

static void count(void *context, struct mp_page *one)
{
	(void)one;
	seen++;
	cr_assert_eq(context, &slabs);
}

Test(slab, a_look_sees_what_is_out)
{
	open_slabs(4096);
	take(MANY);
	for (int i = 0; i < MANY; i += 2)
		mp_slabs_park(&slabs, page[i]);
	for (uint32_t i = 1; i <= mp_table_count(&slabs.table); i++)
		mp_slabs_look(&slabs, i, count, &slabs);
	cr_assert_eq(seen, MANY / 2);
	for (int i = 1; i < MANY; i += 2)
		mp_slabs_park(&slabs, page[i]);
	mp_slabs_settle_all(&slabs, &trip);
	cr_assert_eq(upstream.budget.used, 0);
	for (uint32_t i = 1; i <= mp_table_count(&slabs.table); i++)
		mp_slabs_look(&slabs, i, count, &slabs);
	cr_assert_eq(seen, MANY / 2, "what is unmapped has no pages");
	mp_slabs_release(&slabs, ignore);
}

/* The last page comes back in the middle of a look. */
static void give_back(void *context, struct mp_page *one)
{
	count(context, one);
	mp_slabs_park(&slabs, one);
	mp_slabs_settle_all(&slabs, &trip);
	cr_assert_gt(upstream.budget.used, 0);
	/* Memory that can still be read. */
	cr_assert_null(one->words.limit);
}

static void look_in_the_middle(int others)
{
	open_slabs(4096);
	take(1 + others);
	for (int i = 1; i <= others; i++)
		mp_slabs_park(&slabs, page[i]);
	mp_slabs_look(&slabs, 1, give_back, &slabs);
	cr_assert_eq(seen, 1);
	cr_assert_gt(upstream.budget.used, 0);
}

static void look_and_give_back(int others)
{
	look_in_the_middle(others);
	/* It is as good as any. */
	take(1);
	cr_assert_eq(mp_table_count(&slabs.table), 1);
	mp_slabs_park(&slabs, page[0]);
	mp_slabs_settle_all(&slabs, &trip);
	cr_assert_eq(upstream.budget.used, 0);
	mp_slabs_release(&slabs, ignore);
}

/* Nobody takes a page of it any more: the next trim settles it. */
Test(slab, is_unmapped_after_it_was_looked_at)
{
	look_in_the_middle(5);
	mp_slabs_settle_all(&slabs, &trip);
	cr_assert_eq(upstream.budget.used, 0);
	mp_slabs_release(&slabs, ignore);
}

Test(slab, is_not_unmapped_while_it_is_looked_at)
{
	look_and_give_back(0);
}

Test(slab, is_not_unmapped_while_it_is_looked_at_all_at_once)
{
	look_and_give_back((int)(MP_SLAB_BYTES / 4224) - 2);
}

/* Then all 64 pages are discarded, which is one run to the end of the word. */
Test(slab, one_of_64_pages_that_is_looked_at_goes_later)
{
	open_slabs(256);
	cr_assert_eq(slabs.pages, MP_SLAB_PAGES_MAX);
	take(MP_SLAB_PAGES_MAX);
	mp_store_relaxed(&slabs.looked_at, mp_page_slab(page[0]));
	for (int i = 0; i < MP_SLAB_PAGES_MAX; i++)
		mp_slabs_park(&slabs, page[i]);
	mp_slabs_settle_all(&slabs, &trip);
	cr_assert_gt(mp_load_relaxed(&upstream.budget.used), 0);
	mp_store_relaxed(&slabs.looked_at, 0);
	mp_slabs_settle_all(&slabs, &trip);
	cr_assert_eq(mp_load_relaxed(&upstream.budget.used), 0);
	mp_slabs_release(&slabs, ignore);
}
