/* SPDX-License-Identifier: MIT */
/* Gets and returns: magazines, the loose list, slabs. */
#include "pool.h"
#include "scenario.h"
#include "system.h"

#include <errno.h>

/* A cache, and nothing is in it. */
static void attach_and_flush(unsigned int self)
{
	scenario_attach(self);
	magpool_thread_flush(scenario_pool);
}

/* Leaves n arenas in the depot, in full magazines. */
static void fill_depot(unsigned int n)
{
	loan_burst(scenario_pool, n);
	magpool_thread_flush(scenario_pool);
}

static void fill_4(void)
{
	fill_depot(4);
}

/* ---- get and return ------------------------------------------------------ */

/* With nothing in the cache before and after: all of it is depot trips. */
static void burst_and_flush(unsigned int self)
{
	loan_burst(scenario_pool, 1 + self);
	magpool_thread_flush(scenario_pool);
}

static void bursts_3(unsigned int self)
{
	(void)self;
	loan_burst(scenario_pool, 3);
	loan_burst(scenario_pool, 4);
}

static void bursts_6(unsigned int self)
{
	(void)self;
	loan_burst(scenario_pool, 6);
	loan_burst(scenario_pool, 5);
}

/* A short operation beside long ones: it can be stopped in a pop. */
static void one_or_many(unsigned int self)
{
	if (self == 0) {
		loan_burst(scenario_pool, 1);
		loan_burst(scenario_pool, 3);
	} else {
		loan_burst(scenario_pool, 4);
		loan_burst(scenario_pool, 4);
	}
}

/*
 * Takes four magazines off the full list, and leaves the first one on
 * top of another than before: for a pop that was stopped meanwhile, and a tag
 * that went round, nothing has changed.
 */
static void go_round(void)
{
	struct magpool_arena *kept;

	loan_burst(scenario_pool, 2);
	magpool_thread_flush(scenario_pool);
	kept = loan_get(scenario_pool);
	loan_burst(scenario_pool, 1);
	magpool_thread_flush(scenario_pool);
	loan_return(kept);
}

static void pop_beside_round(unsigned int self)
{
	if (self == 0)
		loan_burst(scenario_pool, 1);
	else
		go_round();
}

/* Thread 0 only gets, the others only return. */
static void hand_off(unsigned int self)
{
	for (unsigned int i = 0; i < 4; i++) {
		if (self == 0)
			loan_return(box_swap(i, loan_get(scenario_pool)));
		else
			loan_return(box_swap(i, NULL));
	}
}

/* Everybody leaves one and returns what was left there. */
static void pass(unsigned int self)
{
	for (unsigned int i = 0; i < 4; i++)
		loan_return(box_swap((self + i) % 2, loan_get(scenario_pool)));
}

/* ---- the loose list ------------------------------------------------------ */

/* Threads that never get have no cache: they return to the loose list. */
static void loose(unsigned int self)
{
	if (self == 0) {
		loan_burst(scenario_pool, 2);
		loan_burst(scenario_pool, 3);
		return;
	}
	for (unsigned int i = 0; i < 3; i++)
		loan_return(box_swap(4 * (self - 1) + i, NULL));
}

static void attach_first(unsigned int self)
{
	if (self == 0)
		scenario_attach(self);
}

/* As above, with one return beside one get. */
static void loose_one(unsigned int self)
{
	if (self == 0)
		loan_burst(scenario_pool, 2);
	else
		loan_return(box_swap(0, NULL));
}

/* Some of the loose list is taken while more comes. */
static void loose_and_trim(unsigned int self)
{
	if (self == 0)
		magpool_trim(scenario_pool);
	else
		loan_return(box_swap(self, NULL));
}

static void return_one(unsigned int self)
{
	if (self == 1)
		loan_return(box_swap(0, NULL));
}

/* ---- growth, trim, flush, limits ----------------------------------------- */

static void grow(unsigned int self)
{
	(void)self;
	loan_burst(scenario_pool, 5);
}

static void flush(unsigned int self)
{
	for (unsigned int i = 0; i < 2; i++) {
		loan_burst(scenario_pool, 2 + self);
		magpool_thread_flush(scenario_pool);
	}
}

static void trim(unsigned int self)
{
	if (self == 2) {
		magpool_trim(scenario_pool);
		magpool_trim(scenario_pool);
		return;
	}
	loan_burst(scenario_pool, 3);
	magpool_thread_flush(scenario_pool);
	loan_burst(scenario_pool, 3);
}

static void trim_both(unsigned int self)
{
	if (self == 0) {
		loan_burst(scenario_pool, 1);
		magpool_thread_flush(scenario_pool);
		loan_burst(scenario_pool, 1);
	} else {
		magpool_trim(scenario_pool);
	}
}

/* A trim, which has no cache, is stopped in a pop while another goes round. */
static void trim_beside_rounds(unsigned int self)
{
	if (self == 0) {
		magpool_trim(scenario_pool);
		return;
	}
	go_round();
	magpool_thread_flush(scenario_pool);
	go_round();
}

/* The pool's byte limit is two slabs: some gets must fail, none may lose. */
static void starve(unsigned int self)
{
	struct magpool_arena *arena[5];
	unsigned int n = 0;

	/* Others' caches are asked once in a while. */
	if (self == 0)
		system_pass_time(1);
	for (; n < 5; n++) {
		arena[n] = loan_try(scenario_pool);
		if (!arena[n])
			break;
	}
	while (n)
		loan_return(arena[--n]);
	loan_return(loan_try(scenario_pool));
}

/* Further pages, and returns of arenas that have some by other threads. */
static void chain(unsigned int self)
{
	struct magpool_arena *arena;

	for (unsigned int i = 0; i < 3; i++) {
		arena = loan_get(scenario_pool);
		for (unsigned int k = 0; k <= self; k++) {
			if (!magpool_alloc(arena, PAGE_SMALL - 16))
				schedule_violation("alloc failed: %d", errno);
		}
		loan_return(box_swap(i % 2, arena));
	}
}

/* Blocks are taken and left behind, one of a size that nobody has yet. */
static void blocks(unsigned int self)
{
	for (unsigned int i = 0; i < 2; i++) {
		struct magpool_arena *arena = loan_get(scenario_pool);

		for (size_t k = 1; k <= 2; k++) {
			if (!magpool_alloc(arena, k * (self + 1) * 3000))
				schedule_violation("alloc failed: %d", errno);
		}
		loan_return(box_swap(i % 2, arena));
	}
}

static void blocks_and_trim(unsigned int self)
{
	if (self == 2)
		magpool_trim(scenario_pool);
	else
		blocks(self);
}

static void leave_blocks(void)
{
	blocks(0);
}

/* ---- the size of magazines ----------------------------------------------- */

/* Each tells of a window in which as much failed as not, and judges it. */
static void contend(unsigned int self)
{
	struct mp_sizing *sizing = &scenario_pool->depot.sizing;

	loan_burst(scenario_pool, 2);
	mp_sizing_tell(sizing, MP_SIZING_WINDOW, MP_SIZING_WINDOW);
	loan_burst(scenario_pool, 3);
	if (self == 0)
		mp_sizing_interval(sizing);
}

/* ---- regions ------------------------------------------------------------- */

/* A slab is a page, and two of them a region. */
static void use_regions(void)
{
	struct mp_slabs *slabs = &scenario_pool->slabs;

	mp_slabs_use_regions(slabs, MP_HUGEPAGES_MADVISE);
	slabs->regions.pieces = 2;
	slabs->regions.pages = 1;
	slabs->regions.bytes = MP_REGION_BYTES / 2;
}

/* ---- the table ----------------------------------------------------------- */

const struct scenario depot_scenarios[] = {
	{
		.name = "cycle1",
		.text = "gets and returns, one arena in a magazine",
		.bodies = { .threads = 3,
			    .warm = scenario_attach,
			    .body = bursts_3 },
		.options = { .magazine_rounds = 1, .page_size = PAGE_SMALL },
		.prepare = fill_4,
	},
	{
		.name = "cycle2",
		.text = "gets and returns, two arenas in a magazine",
		.bodies = { .threads = 3,
			    .warm = scenario_attach,
			    .body = bursts_6 },
		.options = { .magazine_rounds = 2, .page_size = PAGE_SMALL },
		.prepare = fill_4,
	},
	{
		.name = "uneven",
		.text = "one stops in a pop while others cycle",
		.bodies = { .threads = 3,
			    .warm = scenario_attach,
			    .body = one_or_many },
		.options = { .magazine_rounds = 1, .page_size = PAGE_SMALL },
		.prepare = fill_4,
	},
	{
		.name = "pair",
		.text = "two threads get, return and flush (small)",
		.bodies = { .threads = 2,
			    .warm = attach_and_flush,
			    .body = burst_and_flush },
		.options = { .magazine_rounds = 1, .page_size = PAGE_SMALL },
		.prepare = fill_4,
	},
	{
		.name = "round",
		.text = "one pops, one goes round (small)",
		.bodies = { .threads = 2,
			    .warm = attach_and_flush,
			    .body = pop_beside_round },
		.options = { .magazine_rounds = 1, .page_size = PAGE_SMALL },
		.prepare = fill_4,
	},
	{
		.name = "handoff",
		.text = "one gets, two return",
		.bodies = { .threads = 3,
			    .warm = attach_first,
			    .body = hand_off },
		.options = { .magazine_rounds = 2, .page_size = PAGE_SMALL },
	},
	{
		.name = "pass",
		.text = "each returns what another one got",
		.bodies = { .threads = 3,
			    .warm = scenario_attach,
			    .body = pass },
		.options = { .magazine_rounds = 1, .page_size = PAGE_SMALL },
	},
	{
		.name = "loose",
		.text = "returns without a cache, gets from the loose list",
		.bodies = { .threads = 3, .warm = attach_first, .body = loose },
		.options = { .magazine_rounds = 4, .page_size = PAGE_SMALL },
		.prepare = scenario_fill_boxes,
	},
	{
		.name = "stray",
		.text = "one returns without a cache, one gets (small)",
		.bodies = { .threads = 2,
			    .warm = attach_first,
			    .body = loose_one },
		.options = { .magazine_rounds = 4, .page_size = PAGE_SMALL },
		.prepare = scenario_fill_boxes,
	},
	{
		.name = "rest",
		.text = "a trim of the loose list beside returns (small)",
		.bodies = { .threads = 3,
			    .warm = return_one,
			    .body = loose_and_trim },
		.options = { .magazine_rounds = 8, .page_size = PAGE_SMALL },
		.prepare = scenario_fill_boxes,
	},
	{
		.name = "growth",
		.text = "three threads map slabs",
		.bodies = { .threads = 3,
			    .warm = scenario_attach,
			    .body = grow },
		.options = { .magazine_rounds = 2, .page_size = PAGE_BIG },
	},
	{
		.name = "flush",
		.text = "thread caches are flushed",
		.bodies = { .threads = 3,
			    .warm = scenario_attach,
			    .body = flush },
		.options = { .magazine_rounds = 2, .page_size = PAGE_SMALL },
	},
	{
		.name = "trim",
		.text = "a trim beside gets, returns and flushes",
		.bodies = { .threads = 3,
			    .warm = scenario_attach,
			    .body = trim },
		.options = { .magazine_rounds = 2, .page_size = PAGE_BIG },
		.prepare = fill_4,
	},
	{
		.name = "trims",
		.text = "a trim beside a get and a return (small)",
		.bodies = { .threads = 2,
			    .warm = attach_first,
			    .body = trim_both },
		.options = { .magazine_rounds = 1, .page_size = PAGE_BIG },
	},
	{
		.name = "turns",
		.text = "a trim beside one that goes round",
		.bodies = { .threads = 2,
			    .warm = attach_and_flush,
			    .body = trim_beside_rounds },
		.options = { .magazine_rounds = 1, .page_size = PAGE_SMALL },
		.prepare = fill_4,
	},
	{
		.name = "limit",
		.text = "the depot keeps nothing, slabs are unmapped",
		.bodies = { .threads = 3,
			    .warm = scenario_attach,
			    .body = grow },
		.options = { .magazine_rounds = 1,
			     .page_size = PAGE_BIG,
			     .depot_bytes = 1 },
	},
	{
		.name = "slab",
		.text = "one slab comes and goes (small)",
		.bodies = { .threads = 2,
			    .warm = attach_and_flush,
			    .body = burst_and_flush },
		.options = { .magazine_rounds = 1,
			     .page_size = PAGE_BIG,
			     .depot_bytes = 1 },
	},
	{
		.name = "region",
		.text = "regions of two slabs come and go (small)",
		.bodies = { .threads = 2,
			    .warm = attach_and_flush,
			    .body = burst_and_flush },
		.options = { .magazine_rounds = 1,
			     .page_size = PAGE_BIG,
			     .depot_bytes = 1 },
		.prepare = use_regions,
	},
	{
		.name = "starve",
		.text = "under a byte limit",
		.bodies = { .threads = 3,
			    .warm = scenario_attach,
			    .body = starve },
		.options = { .magazine_rounds = 1,
			     .page_size = PAGE_BIG,
			     .max_bytes = 2 * 4 * (PAGE_BIG + 128) },
	},
	{
		.name = "chain",
		.text = "arenas with further pages, handed over",
		.bodies = { .threads = 3,
			    .warm = scenario_attach,
			    .body = chain },
		.options = { .magazine_rounds = 4, .page_size = PAGE_SMALL },
	},
	{
		.name = "blocks",
		.text = "requests above a page, room for few blocks",
		.bodies = { .threads = 3,
			    .warm = scenario_attach,
			    .body = blocks },
		.options = { .magazine_rounds = 2,
			     .page_size = PAGE_SMALL,
			     .retain_bytes = 16384 },
		.prepare = leave_blocks,
	},
	{
		.name = "sweep",
		.text = "a trim beside requests above a page",
		.bodies = { .threads = 3,
			    .warm = scenario_attach,
			    .body = blocks_and_trim },
		.options = { .magazine_rounds = 2, .page_size = PAGE_SMALL },
		.prepare = leave_blocks,
	},
	{
		.name = "sizes",
		.text = "two threads judge the size of magazines (small)",
		.bodies = { .threads = 2,
			    .warm = scenario_attach,
			    .body = contend },
		.options = { .magazine_rounds = 1, .page_size = PAGE_SMALL },
	},
	{ 0 }
};
