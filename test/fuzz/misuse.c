/* SPDX-License-Identifier: MIT */
/* Operations: what a caller may not do; it is reported and ignored. */
#include "world.h"

#include "hide.h"
#include "page.h"
#include "sums.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEADER 128 /* that much is looked at to tell an arena */

/* ---- arenas that were returned ------------------------------------------- */

/* Can the address still be read?  Nobody promises more about misuse. */
static bool is_readable(const struct world_stale *stale)
{
	uintptr_t system_page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t start = (uintptr_t)stale->arena & ~(system_page - 1);
	unsigned char there;

	if (stale->pool->own_upstream)
		return world_is_mapped(stale->pool, stale->arena, HEADER);
	return mincore((void *)start, 1, &there) == 0;
}

static struct world_stale *some_stale(struct fuzz_input *input)
{
	struct world_stale *stale =
		&world.stale[fuzz_below(input, WORLD_STALE)];

	return stale->arena && is_readable(stale) ? stale : NULL;
}

/* Memory that was trimmed does not say any more whose it was. */
static void misused_somewhere(uint64_t before, uint64_t calls)
{
	uint64_t after = sums_read(NULL).misuse;

	FUZZ_CHECK(after - before == calls, "%llu reports, expected %llu",
		   (unsigned long long)(after - before),
		   (unsigned long long)calls);
	FUZZ_CHECK(world.misuse_told <= calls && !world.refusals_told,
		   "%zu times", world.misuse_told);
	for (size_t i = 0; i < WORLD_POOLS; i++) {
		struct world_pool *pool = &world.pool[i];

		if (pool->pool)
			pool->misuse = sums_read(pool->pool).misuse;
	}
}

void misuse_return_twice(struct fuzz_input *input)
{
	struct world_stale *stale = some_stale(input);
	size_t how = fuzz_byte(input);
	struct world_cache *cache = world_some_cache(input);
	struct magpool_arena *batch[3];
	uint64_t before = sums_read(NULL).misuse;

	if (!stale)
		return;
	batch[0] = batch[2] = hide(stale->arena);
	batch[1] = NULL;
	world_call();
	if (cache && how & 1)
		magpool_cache_return_batch(cache->cache, batch, 3);
	else if (cache && how & 2)
		magpool_cache_return(cache->cache, batch[0]);
	else
		magpool_return(batch[0]);
	FUZZ_CHECK(errno == UNTOUCHED, "errno %d", errno);
	misused_somewhere(before, cache && how & 1 ? 2 : 1);
}

/* A call that gives nothing for an arena that is not out. */
static void *use(struct magpool_arena *arena, size_t how)
{
	static const char *const strings[] = { "a", "b" };

	switch (how % 8) {
	case 0:
		return magpool_alloc(arena, how);
	case 1:
		return magpool_alloc_aligned(arena, how, 64);
	case 2:
		return magpool_reserve(arena, how);
	case 3:
		return magpool_commit(arena, 0);
	case 4:
		return magpool_strdup(arena, "text");
	case 5:
		return magpool_zalloc_array(arena, 3, how);
	case 6:
		return magpool_strv(arena, strings, NULL, 2);
	default:
		return magpool_asprintf(arena, "%zu", how);
	}
}

static void reset_or_rewind(struct magpool_arena *arena, size_t how)
{
	world_call();
	if (how & 1)
		magpool_reset(arena);
	else
		magpool_rewind(arena, magpool_mark(arena));
	FUZZ_CHECK(errno == UNTOUCHED, "errno %d", errno);
	FUZZ_CHECK(magpool_used(arena) == 0, "%zu bytes", magpool_used(arena));
}

void misuse_use_after_return(struct fuzz_input *input)
{
	struct world_stale *stale = some_stale(input);
	size_t how = fuzz_byte(input);
	uint64_t before = sums_read(NULL).misuse;
	struct magpool_arena *arena;

	/* Other memory may be there now: what is inline would use it. */
	if (!stale || !mp_page_is_one(mp_page_of(stale->arena)) ||
	    stale->arena->cursor)
		return;
	arena = hide(stale->arena);
	if (how & 128) {
		reset_or_rewind(arena, how);
	} else {
		world_call();
		FUZZ_CHECK(!use(arena, how), "call %zu", how % 8);
		FUZZ_CHECK(errno == EINVAL, "errno %d", errno);
	}
	misused_somewhere(before, 1);
}

/* ---- marks --------------------------------------------------------------- */

static void *wrong_mark(const struct world_arena *slot, size_t how)
{
	static char foreign[64];
	const struct world_arena *other = &world.arena[how / 8 % WORLD_ARENAS];
	char *first = slot->first_mark;

	switch (how % 8) {
	case 0:
		return NULL;
	case 1:
		return slot->arena->cursor + 16;
	case 2:
		return first + 8;
	case 3:
		return first - 16;
	case 4:
		/* Its address could be the end of the page before it. */
		return (char *)slot->arena + HEADER / 2;
	case 5:
		return foreign + 16;
	case 6:
		return (void *)UINTPTR_MAX;
	default:
		return other != slot && other->arena ? other->first_mark : NULL;
	}
}

void misuse_marks(struct fuzz_input *input)
{
	struct world_arena *slot =
		&world.arena[fuzz_below(input, WORLD_ARENAS)];
	size_t how = fuzz_byte(input);
	size_t used;

	if (!slot->arena)
		return;
	used = magpool_used(slot->arena);
	world_call();
	magpool_rewind(slot->arena, wrong_mark(slot, how));
	world_misused(slot->pool, UNTOUCHED);
	FUZZ_CHECK(magpool_used(slot->arena) == used, "%zu bytes, %zu before",
		   magpool_used(slot->arena), used);
	world_check_pieces(slot);
	if (slot->reservation == WORLD_OPEN)
		slot->reservation = WORLD_PERHAPS;
	slot->pristine = false;
}

/* ---- addresses that are no arena ----------------------------------------- */

void misuse_foreign_return(struct fuzz_input *input)
{
	static _Alignas(HEADER) struct {
		uintptr_t word[HEADER / sizeof(uintptr_t) * 2];
	} forged, copy;
	size_t how = fuzz_byte(input);
	struct world_cache *cache = world_some_cache(input);
	struct magpool_arena *arena = hide(&forged.word[how & 14]);

	memset(&forged, fuzz_byte(input), sizeof forged);
	copy = forged;
	world_call();
	if (cache && how & 1)
		magpool_cache_return(cache->cache, arena);
	else
		magpool_return(arena);
	world_misused(&world.pool[0], UNTOUCHED);
	FUZZ_CHECK(!memcmp(&forged, &copy, sizeof copy), "it was written to");
}

/* ---- pools --------------------------------------------------------------- */

static void end_none(size_t how)
{
	struct magpool *none = NULL;
	struct magpool *first = world.pool[0].pool;

	world_call();
	if (how & 1) {
		FUZZ_CHECK(magpool_destroy(&first) == -EINVAL, "default");
		FUZZ_CHECK(magpool_destroy(&none) == -EINVAL, "none");
		FUZZ_CHECK(magpool_destroy(NULL) == -EINVAL, "NULL");
		world_kept();
	} else {
		magpool_abandon(how & 2 ? &first : how & 4 ? &none : NULL);
		world_misused(&world.pool[0], UNTOUCHED);
	}
	FUZZ_CHECK(first == world.pool[0].pool, "the pointer was cleared");
}

void misuse_pools(struct fuzz_input *input)
{
	size_t how = fuzz_byte(input);

	end_none(how);
	world_call();
	FUZZ_CHECK(!magpool_get_from(NULL) && errno == EINVAL, "%d", errno);
	world_call();
	FUZZ_CHECK(!magpool_cache_create(NULL) && errno == EINVAL, "%d", errno);
	world_check_pool(&world.pool[0]);
}

/* ---- options ------------------------------------------------------------- */

struct longer_options {
	struct magpool_options known;
	uint64_t more[2];
};

static void no_unmap(void *context, void *address, size_t size)
{
	(void)context;
	(void)address;
	(void)size;
}

static int wrong_options(struct longer_options *o, size_t how)
{
	switch (how % 8) {
	case 0:
		o->known.size = how / 8 % sizeof o->known.size;
		return EINVAL;
	case 1:
		o->known.flags = (uint64_t)2 << how / 8;
		return EINVAL;
	case 2:
		o->known.page_size = how & 8 ? 255 - how / 16 : 1048577;
		return EINVAL;
	case 3:
		o->known.magazine_rounds = 257 + how;
		return EINVAL;
	case 4:
		o->known.max_bytes = 4095 - how;
		return EINVAL;
	case 5:
		o->known.unmap = no_unmap;
		return EINVAL;
	case 6:
		o->known.size = sizeof *o - 8;
		((unsigned char *)o)[sizeof o->known + how / 8 % 8] = 1;
		return E2BIG;
	default:
		o->known.size = sizeof *o;
		o->more[1] = 1;
		return E2BIG;
	}
}

void misuse_options(struct fuzz_input *input)
{
	struct longer_options o = { .known.size = sizeof o.known };
	int error = wrong_options(&o, fuzz_byte(input));

	world_call();
	FUZZ_CHECK(!magpool_create(&o.known), "error %d is missing", error);
	FUZZ_CHECK(errno == error, "errno %d, expected %d", errno, error);
}
