/* SPDX-License-Identifier: MIT */
#include "scenario.h"

#include "registry.h"
#include "system.h"
#include "validate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	LOANS = 128,
	BURST_MAX = 16,
};

static struct loan {
	struct magpool_arena *arena;
	unsigned int owner; /* + 1; 0: nobody */
	uint64_t *stamp;
	uint64_t serial;
} loans[LOANS];

static struct magpool_arena *boxes[BOXES];
static uint64_t gets, returns, serial, operations;

struct magpool *scenario_pool;

uint64_t scenario_operations(void)
{
	return operations;
}

/* ---- loans --------------------------------------------------------------- */

static struct loan *loan_of(struct magpool_arena *arena)
{
	for (struct loan *loan = loans; loan < loans + LOANS; loan++) {
		if (!loan->arena)
			loan->arena = arena;
		if (loan->arena == arena)
			return loan;
	}
	schedule_violation("more arenas than LOANS");
}

static struct magpool_arena *open_loan(struct magpool_arena *arena)
{
	struct loan *loan = loan_of(arena);

	if (loan->owner)
		schedule_violation("arena %p of thread %u was got by thread %u",
				   (void *)arena, loan->owner - 1,
				   schedule_self());
	loan->owner = schedule_self() + 1;
	loan->stamp = magpool_alloc(arena, sizeof *loan->stamp);
	if (!loan->stamp)
		schedule_violation("an arena that was just got is full");
	loan->serial = ++serial;
	*loan->stamp = serial;
	gets++;
	operations++;
	return arena;
}

static struct magpool_arena *close_loan(struct magpool_arena *arena)
{
	struct loan *loan = loan_of(arena);

	if (!loan->owner)
		schedule_violation("arena %p has no owner", (void *)arena);
	if (*loan->stamp != loan->serial)
		schedule_violation("the stamp of arena %p is another one",
				   (void *)arena);
	loan->owner = 0;
	returns++;
	operations++;
	return arena;
}

struct magpool_arena *loan_try(struct magpool *from)
{
	struct magpool_arena *arena = magpool_get_from(from);

	if (!arena && errno != ENOMEM)
		schedule_violation("a get failed with %d", errno);
	return arena ? open_loan(arena) : NULL;
}

struct magpool_arena *loan_get(struct magpool *from)
{
	struct magpool_arena *arena = magpool_get_from(from);

	if (!arena)
		schedule_violation("a get failed with %d", errno);
	return open_loan(arena);
}

struct magpool_arena *loan_get_through(struct magpool_cache *cache)
{
	struct magpool_arena *arena = magpool_cache_get(cache);

	if (!arena)
		schedule_violation("a get failed with %d", errno);
	return open_loan(arena);
}

void loan_return(struct magpool_arena *arena)
{
	if (arena)
		magpool_return(close_loan(arena));
}

void loan_return_through(struct magpool_cache *cache,
			 struct magpool_arena *arena)
{
	magpool_cache_return(cache, close_loan(arena));
}

void loan_burst(struct magpool *from, unsigned int n)
{
	struct magpool_arena *arena[BURST_MAX];

	for (unsigned int i = 0; i < n; i++)
		arena[i] = loan_get(from);
	while (n)
		loan_return(arena[--n]);
}

struct magpool_arena *box_swap(unsigned int box, struct magpool_arena *arena)
{
	static const struct schedule_site site = { "box", "", "", 0, true };
	struct magpool_arena *old;

	schedule_point(&boxes[box], &site);
	old = boxes[box];
	boxes[box] = arena;
	return old;
}

void scenario_attach(unsigned int self)
{
	(void)self;
	loan_burst(scenario_pool, 1);
}

void scenario_fill_boxes(void)
{
	for (unsigned int i = 0; i < BOXES; i++)
		box_swap(i, loan_get(scenario_pool));
}

/* ---- one schedule -------------------------------------------------------- */

/* With a function here, misuse is a failure; out of memory is the caller's. */
static void on_error(void *context, int error, const char *message)
{
	(void)context;
	if (error == EINVAL)
		schedule_violation("%s", message);
}

static void check_counts(void)
{
	struct magpool_stats stats;

	magpool_stats_read(scenario_pool, &stats, sizeof stats);
	if (stats.gets != gets || stats.returns != returns)
		schedule_violation("the pool counted %llu gets, %llu returns; "
				   "there were %llu and %llu",
				   (unsigned long long)stats.gets,
				   (unsigned long long)stats.returns,
				   (unsigned long long)gets,
				   (unsigned long long)returns);
	if (stats.arenas_out || stats.pages_out)
		schedule_violation("%llu arenas and %llu pages are out",
				   (unsigned long long)stats.arenas_out,
				   (unsigned long long)stats.pages_out);
}

/*
 * What stays for ever: the tables of cache records and of thread records, a
 * segment each.
 */
void scenario_check_memory(void)
{
	magpool_trim(NULL);
	if (system_mappings() > 2)
		schedule_violation("%zu mappings are left", system_mappings());
}

/* A slab that is not listed is one whose pages nobody finds again. */
static void check_slabs(void)
{
	struct mp_table *table = &scenario_pool->slabs.table;

	for (uint32_t i = 1; i <= mp_table_count(table); i++) {
		struct mp_slab *slab = mp_table_at(table, i);

		if (mp_load_relaxed(&slab->available) &&
		    !mp_load_relaxed(&slab->listed))
			schedule_violation("slab %u has pages, but is not "
					   "listed",
					   i);
	}
}

/* A slot that says DRAINED for ever is a cache that nobody uses again. */
static void check_caches(void)
{
	struct magpool_cache *cache = NULL;

	while ((cache = mp_registry_next_cache(scenario_pool, cache))) {
		uint32_t state = mp_load_relaxed(&cache->drain.state);
		bool drained = mp_load_relaxed(&cache->hot) == MP_CACHE_DRAINED;

		if (drained != (state == MP_DRAIN_EMPTIED) ||
		    state == MP_DRAIN_WANTED || state == MP_DRAIN_TAKEN)
			schedule_violation("a cache was left in state %u",
					   state);
	}
}

void scenario_end_pool(void)
{
	const char *wrong;
	int error;

	for (unsigned int i = 0; i < BOXES; i++)
		loan_return(box_swap(i, NULL));
	wrong = mp_validate(scenario_pool);
	if (wrong)
		schedule_violation("%s", wrong);
	check_counts();
	check_slabs();
	check_caches();
	error = magpool_destroy(&scenario_pool);
	if (error)
		schedule_violation("destroy failed with %d", error);
	scenario_check_memory();
}

static void start(const struct scenario *scenario)
{
	struct magpool_options options = scenario->options;

	memset(loans, 0, sizeof loans);
	memset(boxes, 0, sizeof boxes);
	gets = 0;
	returns = 0;
	options.size = sizeof options;
	options.name = scenario->name;
	options.on_error = on_error;
	scenario_pool = magpool_create(&options);
	if (!scenario_pool)
		schedule_violation("create failed with %d", errno);
}

void scenario_run(const struct scenario *scenario)
{
	system_reset();
	start(scenario);
	if (scenario->prepare)
		scenario->prepare();
	schedule_run(&scenario->bodies);
	if (scenario->finish)
		scenario->finish();
	else
		scenario_end_pool();
}

/* ---- all of them --------------------------------------------------------- */

enum { TABLES = 3 };

static const struct scenario *const tables[TABLES] = { depot_scenarios,
						       life_scenarios,
						       block_scenarios };

const struct scenario *scenario_find(const char *name)
{
	for (size_t i = 0; i < TABLES; i++) {
		for (const struct scenario *s = tables[i]; s->name; s++) {
			if (!strcmp(s->name, name))
				return s;
		}
	}
	return NULL;
}

void scenario_list(void)
{
	for (size_t i = 0; i < TABLES; i++) {
		for (const struct scenario *s = tables[i]; s->name; s++)
			printf("%-8s  %s\n", s->name, s->text);
	}
}
