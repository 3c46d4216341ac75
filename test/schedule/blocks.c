/* SPDX-License-Identifier: MIT */
/* Kept blocks (src/kept.h), and others who look at the moment of a change. */
#include "pool.h"
#include "scenario.h"
#include "system.h"
#include "trim.h"

enum {
	BLOCK = 15 << 10, /* with its header 16 KiB, four of which are kept */
	LARGE = 40 << 10,
	HUGE = 17 << 20, /* a word does not tell how large it is */
};

static struct mp_block *warm_block[SCHEDULE_THREADS];

static struct mp_block *make_block(size_t size)
{
	struct mp_block *block =
		mp_block_map(&scenario_pool->upstream, size, MP_ALIGNMENT);

	if (!block)
		schedule_violation("no block");
	block->next = NULL;
	block->used = size;
	return block;
}

static void put(struct mp_block *block)
{
	if (!mp_kept_put(&scenario_pool->kept, &scenario_pool->upstream, 0,
			 block))
		mp_block_unmap_all(&scenario_pool->upstream, block);
}

static void put_four(void)
{
	for (int i = 0; i < 4; i++)
		put(make_block(BLOCK));
}

static void put_huge(void)
{
	put(make_block(HUGE));
}

static void warm_up(unsigned int self)
{
	warm_block[self] = make_block(self ? LARGE : BLOCK);
}

/* There is room for it when three others are gone. */
static void make_room(unsigned int self)
{
	put(warm_block[self]);
}

/*
 * What is looked at is out of its word for a moment, and another block may get
 * that one.
 */
static void look(unsigned int self)
{
	struct mp_kept *kept = &scenario_pool->kept;
	struct mp_upstream *upstream = &scenario_pool->upstream;
	struct mp_kept_wish wish = { HUGE + BLOCK, MP_ALIGNMENT, SIZE_MAX };

	if (self == 0) {
		put(warm_block[0]);
		return;
	}
	if (mp_kept_take(kept, upstream, 0, &wish))
		schedule_violation("a block that is too small");
	mp_kept_age(kept, upstream);
	put(warm_block[1]);
}

/* Each word has one. */
static void put_all(void)
{
	for (int i = 0; i < MP_KEPT_WORDS; i++)
		put(make_block(BLOCK));
}

/* One makes way; then others take the word, or there is none any more. */
static void put_or_all(unsigned int self)
{
	if (self == 2)
		mp_kept_drop(&scenario_pool->kept, &scenario_pool->upstream);
	put(warm_block[self]);
}

/* Before a refusal the caches of others are asked, by one of those at once. */
static void take_back(unsigned int self)
{
	if (self == 0)
		system_pass_time(1);
	mp_trim_unused(scenario_pool);
}

const struct scenario block_scenarios[] = {
	{
		.name = "evict",
		.text = "kept blocks make way for larger ones (small)",
		.bodies = { .threads = 3, .warm = warm_up, .body = make_room },
		.options = { .page_size = PAGE_SMALL, .retain_bytes = 4096 },
		.prepare = put_four,
	},
	{
		.name = "recheck",
		.text = "kept blocks are looked at and put back (small)",
		.bodies = { .threads = 2, .warm = warm_up, .body = look },
		.options = { .page_size = PAGE_SMALL, .retain_bytes = 2 << 20 },
		.prepare = put_huge,
	},
	{
		.name = "full",
		.text = "all words have kept blocks, and others come",
		.bodies = { .threads = 3, .warm = warm_up, .body = put_or_all },
		.options = { .page_size = PAGE_SMALL, .retain_bytes = 2 << 20 },
		.prepare = put_all,
	},
	{
		.name = "unused",
		.text = "two threads look for what is not used (small)",
		.bodies = { .threads = 2,
			    .warm = scenario_attach,
			    .body = take_back },
		.options = { .magazine_rounds = 1, .page_size = PAGE_SMALL },
	},
	{ 0 }
};
