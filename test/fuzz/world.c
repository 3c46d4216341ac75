/* SPDX-License-Identifier: MIT */
/* The model: pools, arenas, and the frame around a call. */
#include "world.h"

#include "sums.h"
#include "validate.h"

#include <errno.h>
#include <string.h>

struct world world;

/* ---- around a call ------------------------------------------------------- */

void world_call(void)
{
	world.misuse_told = 0;
	world.refusals_told = 0;
	world.teller = NULL;
	errno = UNTOUCHED;
}

static void check_told(const struct world_pool *pool, size_t misuse,
		       size_t refusals)
{
	/* The default pool has nobody to tell. */
	bool heard = pool && pool != &world.pool[0];

	FUZZ_CHECK(world.misuse_told == (heard ? misuse : 0),
		   "%zu times misuse", world.misuse_told);
	FUZZ_CHECK(world.refusals_told == (heard ? refusals : 0),
		   "%zu refusals", world.refusals_told);
	FUZZ_CHECK(!heard || world.teller == pool, "another pool");
}

void world_kept(void)
{
	FUZZ_CHECK(errno == UNTOUCHED, "errno %d", errno);
	check_told(NULL, 0, 0);
}

void world_refused(struct world_pool *pool, size_t wanted)
{
	FUZZ_CHECK(errno == ENOMEM, "errno %d", errno);
	FUZZ_CHECK(world_is_limited(pool) || wanted > WORLD_BYTES_MAX,
		   "%zu bytes, and there is no limit", wanted);
	pool->refusals++;
	check_told(pool, 0, 1);
}

void world_misused(struct world_pool *pool, int error)
{
	FUZZ_CHECK(errno == error, "errno %d, expected %d", errno, error);
	pool->misuse++;
	check_told(pool, 1, 0);
}

/* Functions of the host's that leave errno in a mess. */
static void on_error(void *context, int error, const char *message)
{
	FUZZ_CHECK(error == ENOMEM || error == EINVAL, "%d: %s", error,
		   message);
	FUZZ_CHECK(*message, "no message for %d", error);
	world.teller = context;
	if (error == ENOMEM)
		world.refusals_told++;
	else
		world.misuse_told++;
	errno = error + 1000;
}

/* ---- upstream ------------------------------------------------------------ */

static void *map(void *context, size_t size, size_t alignment)
{
	struct world_pool *pool = context;
	void *address = NULL;

	errno = 1001;
	/* A sanitizer's malloc ends the program for what nobody can have. */
	if (!pool->left || pool->regions == WORLD_REGIONS ||
	    size >= WORLD_BYTES_MAX ||
	    posix_memalign(&address, alignment, size))
		return NULL;
	if (pool->left != SIZE_MAX)
		pool->left--;
	/* It may be memory that was unmapped in the same call, and checked. */
	world.ending = NULL;
	/* A host that recycles memory does not clear it. */
	memset(address, 0xa5, size);
	pool->region[pool->regions++] = (struct world_region){ address, size };
	return address;
}

/* What was taken is clear, as long as it is in that region. */
static void check_clear(const struct world_region *region)
{
	const struct world_arena *slot = world.ending;

	if (!slot || !slot->pool->zero)
		return;
	for (size_t i = world.ending_from; i < slot->count; i++) {
		const struct world_piece *piece = &slot->piece[i];

		if ((uintptr_t)piece->bytes - (uintptr_t)region->address <
		    region->size)
			FUZZ_CHECK(world_is_clear(piece), "%zu bytes at %p",
				   piece->size, (void *)piece->bytes);
	}
}

static void unmap(void *context, void *address, size_t size)
{
	struct world_pool *pool = context;
	size_t i = 0;

	errno = 1002;
	while (i < pool->regions && pool->region[i].address != address)
		i++;
	FUZZ_CHECK(i < pool->regions, "%p was not mapped", address);
	FUZZ_CHECK(pool->region[i].size == size, "%zu bytes of %zu", size,
		   pool->region[i].size);
	check_clear(&pool->region[i]);
	pool->region[i] = pool->region[--pool->regions];
	free(address);
}

bool world_is_mapped(const struct world_pool *pool, const void *address,
		     size_t size)
{
	for (size_t i = 0; i < pool->regions; i++) {
		size_t at =
			(uintptr_t)address - (uintptr_t)pool->region[i].address;

		if (at < pool->region[i].size &&
		    size <= pool->region[i].size - at)
			return true;
	}
	return false;
}

/* ---- pools --------------------------------------------------------------- */

bool world_is_limited(const struct world_pool *pool)
{
	return pool->max_bytes != SIZE_MAX ||
	       pool->max_arena_bytes != SIZE_MAX || pool->left != SIZE_MAX ||
	       pool->regions == WORLD_REGIONS;
}

struct world_pool *world_some_pool(struct fuzz_input *input)
{
	struct world_pool *pool = &world.pool[fuzz_below(input, WORLD_POOLS)];

	return pool->pool ? pool : &world.pool[0];
}

struct world_cache *world_some_cache(struct fuzz_input *input)
{
	struct world_cache *cache =
		&world.cache[fuzz_below(input, WORLD_CACHES)];

	return cache->cache ? cache : NULL;
}

struct world_pool *world_free_pool(void)
{
	for (size_t i = 1; i < WORLD_POOLS; i++) {
		if (!world.pool[i].pool)
			return &world.pool[i];
	}
	return NULL;
}

static size_t or_none(size_t limit)
{
	return limit ? limit : SIZE_MAX;
}

void world_make_pool(struct world_pool *pool, struct magpool_options *options)
{
	*pool = (struct world_pool){
		.zero = options->flags & MAGPOOL_ZERO_ON_RETURN,
		.own_upstream = options->map,
		.max_bytes = or_none(options->max_bytes),
		.max_arena_bytes = or_none(options->max_arena_bytes),
		.page_size = options->page_size ? options->page_size : 4096,
		.left = SIZE_MAX,
	};
	options->on_error = on_error;
	options->context = pool;
	if (options->map) {
		options->map = map;
		options->unmap = unmap;
	}
	world_call();
	pool->pool = magpool_create(options);
	FUZZ_CHECK(pool->pool, "errno %d", errno);
	world_kept();
}

void world_forget_pool(struct world_pool *pool)
{
	FUZZ_CHECK(pool->regions == 0, "%zu are mapped", pool->regions);
	FUZZ_CHECK(pool->arenas == 0 && pool->caches == 0, "%zu arenas",
		   pool->arenas);
	pool->pool = NULL;
	for (size_t i = 0; i < WORLD_STALE; i++) {
		if (world.stale[i].pool == pool)
			world.stale[i].arena = NULL;
	}
}

void world_reap(struct world_pool *pool)
{
	if (pool->abandoned && !pool->arenas && !pool->caches)
		world_forget_pool(pool);
}

static void check_counts(const struct world_pool *pool,
			 const struct magpool_stats *s)
{
#define CHECK_COUNT(name, expected)                              \
	FUZZ_CHECK(s->name == (expected), "%llu, expected %llu", \
		   (unsigned long long)s->name,                  \
		   (unsigned long long)(expected))
	CHECK_COUNT(gets, pool->gets);
	CHECK_COUNT(returns, pool->returns);
	CHECK_COUNT(misuse, pool->misuse);
	CHECK_COUNT(refusals, pool->refusals);
	CHECK_COUNT(arenas_out, pool->arenas);
	CHECK_COUNT(page_size, (pool->page_size + 15) / 16 * 16);
#undef CHECK_COUNT
	FUZZ_CHECK(s->caches >= pool->caches && s->caches <= pool->caches + 1,
		   "%llu caches, %zu of them explicit",
		   (unsigned long long)s->caches, pool->caches);
	FUZZ_CHECK(s->bytes_mapped <= pool->max_bytes, "%llu bytes mapped",
		   (unsigned long long)s->bytes_mapped);
}

static void check_mapped(const struct world_pool *pool,
			 const struct magpool_stats *s)
{
	uint64_t bytes = 0;

	if (!pool->own_upstream)
		return;
	for (size_t i = 0; i < pool->regions; i++)
		bytes += pool->region[i].size;
	FUZZ_CHECK(bytes == s->bytes_mapped, "%llu mapped, %llu counted",
		   (unsigned long long)bytes,
		   (unsigned long long)s->bytes_mapped);
}

void world_check_pool(const struct world_pool *pool)
{
	struct magpool_stats s;
	const char *fault;

	if (!pool->pool)
		return;
	s = sums_read(pool->pool);
	check_counts(pool, &s);
	check_mapped(pool, &s);
	fault = sums_fault(pool->pool);
	FUZZ_CHECK(!fault, "%s", fault);
	fault = mp_validate(pool->pool);
	FUZZ_CHECK(!fault, "%s", fault);
}

/* ---- arenas -------------------------------------------------------------- */

struct world_arena *world_free_arena(void)
{
	for (size_t i = 0; i < WORLD_ARENAS; i++) {
		if (!world.arena[i].arena)
			return &world.arena[i];
	}
	return NULL;
}

static void forget_stale(const struct magpool_arena *arena)
{
	for (size_t i = 0; i < WORLD_STALE; i++) {
		if (world.stale[i].arena == arena)
			world.stale[i].arena = NULL;
	}
}

void world_add_arena(struct world_arena *slot, struct world_pool *pool,
		     struct magpool_arena *arena)
{
	for (size_t i = 0; i < WORLD_ARENAS; i++)
		FUZZ_CHECK(world.arena[i].arena != arena, "%p is out",
			   (void *)arena);
	forget_stale(arena);
	slot->arena = arena;
	slot->pool = pool;
	slot->count = 0;
	slot->reservation = WORLD_NONE;
	pool->gets++;
	pool->arenas++;
	world_check_words(arena);
	FUZZ_CHECK(magpool_used(arena) == 0, "%zu bytes", magpool_used(arena));
	slot->first_mark = magpool_mark(arena);
	slot->cursor = arena->cursor;
	slot->limit = arena->limit;
	slot->pristine = arena->cursor != arena->limit;
}

void world_begin_return(struct world_arena *slot)
{
	world_check_pieces(slot);
	world_begin_free(slot, 0);
}

void world_end_return(struct world_arena *slot)
{
	struct world_stale *stale = &world.stale[world.stales++ % WORLD_STALE];

	stale->arena = slot->arena;
	stale->pool = slot->pool;
	slot->pool->returns++;
	slot->pool->arenas--;
	world_end_free(slot);
	slot->arena = NULL;
	world_reap(slot->pool);
}

/* ---- the whole ----------------------------------------------------------- */

void world_begin(void)
{
	struct world_pool *pool = &world.pool[0];

	if (!pool->pool) {
		/* Before the first call: the default pool has no on_error. */
		setenv("MAGPOOL_QUIET", "1", 1);
		pool->pool = magpool_default();
		pool->max_bytes = SIZE_MAX;
		pool->max_arena_bytes = SIZE_MAX;
		pool->left = SIZE_MAX;
		pool->page_size = 4096;
	}
	memset(world.stale, 0, sizeof world.stale);
	world.stamps = 0;
	world.threads = 0;
}

void world_check(void)
{
	for (size_t i = 0; i < WORLD_POOLS; i++)
		world_check_pool(&world.pool[i]);
	for (size_t i = 0; i < WORLD_ARENAS; i++) {
		if (world.arena[i].arena)
			world_check_pieces(&world.arena[i]);
	}
}

static void end_pool(struct world_pool *pool)
{
	int error;

	if (!pool->pool)
		return;
	world_call();
	error = magpool_destroy(&pool->pool);
	FUZZ_CHECK(error == 0 && !pool->pool, "%d", error);
	world_kept();
	world_forget_pool(pool);
}

void world_end(void)
{
	for (size_t i = 0; i < WORLD_ARENAS; i++) {
		struct world_arena *slot = &world.arena[i];

		if (!slot->arena)
			continue;
		world_begin_return(slot);
		magpool_return(slot->arena);
		world_end_return(slot);
	}
	for (size_t i = 0; i < WORLD_CACHES; i++) {
		struct world_cache *cache = &world.cache[i];

		if (!cache->cache)
			continue;
		magpool_cache_destroy(&cache->cache);
		cache->pool->caches--;
		world_reap(cache->pool);
	}
	world_check();
	for (size_t i = 1; i < WORLD_POOLS; i++)
		end_pool(&world.pool[i]);
	magpool_thread_flush(NULL);
	magpool_trim(NULL);
}
