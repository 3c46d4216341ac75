/* SPDX-License-Identifier: MIT */
/* Kept blocks: who gets one, what makes way, and when they go. */
#include "kept.h"

#include "platform.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

#define LIMIT ((size_t)1 << 20)
#define KIB ((size_t)1024)
#define MIB ((size_t)1 << 20)

static struct mp_upstream upstream = { .budget.limit = SIZE_MAX };
static struct mp_tally now;
static struct mp_kept kept;

static void open_kept(size_t limit)
{
	memset(&kept, 0, sizeof kept);
	mp_kept_init(&kept, limit, &now);
}

static void setup(void)
{
	open_kept(LIMIT);
}

/* All that was mapped is unmapped at the end, whoever did it. */
static void teardown(void)
{
	mp_kept_drop(&kept, &upstream);
	cr_assert_eq(kept.budget.used, 0);
	cr_assert_eq(mp_tally_read(&upstream.blocks), 0);
	cr_assert_eq(upstream.budget.used, 0);
}

TestSuite(kept, .init = setup, .fini = teardown);

static struct mp_block *map(size_t size)
{
	struct mp_block *block = mp_block_map(&upstream, size, 16);

	cr_assert_not_null(block);
	block->next = NULL;
	block->used = size;
	block->needed = mp_tally_read(&now);
	return block;
}

static bool put(uint32_t home, struct mp_block *block)
{
	return mp_kept_put(&kept, &upstream, home, block);
}

static struct mp_block *take_so(size_t size, size_t alignment, size_t most)
{
	struct mp_kept_wish wish = { size, alignment, most };

	return mp_kept_take(&kept, &upstream, 0, &wish);
}

static struct mp_block *take(uint32_t home, size_t size)
{
	struct mp_kept_wish wish = { size, 16, SIZE_MAX };

	return mp_kept_take(&kept, &upstream, home, &wish);
}

static void unmap(struct mp_block *block)
{
	mp_block_unmap_all(&upstream, block);
}

static uint64_t blocks(void)
{
	return mp_tally_read(&upstream.blocks);
}

Test(kept, is_taken_at_home_or_from_elsewhere)
{
	struct mp_block *block = map(10000);

	cr_assert_null(take(3, 1));
	cr_assert(put(3, block));
	cr_assert_eq(kept.budget.used, block->bytes);
	cr_assert_eq(take(3, 10000), block);
	cr_assert_eq(kept.budget.used, 0);
	cr_assert(put(3, block));
	cr_assert_eq(take(77, 10000), block);
	unmap(block);
}

Test(kept, is_the_smallest_that_fits)
{
	struct mp_block *small = map(10000), *large = map(50000);

	cr_assert(put(0, large));
	cr_assert(put(0, small));
	cr_assert_null(take(0, 60000));
	cr_assert_eq(take(0, 20000), large);
	cr_assert(put(0, large));
	cr_assert_eq(take(0, 9000), small);
	cr_assert_eq(take(0, 9000), large, "none but that is there");
	unmap(small);
	unmap(large);
}

/* Of 16 KiB so much is left behind the header; at 4 KiB less. */
Test(kept, fits_with_its_alignment)
{
	struct mp_block *block = map(16 * KIB - 200);

	cr_assert_eq(block->bytes, 16 * KIB);
	cr_assert(put(0, block));
	cr_assert_null(take_so(12 * KIB + 1, 4096, SIZE_MAX));
	cr_assert_eq(take_so(12 * KIB, 4096, SIZE_MAX), block);
	cr_assert_eq((uintptr_t)block->payload % 4096, 0);
	unmap(block);
}

/* Their sizes are not in the words. */
Test(kept, very_large_ones)
{
	struct mp_block *block = map(40 * MIB);

	open_kept(100 * MIB);
	cr_assert(put(0, block));
	cr_assert_null(take(0, 41 * MIB));
	cr_assert_eq(kept.budget.used, block->bytes);
	cr_assert_eq(take(0, 39 * MIB), block);
	unmap(block);
}

/* Even if a small one would do. */
Test(kept, is_no_larger_than_wished)
{
	struct mp_block *block = map(50000);
	struct mp_block *huge = map(40 * MIB);

	open_kept(100 * MIB);
	cr_assert(put(0, block));
	cr_assert_null(take_so(9000, 16, mp_block_bytes(9000, 16)));
	cr_assert_eq(take_so(50000, 16, mp_block_bytes(50000, 16)), block);
	cr_assert(put(0, huge));
	cr_assert_null(take_so(50000, 16, mp_block_bytes(50000, 16)));
	cr_assert_null(take_so(30 * MIB, 16, mp_block_bytes(30 * MIB, 16)));
	cr_assert_eq(take_so(40 * MIB, 16, mp_block_bytes(40 * MIB, 16)), huge);
	unmap(block);
	unmap(huge);
}

/* ---- limits -------------------------------------------------------------- */

Test(kept, no_more_than_the_limit)
{
	struct mp_block *block = map(LIMIT + 1);

	cr_assert_not(put(0, block));
	unmap(block);
	for (uint32_t i = 0; i < 64; i++)
		cr_assert(put(i, map(100 * KIB)));
	cr_assert_leq(kept.budget.used, LIMIT);
	cr_assert_eq(blocks(), LIMIT / (104 * KIB));
}

Test(kept, others_make_way)
{
	struct mp_block *last = NULL;

	for (uint32_t i = 0; i < 2 * MP_KEPT_WORDS; i++) {
		last = map(1);
		cr_assert(put(i % 5, last));
	}
	cr_assert_eq(blocks(), MP_KEPT_WORDS);
	last = map(4 * KIB);
	cr_assert_eq(last->bytes, 8 * KIB);
	cr_assert(put(7, last));
	cr_assert_eq(take(7, 4 * KIB), last);
	unmap(last);
}

/* One that would need all of the others to go is not worth it. */
Test(kept, a_few_make_way_for_one)
{
	struct mp_block *block = map(LIMIT - 8 * KIB);

	for (uint32_t i = 0; i < 50; i++)
		cr_assert(put(i, map(1)));
	cr_assert_not(put(0, block));
	cr_assert_eq(blocks(), 47);
	unmap(block);
}

/* All of the bytes are front blocks: see chain.h. */
Test(kept, none_is_there_to_make_way)
{
	struct mp_block *block = map(10000);

	cr_assert(mp_budget_reserve(&kept.budget, LIMIT));
	cr_assert_not(put(0, block));
	mp_budget_release(&kept.budget, LIMIT);
	cr_assert(put(0, block));
}

/* ---- time ---------------------------------------------------------------- */

static void end_interval(void)
{
	mp_tally_add(&now, 1);
	mp_kept_age(&kept, &upstream);
}

Test(kept, goes_when_an_interval_did_not_need_it)
{
	cr_assert(put(0, map(10000)));
	end_interval();
	cr_assert_eq(blocks(), 1, "it was needed in that one");
	end_interval();
	cr_assert_eq(blocks(), 0);
}

Test(kept, stays_while_it_is_needed)
{
	struct mp_block *block = map(10000);

	for (int i = 0; i < 10; i++) {
		cr_assert(put(0, block));
		end_interval();
		cr_assert_eq(take(0, 5000), block);
		block->used = 5000;
	}
	unmap(block);
}

Test(kept, is_not_needed_for_a_small_request)
{
	struct mp_block *block = map(100000);

	cr_assert(put(0, block));
	end_interval();
	cr_assert_eq(take(0, 10000), block);
	block->used = 10000;
	cr_assert(put(0, block));
	end_interval();
	cr_assert_eq(blocks(), 0);
}

/* Out at the end of each interval, so that no sweep sees it. */
Test(kept, does_not_come_back_when_it_is_old)
{
	struct mp_block *block = map(100000);

	block->used = 100;
	end_interval();
	end_interval();
	cr_assert_not(put(0, block));
	unmap(block);
}

/* ---- threads ------------------------------------------------------------- */

struct hand {
	uint32_t home;
	uint64_t taken;
	bool wrong;
};

/* Who owns one writes to it. */
static void use(struct hand *hand, struct mp_block *block, size_t size)
{
	memset(block->payload, (int)hand->home, size);
	sched_yield();
	for (size_t i = 0; i < size; i += 512)
		hand->wrong |= block->payload[i] != (char)hand->home;
	block->used = size;
}

static void *take_and_put(void *argument)
{
	struct hand *hand = argument;

	for (size_t i = 0; i < 20000; i++) {
		size_t size = 4096 * (1 + (i + hand->home) % 7);
		struct mp_block *block = take(hand->home, size);

		hand->taken += block != NULL;
		if (!block)
			block = mp_block_map(&upstream, size, 16);
		use(hand, block, size);
		block->next = NULL;
		if (!put(hand->home, block))
			unmap(block);
		if (i % 1000 == 0)
			mp_kept_age(&kept, &upstream);
	}
	return NULL;
}

Test(kept, has_one_owner)
{
	struct hand hand[4] = { { 0 } };
	pthread_t thread[4];

	open_kept(64 * KIB);
	for (uint32_t i = 0; i < 4; i++) {
		hand[i].home = i + 1;
		pthread_create(&thread[i], NULL, take_and_put, &hand[i]);
	}
	for (uint32_t i = 0; i < 4; i++) {
		pthread_join(thread[i], NULL);
		cr_assert_not(hand[i].wrong);
		cr_assert_gt(hand[i].taken, 1000);
	}
}
