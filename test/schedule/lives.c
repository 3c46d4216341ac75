/* SPDX-License-Identifier: MIT */
/* Explicit caches; threads and pools that begin and end. */
#include "drain.h"
#include "loans.h"
#include "scenario.h"
#include "system.h"
#include "trim.h"

#include <errno.h>

/* ---- explicit caches ----------------------------------------------------- */

static struct magpool_cache *cache;

static void make_cache(void)
{
	cache = magpool_cache_create(scenario_pool);
	if (!cache)
		schedule_violation("no explicit cache");
}

/* The first thread that uses it may be taken for its owner. */
static void use_first(unsigned int self)
{
	if (self == 0)
		loan_return_through(cache, loan_get_through(cache));
}

static void share(unsigned int self)
{
	struct magpool_arena *arena[3];

	if (self == 2) {
		loan_burst(scenario_pool, 2);
		magpool_cache_flush(cache);
		return;
	}
	for (unsigned int i = 0; i < 3; i++)
		arena[i] = loan_get_through(cache);
	for (unsigned int i = 0; i < 3; i++)
		loan_return_through(cache, arena[i]);
}

static void share_a_little(unsigned int self)
{
	struct magpool_arena *arena = loan_get_through(cache);

	(void)self;
	loan_return_through(cache, arena);
}

/* Each is the first one, until one of them has become its owner. */
static void come_together(unsigned int self)
{
	share_a_little(self);
	share_a_little(self);
}

static void end_cache(void)
{
	magpool_cache_destroy(&cache);
	scenario_end_pool();
}

/* ---- drains -------------------------------------------------------------- */

/* Thread 0 drains all that it can; the others work in their caches. */
static void drain(unsigned int self)
{
	if (self)
		loan_burst(scenario_pool, 2);
	else
		mp_drain_pool(scenario_pool, true, true);
}

static void drain_twice(unsigned int self)
{
	drain(self);
	drain(self);
}

/* As a caller does it: what is idle at two trims. */
static void trim_or_work(unsigned int self)
{
	drain(self);
	if (self == 0) {
		magpool_trim(scenario_pool);
		magpool_trim(scenario_pool);
	} else {
		magpool_thread_flush(scenario_pool);
		loan_burst(scenario_pool, 3);
	}
}

/* The end of an interval in the middle of calls. */
static void pass_or_work(unsigned int self)
{
	drain(self);
	if (self == 0)
		mp_trim_interval(scenario_pool, false);
	else
		loan_burst(scenario_pool, 3);
	if (self == 0)
		mp_trim_interval(scenario_pool, true);
}

/* An interval ends: each call that misses could be the one that sees it. */
static void let_time_pass(unsigned int self)
{
	if (self == 0)
		system_pass_time(60000);
	loan_burst(scenario_pool, 3);
}

/* What is out is marked, while it comes back and slabs go. */
static void look_or_work(unsigned int self)
{
	if (self) {
		loan_burst(scenario_pool, 2);
		magpool_thread_flush(scenario_pool);
		return;
	}
	mp_loans_look(scenario_pool, true);
	mp_trim_unused(scenario_pool);
	mp_loans_look(scenario_pool, true);
}

/* One looks, one returns and gets, one makes slabs go. */
static void look_at_one(unsigned int self)
{
	if (self == 0) {
		mp_loans_look(scenario_pool, true);
	} else if (self == 1) {
		loan_return(loan_get(scenario_pool));
	} else {
		struct mp_trip trip = { 0, 0, 0 };

		magpool_thread_flush(scenario_pool);
		mp_slabs_settle_all(&scenario_pool->slabs, &trip);
	}
}

static void attach_two(unsigned int self)
{
	(void)self;
	loan_burst(scenario_pool, 2);
}

static void drain_shared(unsigned int self)
{
	if (self)
		share_a_little(self);
	else
		mp_drain_pool(scenario_pool, true, true);
}

static void drain_or_end(unsigned int self)
{
	if (self == 0)
		mp_drain_pool(scenario_pool, true, true);
}

/* ---- the ends of threads and of pools ------------------------------------ */

static void attach_and_end(unsigned int self)
{
	loan_burst(scenario_pool, 2 + self % 2);
}

/* Thread 0 does nothing, and so just ends. */
static void end_or_get(unsigned int self)
{
	if (self == 1)
		loan_burst(scenario_pool, 2);
}

/* Its last arenas are returned while, before and after it is abandoned. */
static void abandon(unsigned int self)
{
	if (self == 0)
		magpool_abandon(&scenario_pool);
	for (unsigned int i = self; i < 8; i += 3)
		loan_return(box_swap(i, NULL));
}

static void abandon_first(unsigned int self)
{
	/* The others have a cache, so that they return by a hit. */
	if (self != 0)
		loan_return(box_swap(self, NULL));
	if (self == 2)
		loan_burst(scenario_pool, 1);
}

/*
 * The next call that misses ends it, where the last return was under way; the
 * check of the memory is such a call.
 */
static void finish_abandoned(void)
{
	scenario_check_memory();
}

static void fill_box_to_abandon(void)
{
	box_swap(0, loan_get(scenario_pool));
}

static void abandon_last(unsigned int self)
{
	if (self == 0)
		magpool_abandon(&scenario_pool);
	else
		loan_return(box_swap(0, NULL));
}

/* Somebody holds the mutex when the last return wants to end the pool. */
static void abandon_and_hold(unsigned int self)
{
	if (self == 2)
		cache = magpool_cache_create(magpool_default());
	else
		abandon_last(self);
}

/*
 * Returned without a cache, the last arena takes the memory along; only the
 * record of the pool is left.
 */
static void finish_last(void)
{
	if (system_mappings() > 3)
		schedule_violation("the pool is still there");
	magpool_cache_destroy(&cache);
	scenario_check_memory();
}

/* Pools come and go; others walk over all of them. */
static void pools(unsigned int self)
{
	struct magpool_options options = { .size = sizeof options,
					   .page_size = PAGE_SMALL };
	struct magpool_stats stats;
	struct magpool *mine;

	if (self == 1) {
		magpool_stats_read(NULL, &stats, sizeof stats);
		return;
	}
	if (self == 2) {
		magpool_trim(NULL);
		return;
	}
	mine = magpool_create(&options);
	if (!mine)
		schedule_violation("create failed: %d", errno);
	magpool_return(magpool_get_from(mine));
	if (magpool_destroy(&mine))
		schedule_violation("destroy failed");
}

/* Two threads end pools at once, and keep caches of pools that are gone. */
static void pools_both(unsigned int self)
{
	struct magpool_options options = { .size = sizeof options,
					   .page_size = PAGE_SMALL };
	struct magpool *mine = magpool_create(&options);

	if (!mine)
		schedule_violation("create failed: %d", errno);
	magpool_return(magpool_get_from(mine));
	if (self == 0)
		magpool_abandon(&mine);
	else if (magpool_destroy(&mine))
		schedule_violation("destroy failed");
	loan_burst(scenario_pool, 1);
}

/* Pools end by themselves; their records go when no walker reads them. */
static void records(unsigned int self)
{
	struct magpool_options options = { .size = sizeof options,
					   .page_size = PAGE_SMALL };
	struct magpool_stats stats;
	struct magpool *mine;

	if (self == 1) {
		magpool_stats_read(NULL, &stats, sizeof stats);
		return;
	}
	mine = magpool_create(&options);
	if (!mine)
		schedule_violation("create failed: %d", errno);
	magpool_return(magpool_get_from(mine));
	magpool_abandon(&mine);
	magpool_trim(scenario_pool);
}

/* ---- the table ----------------------------------------------------------- */

const struct scenario life_scenarios[] = {
	{
		.name = "explicit",
		.text = "two threads in one explicit cache",
		.bodies = { .threads = 3, .warm = use_first, .body = share },
		.options = { .magazine_rounds = 1, .page_size = PAGE_SMALL },
		.prepare = make_cache,
		.finish = end_cache,
	},
	{
		.name = "biased",
		.text = "a second thread comes to an explicit cache (small)",
		.bodies = { .threads = 2,
			    .warm = use_first,
			    .body = share_a_little },
		.options = { .magazine_rounds = 2, .page_size = PAGE_SMALL },
		.prepare = make_cache,
		.finish = end_cache,
	},
	{
		.name = "both",
		.text = "two threads come to a new explicit cache (small)",
		.bodies = { .threads = 2, .body = come_together },
		.options = { .magazine_rounds = 2, .page_size = PAGE_SMALL },
		.prepare = make_cache,
		.finish = end_cache,
	},
	{
		.name = "drain",
		.text = "a cache is drained while its owner works (small)",
		.bodies = { .threads = 2, .warm = attach_two, .body = drain },
		.options = { .magazine_rounds = 2, .page_size = PAGE_SMALL },
	},
	{
		.name = "surplus",
		.text = "as drain, and the depot keeps nothing (small)",
		.bodies = { .threads = 2, .warm = attach_two, .body = drain },
		.options = { .magazine_rounds = 2,
			     .page_size = PAGE_BIG,
			     .depot_bytes = 1 },
	},
	{
		.name = "drains",
		.text = "two caches are drained again and again",
		.bodies = { .threads = 3,
			    .warm = attach_two,
			    .body = drain_twice },
		.options = { .magazine_rounds = 1, .page_size = PAGE_SMALL },
	},
	{
		.name = "idle",
		.text = "trims drain what is idle, threads flush and end",
		.bodies = { .threads = 3,
			    .exits = true,
			    .warm = attach_two,
			    .body = trim_or_work },
		.options = { .magazine_rounds = 2, .page_size = PAGE_SMALL },
	},
	{
		.name = "interval",
		.text = "intervals end while two threads work",
		.bodies = { .threads = 3,
			    .exits = true,
			    .warm = attach_two,
			    .body = pass_or_work },
		.options = { .magazine_rounds = 1, .page_size = PAGE_BIG },
	},
	{
		.name = "clock",
		.text = "two threads find an interval ended (small)",
		.bodies = { .threads = 2,
			    .warm = attach_two,
			    .body = let_time_pass },
		.options = { .magazine_rounds = 1, .page_size = PAGE_SMALL },
	},
	{
		.name = "look",
		.text = "loans are looked at while two threads work",
		.bodies = { .threads = 3,
			    .exits = true,
			    .warm = attach_two,
			    .body = look_or_work },
		.options = { .magazine_rounds = 1,
			     .page_size = PAGE_BIG,
			     .depot_bytes = 1 },
	},
	{
		.name = "seen",
		.text = "one loan is looked at while it ends (small)",
		.bodies = { .threads = 3,
			    .exits = true,
			    .warm = scenario_attach,
			    .body = look_at_one },
		.options = { .magazine_rounds = 1, .page_size = PAGE_BIG },
	},
	{
		.name = "leave",
		.text = "a cache is drained while its thread ends (small)",
		.bodies = { .threads = 2,
			    .exits = true,
			    .warm = attach_two,
			    .body = drain_or_end },
		.options = { .magazine_rounds = 2, .page_size = PAGE_SMALL },
	},
	{
		.name = "drained",
		.text = "an explicit cache is drained while two use it",
		.bodies = { .threads = 3,
			    .warm = use_first,
			    .body = drain_shared },
		.options = { .magazine_rounds = 1, .page_size = PAGE_SMALL },
		.prepare = make_cache,
		.finish = end_cache,
	},
	{
		.name = "exits",
		.text = "threads attach and end",
		.bodies = { .threads = 3,
			    .exits = true,
			    .body = attach_and_end },
		.options = { .magazine_rounds = 1, .page_size = PAGE_SMALL },
	},
	{
		.name = "exit",
		.text = "a thread ends beside one that gets (small)",
		.bodies = { .threads = 2,
			    .exits = true,
			    .warm = scenario_attach,
			    .body = end_or_get },
		.options = { .magazine_rounds = 1, .page_size = PAGE_SMALL },
	},
	{
		.name = "last",
		.text = "a pool is abandoned at its last return (small)",
		.bodies = { .threads = 2, .body = abandon_last },
		.options = { .magazine_rounds = 2, .page_size = PAGE_SMALL },
		.prepare = fill_box_to_abandon,
		.finish = finish_last,
	},
	{
		.name = "wish",
		.text = "as last, while a third thread holds the mutex",
		.bodies = { .threads = 3, .body = abandon_and_hold },
		.options = { .magazine_rounds = 2, .page_size = PAGE_SMALL },
		.prepare = fill_box_to_abandon,
		.finish = finish_last,
	},
	{
		.name = "abandon",
		.text = "a pool is abandoned at its last returns",
		.bodies = { .threads = 3,
			    .warm = abandon_first,
			    .body = abandon },
		.options = { .magazine_rounds = 2, .page_size = PAGE_SMALL },
		.prepare = scenario_fill_boxes,
		.finish = finish_abandoned,
	},
	{
		.name = "pools",
		.text = "a pool is made and destroyed, others walk over all",
		.bodies = { .threads = 3, .exits = true, .body = pools },
		.options = { .magazine_rounds = 1, .page_size = PAGE_SMALL },
	},
	{
		.name = "records",
		.text = "pools end while one walks, trims free their records",
		.bodies = { .threads = 3, .body = records },
		.options = { .magazine_rounds = 1, .page_size = PAGE_SMALL },
	},
	{
		.name = "record",
		.text = "as records, with one trim (small)",
		.bodies = { .threads = 2, .body = records },
		.options = { .magazine_rounds = 1, .page_size = PAGE_SMALL },
	},
	{
		.name = "ends",
		.text = "two pools end while their threads go on and end",
		.bodies = { .threads = 2, .exits = true, .body = pools_both },
		.options = { .magazine_rounds = 1, .page_size = PAGE_SMALL },
	},
	{ 0 }
};
