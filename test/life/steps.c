/* SPDX-License-Identifier: MIT */
/*
 * Lock-freedom: one thread is stopped at every instruction of get, return,
 * exchange and their slow paths.  Each time the other threads must get on:
 * they get and return in the same pool, trim it, read its statistics, attach
 * and end, make and destroy pools, fork.  Then the thread goes on, and no arena
 * may be lost or have two owners.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "life.h"
#include "steps.h"
#include "sums.h"

enum { PAGE = 4096 };

struct stage stage;

static const struct scenario scenarios[] = {
	{ "get", GET, 1, 3, 0, 1 },
	{ "get", GET, 2, 6, 0, 7 },
	{ "get, empty cache", GET, 2, 3, FLUSHED, 7 },
	{ "get, empty depot", GET, 1, 2, TRIMMED, 11 },
	{ "get, no slab", GET, 1, 5, FRESH, 13 },
	{ "get, explicit", GET, 1, 3, FLUSHED | EXPLICIT, 5 },
	{ "get, dying", GET, 2, 1, DYING, 11 },
	{ "return", RETURN, 1, 3, 0, 1 },
	{ "return", RETURN, 2, 6, FLUSHED, 11 },
	{ "return, full depot", RETURN, 1, 4, LIMITED, 17 },
	{ "return, explicit", RETURN, 1, 3, FLUSHED | EXPLICIT, 5 },
	{ "return, dying", RETURN, 2, 1, DYING, 1 },
	{ "return of pages", RETURN, 4, 2, LARGE, 11 },
	{ "alloc of a page", CHAIN, 1, 2, FLUSHED, 7 },
	{ "alloc of a block", BLOCK, 1, 1, 0, 11 },
	{ "flush", FLUSH, 1, 1, 0, 3 },
	{ "flush", FLUSH, 2, 1, 0, 3 },
};

enum { SCENARIOS = sizeof scenarios / sizeof *scenarios };

static struct magpool *make_pool(void)
{
	struct magpool_options options = {
		.size = sizeof options,
		.name = "steps",
		.magazine_rounds = stage.scenario->rounds,
		.page_size = has(FRESH) ? PAGE * 32 : PAGE,
		.depot_bytes = has(LIMITED) ? PAGE : 0,
		/* No block is kept: each one is mapped. */
		.retain_bytes = 1,
	};
	struct magpool *pool = magpool_create(&options);

	life_check(pool, "magpool_create");
	return pool;
}

/* ---- the victim ---------------------------------------------------------- */

static struct magpool_arena *get(void)
{
	return has(EXPLICIT) ? magpool_cache_get(stage.cache)
			     : magpool_get_from(stage.pool);
}

static void give_back(struct magpool_arena *arena)
{
	if (has(EXPLICIT))
		magpool_cache_return(stage.cache, arena);
	else
		magpool_return(arena);
}

/* Before the operation: the ones in the row before it. */
static void prepare(void)
{
	unsigned before = stage.n;

	if (has(FRESH)) {
		stage.pool = make_pool();
		life_cycle(stage.pool, 1);
	}
	if (has(EXPLICIT))
		stage.cache = magpool_cache_create(stage.pool);
	if (has(FLUSHED) || has(TRIMMED))
		magpool_thread_flush(stage.pool);
	if (has(TRIMMED))
		magpool_trim(stage.pool);
	/* What is returned first must have been got: one more than is kept. */
	if (stage.scenario->action == RETURN)
		before = stage.scenario->steps;
	while (stage.victim.count < before)
		life_keep(&stage.victim, get());
	if (stage.scenario->action == RETURN) {
		while (stage.victim.count > stage.scenario->steps - stage.n)
			give_back(life_drop(&stage.victim));
	}
}

/* The arena that the operation is about, if it does not get one. */
static struct magpool_arena *choose(void)
{
	struct magpool_arena *arena = NULL;

	if (stage.scenario->action == RETURN)
		arena = life_drop(&stage.victim);
	else if (stage.scenario->action == CHAIN ||
		 stage.scenario->action == BLOCK)
		arena = get();
	if (stage.scenario->action == CHAIN)
		life_check(magpool_alloc(arena, PAGE / 2), "no room");
	for (unsigned i = 0; arena && has(LARGE) && i < 1 + stage.n; i++)
		life_check(magpool_alloc(arena, PAGE - 16), "no page");
	return arena;
}

static void *act(struct magpool_arena *arena)
{
	switch (stage.scenario->action) {
	case GET:
		return get();
	case RETURN:
		give_back(arena);
		return NULL;
	case CHAIN:
		return magpool_alloc(arena, PAGE);
	case BLOCK:
		return magpool_alloc(arena, (size_t)30 * PAGE);
	case FLUSH:
		magpool_thread_flush(stage.pool);
		return NULL;
	}
	return NULL;
}

/* Everybody is quiet: who has what? */
static void check_owners(void)
{
	struct life_hold all = { .owner = 0 };
	const struct life_hold *holds[STEPS_WORKERS + 1] = { &stage.victim };
	uint64_t out = 0;

	for (unsigned i = 0; i < STEPS_WORKERS; i++)
		holds[i + 1] = bystanders_hold(i);
	for (unsigned i = 0; i <= STEPS_WORKERS; i++) {
		for (unsigned j = 0; j < holds[i]->count; j++) {
			struct magpool_arena *arena = holds[i]->arena[j];

			for (unsigned k = 0; k < out; k++)
				life_check(all.arena[k] != arena,
					   "an arena has two owners");
			all.arena[out++] = arena;
		}
	}
	life_check_sums(stage.pool, out);
}

static void undo(struct magpool_arena *arena, void *result)
{
	if (stage.scenario->action == GET)
		life_keep(&stage.victim, result);
	else if (stage.scenario->action != RETURN &&
		 stage.scenario->action != FLUSH)
		life_check(result, "no memory");
	if (arena && stage.scenario->action != RETURN)
		life_keep(&stage.victim, arena);
	check_owners();
	while (stage.victim.count)
		give_back(life_drop(&stage.victim));
	if (has(EXPLICIT)) {
		struct magpool_cache *cache = stage.cache;

		magpool_cache_destroy(&cache);
	}
	if (has(FRESH))
		life_end_pool(stage.pool);
}

/* The short test has these too at every instruction, not at some. */
static void note_exchange(uint64_t exchanges)
{
	if (stage.scenario->stride != 1)
		return;
	if (stage.scenario->action == GET)
		stage.seen->fulls_taken += exchanges;
	else if (stage.scenario->action == RETURN)
		stage.seen->fulls_given += exchanges;
}

/* Once without being stopped, to see by which paths it goes. */
static void note_paths(void)
{
	struct magpool_stats before, after;
	struct magpool_arena *arena;
	struct seen *seen = stage.seen;
	void *result;

	prepare();
	arena = choose();
	before = sums_read(stage.pool);
	result = act(arena);
	after = sums_read(stage.pool);
	undo(arena, result);
#define NOTE(counter) seen->counter += after.counter - before.counter
	NOTE(underflows);
	NOTE(overflows);
	NOTE(exchanges);
	NOTE(limit_trips);
	NOTE(loose_returns);
	NOTE(direct_gets);
	NOTE(direct_returns);
	NOTE(pages_created);
	NOTE(chained);
	NOTE(flushes);
	NOTE(blocks_mapped);
	seen->bytes_mapped +=
		has(FRESH) ? after.bytes_mapped - before.bytes_mapped : 0;
#undef NOTE
	note_exchange(after.exchanges - before.exchanges);
}

static void be_stopped(void)
{
	note_paths();
	stepper_begin(stage.stepper);
	for (;;) {
		struct magpool_arena *arena;
		void *result;

		prepare();
		arena = choose();
		if (!stepper_next(stage.stepper)) {
			undo(arena, act(arena));
			break;
		}
		stepper_enter(stage.stepper);
		result = act(arena);
		stepper_leave(stage.stepper);
		undo(arena, result);
	}
	stepper_end(stage.stepper);
}

/* The library's key is older: this thread has no cache any more. */
static void destructor(void *value)
{
	(void)value;
	be_stopped();
}

static void *victim(void *argument)
{
	(void)argument;
	/* The first get of a thread may lock and wait. */
	if (!has(FRESH))
		life_cycle(stage.pool, 8);
	if (has(DYING))
		pthread_setspecific(stage.key, &stage);
	else
		be_stopped();
	return NULL;
}

/* ---- main ---------------------------------------------------------------- */

static void stop_each(const struct scenario *scenario)
{
	bool every = life_is_long() && !stage.second_pass;

	for (stage.n = 0; stage.n < scenario->steps; stage.n++) {
		pthread_t thread;

		snprintf(stage.stepper->what, sizeof stage.stepper->what,
			 "%s %u of %u, rounds %u", scenario->name, stage.n + 1,
			 scenario->steps, scenario->rounds);
		stage.stepper->stride = every ? 1 : scenario->stride;
		life_check(!pthread_create(&thread, NULL, victim, NULL),
			   "pthread_create");
		bystanders_go_on();
		pthread_join(thread, NULL);
	}
}

static void run_scenario(const struct scenario *scenario)
{
	stage.scenario = scenario;
	stage.pool = make_pool();
	bystanders_begin();
	/* With arenas in the depot, and held by the others. */
	bystanders_work();
	if (has(FRESH))
		life_end_pool(stage.pool);
	stage.second_pass = false;
	stop_each(scenario);
	stage.second_pass = true;
	if (life_is_long())
		stop_each(scenario);
	if (has(FRESH))
		stage.pool = make_pool();
	bystanders_end();
	life_end_pool(stage.pool);
}

static void tracee(struct stepper *stepper)
{
	stage.stepper = stepper;
	/* All on the same lists, so that they meet. */
	setenv("MAGPOOL_SHARDS", "1", 1);
	/* So that the library's key is older than ours. */
	life_cycle(magpool_default(), 1);
	life_check(!pthread_key_create(&stage.key, destructor),
		   "pthread_key_create");
	for (unsigned i = 0; i < SCENARIOS; i++)
		run_scenario(&scenarios[i]);
	stepper_close(stepper);
}

/* A scenario that no longer takes the path it is there for shows nothing. */
static void check_seen(const struct seen *seen)
{
#define CHECK_SEEN(counter)           \
	life_check(seen->counter > 0, \
		   "no operation that was stopped counts as " #counter)
	CHECK_SEEN(underflows);
	CHECK_SEEN(overflows);
	CHECK_SEEN(exchanges);
	CHECK_SEEN(limit_trips);
	CHECK_SEEN(loose_returns);
	CHECK_SEEN(direct_gets);
	CHECK_SEEN(direct_returns);
	CHECK_SEEN(pages_created);
	CHECK_SEEN(chained);
	CHECK_SEEN(flushes);
	CHECK_SEEN(blocks_mapped);
	CHECK_SEEN(bytes_mapped);
	CHECK_SEEN(fulls_taken);
	CHECK_SEEN(fulls_given);
#undef CHECK_SEEN
}

static void run(void)
{
	struct stepper *stepper;

	stage.seen = mmap(NULL, sizeof *stage.seen, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	life_check(stage.seen != MAP_FAILED, "mmap");
	stepper = stepper_run(tracee);
	check_seen(stage.seen);
	life_figures("%" PRIu64 " operations, stopped at %" PRIu64
		     " instructions, %" PRIu64 " steps, %" PRIu64
		     " forks meanwhile; exchanges stopped at every "
		     "instruction: %" PRIu64 " in gets, %" PRIu64 " in returns",
		     stepper->operations, stepper->stops, stepper->steps,
		     stage.seen->forks, stage.seen->fulls_taken,
		     stage.seen->fulls_given);
}

int main(int argc, char **argv)
{
	static const struct life_program program = {
		.name = "steps",
		.text = "One thread stopped at every instruction",
		.seconds = 100,
		.run = run,
	};

	return life_main(&program, argc, argv);
}
