/* SPDX-License-Identifier: MIT */
/* Operations: get and return, by whatever way. */
#include "world.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#define THREADS_MAX 3 /* for one input: they are what costs most */
#define BATCH 3

static void got(struct world_arena *slot, struct world_pool *pool,
		struct magpool_arena *arena)
{
	if (arena) {
		world_kept();
		world_add_arena(slot, pool, arena);
	} else {
		world_refused(pool, 0);
	}
}

static void get_from_pool(struct world_arena *slot, struct world_pool *pool)
{
	struct magpool_arena *arena;

	world_call();
	if (pool == &world.pool[0])
		arena = magpool_get();
	else
		arena = magpool_get_from(pool->pool);
	if (pool->abandoned) {
		FUZZ_CHECK(!arena, "of a pool that was abandoned");
		world_misused(pool, EINVAL);
	} else {
		got(slot, pool, arena);
	}
}

static void get_from_cache(struct world_arena *slot, struct world_cache *cache)
{
	if (cache->pool->abandoned)
		return;
	world_call();
	got(slot, cache->pool, magpool_cache_get(cache->cache));
}

void loans_get(struct fuzz_input *input)
{
	struct world_arena *slot = world_free_arena();
	size_t how = fuzz_byte(input);
	struct world_cache *cache;

	if (!slot)
		return;
	if (how & 1) {
		cache = world_some_cache(input);
		if (cache)
			get_from_cache(slot, cache);
	} else {
		get_from_pool(slot, world_some_pool(input));
	}
}

void loans_get_batch(struct fuzz_input *input)
{
	struct world_cache *cache = world_some_cache(input);
	size_t wanted = fuzz_below(input, BATCH + 1);
	struct magpool_arena *out[BATCH];
	size_t room = 0, n;

	for (size_t i = 0; i < WORLD_ARENAS; i++)
		room += !world.arena[i].arena;
	if (!cache || cache->pool->abandoned || room < wanted)
		return;
	world_call();
	n = magpool_cache_get_batch(cache->cache, out, wanted);
	FUZZ_CHECK(n <= wanted, "%zu of %zu", n, wanted);
	if (n < wanted)
		world_refused(cache->pool, 0);
	else
		world_kept();
	for (size_t i = 0; i < n; i++)
		world_add_arena(world_free_arena(), cache->pool, out[i]);
}

/* ---- return -------------------------------------------------------------- */

static struct world_arena *arena_out(struct fuzz_input *input)
{
	struct world_arena *slot =
		&world.arena[fuzz_below(input, WORLD_ARENAS)];

	return slot->arena ? slot : NULL;
}

void loans_return(struct fuzz_input *input)
{
	struct world_arena *slot = arena_out(input);
	size_t how = fuzz_byte(input);
	struct world_cache *cache = world_some_cache(input);
	struct magpool_arena *arena;

	if (!slot)
		return;
	arena = slot->arena;
	world_begin_return(slot);
	world_call();
	if (cache && how & 1)
		magpool_cache_return(cache->cache, arena);
	else if (how & 2)
		magpool_scope_end(&arena);
	else
		magpool_return(arena);
	world_kept();
	world_end_return(slot);
}

/* Nothing, and two arenas; one of a pool that the cache is not of. */
void loans_return_batch(struct fuzz_input *input)
{
	struct world_cache *cache = world_some_cache(input);
	struct magpool_arena *batch[BATCH] = { NULL };
	struct world_arena *slot = arena_out(input);

	if (!cache || !slot)
		return;
	batch[fuzz_below(input, BATCH)] = slot->arena;
	world_begin_return(slot);
	world_call();
	magpool_cache_return_batch(cache->cache, batch, BATCH);
	magpool_return(NULL);
	magpool_cache_return(cache->cache, NULL);
	world_kept();
	world_end_return(slot);
}

/* ---- in another thread --------------------------------------------------- */

struct errand {
	struct world_pool *pool;
	struct magpool_arena *mine;
	bool refused;
};

/* A whole life of a thread: returns ours, gets one of its own, ends. */
static void *run_errand(void *context)
{
	struct errand *errand = context;
	struct magpool_arena *arena;

	magpool_return(errand->mine);
	arena = magpool_get_from(errand->pool->pool);
	errand->refused = !arena;
	if (arena)
		memset(arena->cursor, 0xee,
		       (size_t)(arena->limit - arena->cursor));
	magpool_return(arena);
	return NULL;
}

static void count_errand(struct errand *errand)
{
	struct world_pool *pool = errand->pool;

	if (errand->refused) {
		errno = ENOMEM;
		world_refused(pool, 0);
	} else {
		world_kept();
		pool->gets++;
		pool->returns++;
	}
}

/* A stale address that is out again, and back, is stale as before. */
void loans_elsewhere(struct fuzz_input *input)
{
	struct world_arena *slot = arena_out(input);
	struct errand errand = { .pool = world_some_pool(input) };
	pthread_t thread;

	if (errand.pool->abandoned || world.threads == THREADS_MAX)
		return;
	world.threads++;
	if (slot) {
		errand.mine = slot->arena;
		world_begin_return(slot);
	}
	world_call();
	FUZZ_CHECK(!pthread_create(&thread, NULL, run_errand, &errand),
		   "no thread");
	pthread_join(thread, NULL);
	errno = UNTOUCHED;
	count_errand(&errand);
	if (slot)
		world_end_return(slot);
	world_check();
}

/* ---- explicit caches ----------------------------------------------------- */

void loans_create_cache(struct fuzz_input *input)
{
	struct world_cache *cache =
		&world.cache[fuzz_below(input, WORLD_CACHES)];
	struct world_pool *pool = world_some_pool(input);

	if (cache->cache || pool->abandoned)
		return;
	world_call();
	cache->cache = magpool_cache_create(pool->pool);
	FUZZ_CHECK(cache->cache, "errno %d", errno);
	world_kept();
	cache->pool = pool;
	pool->caches++;
}

void loans_destroy_cache(struct fuzz_input *input)
{
	struct world_cache *cache = world_some_cache(input);
	struct magpool_cache *none = NULL;

	world_call();
	magpool_cache_destroy(&none);
	if (!cache)
		return;
	magpool_cache_destroy(&cache->cache);
	world_kept();
	FUZZ_CHECK(!cache->cache, "the pointer is still there");
	cache->pool->caches--;
	world_reap(cache->pool);
}

void loans_flush_cache(struct fuzz_input *input)
{
	struct world_cache *cache = world_some_cache(input);

	if (!cache)
		return;
	world_call();
	magpool_cache_flush(cache->cache);
	world_kept();
	world_check_pool(cache->pool);
}
