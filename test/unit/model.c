/* SPDX-License-Identifier: MIT */
/*
 * Any order of calls: a random walk over several arenas, with a model of what
 * each of them holds.  The bytes must be those of the model and the sums hold.
 */
#include "unit.h"

#define ARENAS 12
#define PIECES 60
#define STEPS 15000

struct piece {
	unsigned char *bytes;
	size_t size;
	int stamp;
	void *mark;  /* taken after it */
	size_t used; /* then */
};

struct slot {
	struct magpool_arena *arena;
	struct piece pieces[PIECES];
	size_t count;
	void *first_mark;
};

static struct {
	struct magpool *pool;
	struct magpool_cache *cache;
	struct slot slots[ARENAS];
	uint64_t random;
	size_t stamps;
} walk;

static size_t below(size_t bound)
{
	return (size_t)random_below(&walk.random, bound);
}

static size_t some_size(void)
{
	static const size_t bounds[] = { 2, 40, 300, 1025, 1025, 6000 };

	return below(bounds[below(LENGTH(bounds))]);
}

/* ---- one arena ----------------------------------------------------------- */

static void check_pieces(const struct slot *slot)
{
	for (size_t i = 0; i < slot->count; i++) {
		const struct piece *p = &slot->pieces[i];

		cr_assert(unit_all(p->bytes, p->size, p->stamp),
			  "%zu bytes were overwritten", p->size);
	}
}

static void *take(struct magpool_arena *arena, size_t size)
{
	void *bytes;

	switch (below(4)) {
	case 0:
		return magpool_alloc_aligned(arena, size,
					     (size_t)16 << below(9));
	case 1:
		bytes = magpool_reserve(arena, size + below(3000));
		cr_assert_not_null(bytes);
		return magpool_commit(arena, size);
	default:
		return magpool_alloc(arena, size);
	}
}

static void add_piece(struct slot *slot)
{
	struct piece *p = &slot->pieces[slot->count];

	if (slot->count == PIECES)
		return;
	p->size = some_size();
	p->stamp = (int)(++walk.stamps & 0xff);
	p->bytes = take(slot->arena, p->size);
	cr_assert_not_null(p->bytes);
	memset(p->bytes, p->stamp, p->size);
	p->mark = magpool_mark(slot->arena);
	p->used = magpool_used(slot->arena);
	slot->count++;
}

static void rewind_some(struct slot *slot)
{
	size_t kept = below(slot->count + 1);
	const struct piece *last = kept ? &slot->pieces[kept - 1] : NULL;

	if (below(8) == 0)
		cr_assert_not_null(magpool_reserve(slot->arena, some_size()));
	magpool_rewind(slot->arena, last ? last->mark : slot->first_mark);
	cr_assert_eq(magpool_used(slot->arena), last ? last->used : 0);
	slot->count = kept;
	check_pieces(slot);
}

static void reset(struct slot *slot)
{
	check_pieces(slot);
	magpool_reset(slot->arena);
	cr_assert_eq(magpool_used(slot->arena), 0);
	slot->first_mark = magpool_mark(slot->arena);
	slot->count = 0;
}

/* ---- get and return ------------------------------------------------------ */

static void get(struct slot *slot)
{
	slot->arena = below(3) ? unit_get(walk.pool)
			       : magpool_cache_get(walk.cache);
	cr_assert_not_null(slot->arena);
	cr_assert_eq(magpool_used(slot->arena), 0);
	slot->first_mark = magpool_mark(slot->arena);
	slot->count = 0;
}

static void return_elsewhere(void *arena)
{
	magpool_return(arena);
}

static void give_back(struct slot *slot)
{
	struct magpool_arena *batch[2] = { slot->arena, NULL };

	check_pieces(slot);
	switch (below(12)) {
	case 0:
		crowd_one(return_elsewhere, slot->arena);
		break;
	case 1:
	case 2:
		magpool_cache_return(walk.cache, slot->arena);
		break;
	case 3:
		magpool_cache_return_batch(walk.cache, batch, 2);
		break;
	default:
		magpool_return(slot->arena);
	}
	slot->arena = NULL;
}

/* ---- the walk ------------------------------------------------------------ */

static void step_around(void)
{
	switch (below(4)) {
	case 0:
		magpool_thread_flush(walk.pool);
		break;
	case 1:
		magpool_cache_flush(walk.cache);
		break;
	case 2:
		magpool_trim(walk.pool);
		break;
	default:
		magpool_cache_destroy(&walk.cache);
		walk.cache = magpool_cache_create(walk.pool);
		cr_assert_not_null(walk.cache);
	}
}

static void step_in(struct slot *slot)
{
	size_t what = below(20);

	if (!slot->arena)
		get(slot);
	else if (what == 0)
		reset(slot);
	else if (what < 3)
		rewind_some(slot);
	else if (what < 6)
		give_back(slot);
	else
		add_piece(slot);
}

static void check_sums(void)
{
	uint64_t out = 0;

	for (size_t i = 0; i < ARENAS; i++)
		out += walk.slots[i].arena != NULL;
	cr_assert_eq(sums_read(walk.pool).arenas_out, out);
	cr_assert_eq(sums_read(walk.pool).misuse, 0);
	unit_sums(walk.pool);
}

static void walk_on(struct magpool *pool, uint64_t seed)
{
	walk.pool = pool;
	walk.random = seed;
	walk.cache = magpool_cache_create(pool);
	cr_assert_not_null(walk.cache);
	for (size_t i = 0; i < STEPS; i++) {
		if (below(50))
			step_in(&walk.slots[below(ARENAS)]);
		else
			step_around();
		check_sums();
	}
	for (size_t i = 0; i < ARENAS; i++) {
		if (walk.slots[i].arena)
			give_back(&walk.slots[i]);
	}
	magpool_cache_destroy(&walk.cache);
	unit_end(pool);
}

#define WALK(name, seed, ...)                          \
	Test(model, name, .timeout = 60)               \
	{                                              \
		walk_on(unit_pool(__VA_ARGS__), seed); \
	}

WALK(defaults, 1, 0)
WALK(small_pages, 2, .page_size = 1024, .magazine_rounds = 4)
WALK(magazines_of_one, 3, .page_size = 256, .magazine_rounds = 1)
WALK(little_depot, 4, .page_size = 512, .depot_bytes = 8192)
WALK(nothing_retained, 5, .page_size = 1024, .retain_bytes = 1)
WALK(zeroed, 6, .page_size = 1024, .flags = MAGPOOL_ZERO_ON_RETURN)
