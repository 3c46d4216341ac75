/* SPDX-License-Identifier: MIT */
/* Operations: memory and arrays; the frame of all that takes memory. */
#include "taking.h"

#include <errno.h>

struct world_arena *taking_arena(struct fuzz_input *input)
{
	struct world_arena *slot =
		&world.arena[fuzz_below(input, WORLD_ARENAS)];

	return slot->arena && slot->count + TAKING_PIECES <= WORLD_PIECES
		       ? slot
		       : NULL;
}

/* ---- sizes --------------------------------------------------------------- */

static size_t impossible_size(size_t choice)
{
	static const size_t sizes[] = {
		SIZE_MAX,
		SIZE_MAX - 14,
		SIZE_MAX - 15,
		SIZE_MAX - 16,
		PTRDIFF_MAX,
		(size_t)PTRDIFF_MAX + 1,
		SIZE_MAX - 4096 - 1,
		SIZE_MAX / 2 - 7,
	};

	return sizes[choice % (sizeof sizes / sizeof *sizes)];
}

size_t taking_size(struct fuzz_input *input, const struct world_pool *pool)
{
	size_t kind = fuzz_byte(input);
	size_t choice = fuzz_byte(input);

	if (kind < 80)
		return choice % 48;
	if (kind < 160)
		return kind % 16 * 16 + choice;
	if (kind < 210)
		return pool->page_size - 128 + choice;
	if (kind < 235)
		return kind % 5 * pool->page_size + choice;
	if (kind < 252)
		return kind % 4 * 16384 + choice * 16 + 1;
	return impossible_size(choice);
}

bool taking_is_impossible(size_t size)
{
	return size > WORLD_BYTES_MAX;
}

/* ---- results ------------------------------------------------------------- */

struct taking taking_begin(struct world_arena *slot)
{
	struct taking t = { slot, slot->arena, magpool_used(slot->arena) };

	world_call();
	return t;
}

/* From now on it is unknown whether the reservation goes on. */
static void doubt_reservation(struct world_arena *slot)
{
	if (slot->reservation == WORLD_OPEN)
		slot->reservation = WORLD_PERHAPS;
}

void taking_failed(const struct taking *t)
{
	FUZZ_CHECK(magpool_used(t->arena) == t->used, "%zu bytes, %zu before",
		   magpool_used(t->arena), t->used);
	world_check_words(t->arena);
	world_check_pieces(t->slot);
	doubt_reservation(t->slot);
	t->slot->pristine = false;
}

size_t taking_rounded(size_t size)
{
	return size ? (size + 15) / 16 * 16 : 16;
}

/* What it took: the size rounded up, and what the alignment costs at most. */
static void check_used(const struct taking *t, size_t size, size_t alignment)
{
	size_t more = magpool_used(t->arena) - t->used;

	FUZZ_CHECK(more >= taking_rounded(size) &&
			   more <= taking_rounded(size) + alignment - 16,
		   "%zu bytes for %zu", more, size);
}

bool taking_done(const struct taking *t, void *bytes, size_t size,
		 size_t alignment)
{
	if (!bytes) {
		world_refused(t->slot->pool, size);
		taking_failed(t);
		return false;
	}
	world_kept();
	FUZZ_CHECK(!taking_is_impossible(size), "%zu bytes", size);
	FUZZ_CHECK((uintptr_t)bytes % alignment == 0, "%p at %zu", bytes,
		   alignment);
	check_used(t, size, alignment);
	t->slot->reservation = WORLD_NONE;
	t->slot->pristine = false;
	return true;
}

void taking_piece(const struct taking *t, void *bytes, size_t size)
{
	if (taking_done(t, bytes, size, 16))
		world_add_piece(t->slot, bytes, size);
}

static void took_zeros(const struct taking *t, void *bytes, size_t size)
{
	struct world_piece piece = { .bytes = bytes, .size = size };

	if (!taking_done(t, bytes, size, 16))
		return;
	FUZZ_CHECK(world_is_clear(&piece), "%zu bytes", size);
	world_add_piece(t->slot, bytes, size);
}

/* ---- plain memory -------------------------------------------------------- */

void take_alloc(struct fuzz_input *input)
{
	struct world_arena *slot = taking_arena(input);
	struct taking t;
	size_t size;

	if (!slot)
		return;
	size = taking_size(input, slot->pool);
	t = taking_begin(slot);
	taking_piece(&t, magpool_alloc(slot->arena, size), size);
}

/* Rule (a), as a host in another language writes it. */
void take_by_hand(struct fuzz_input *input)
{
	struct world_arena *slot = taking_arena(input);
	bool pristine = slot && slot->pristine;
	struct magpool_arena *arena;
	char *address;
	struct taking t;
	size_t size;

	if (!slot)
		return;
	arena = slot->arena;
	size = taking_size(input, slot->pool);
	t = taking_begin(slot);
	address = arena->cursor;
	if (size - 1 < (uintptr_t)arena->limit - (uintptr_t)arena->cursor) {
		arena->cursor += (size + 15) / 16 * 16;
	} else {
		address = magpool_alloc_slow(arena, size);
		pristine = false;
	}
	taking_piece(&t, address, size);
	slot->pristine = pristine;
}

/* Rule (c): saved words, written back, are a reset. */
void take_words_back(struct fuzz_input *input)
{
	struct world_arena *slot = taking_arena(input);

	if (!slot || !slot->pristine)
		return;
	world_check_pieces(slot);
	slot->arena->cursor = slot->cursor;
	slot->arena->limit = slot->limit;
	slot->count = 0;
	FUZZ_CHECK(magpool_used(slot->arena) == 0, "%zu bytes",
		   magpool_used(slot->arena));
}

void take_zalloc(struct fuzz_input *input)
{
	struct world_arena *slot = taking_arena(input);
	struct taking t;
	size_t size;

	if (!slot)
		return;
	size = taking_size(input, slot->pool);
	t = taking_begin(slot);
	took_zeros(&t, magpool_zalloc(slot->arena, size), size);
}

void take_aligned(struct fuzz_input *input)
{
	static const size_t wrong[] = { 0, 3, 48, 131072, SIZE_MAX, 65537, 24 };
	struct world_arena *slot = taking_arena(input);
	struct taking t;
	size_t size, choice, alignment;
	void *bytes;

	if (!slot)
		return;
	size = taking_size(input, slot->pool);
	choice = fuzz_below(input, 24);
	alignment = choice < 17 ? (size_t)1 << choice : wrong[choice - 17];
	t = taking_begin(slot);
	bytes = magpool_alloc_aligned(slot->arena, size, alignment);
	if (choice >= 17) {
		FUZZ_CHECK(!bytes && errno == EINVAL, "alignment %zu",
			   alignment);
		taking_failed(&t);
	} else if (taking_done(&t, bytes, size,
			       alignment < 16 ? 16 : alignment)) {
		world_add_piece(slot, bytes, size);
	}
}

/* ---- arrays -------------------------------------------------------------- */

struct product {
	size_t count, size, bytes;
	bool wraps;
};

static struct product some_product(struct fuzz_input *input,
				   const struct world_pool *pool)
{
	struct product p = { .size = taking_size(input, pool) };
	size_t choice = fuzz_byte(input);

	p.count = choice < 240 ? choice % 5 : SIZE_MAX / (choice - 239) + 1;
	p.wraps = __builtin_mul_overflow(p.count, p.size, &p.bytes);
	/* With 32 bits there may be so much or not: nothing to be checked. */
	if (sizeof(size_t) < 8 && !p.wraps && taking_is_impossible(p.bytes))
		p = (struct product){ .count = 1, .size = 1, .bytes = 1 };
	return p;
}

static bool wrapped(const struct taking *t, const struct product *p,
		    const void *bytes)
{
	if (!p->wraps)
		return false;
	FUZZ_CHECK(!bytes && errno == EOVERFLOW, "%zu times %zu: errno %d",
		   p->count, p->size, errno);
	taking_failed(t);
	return true;
}

void take_array(struct fuzz_input *input)
{
	struct world_arena *slot = taking_arena(input);
	struct product p;
	struct taking t;
	void *bytes;

	if (!slot)
		return;
	p = some_product(input, slot->pool);
	t = taking_begin(slot);
	bytes = magpool_alloc_array(slot->arena, p.count, p.size);
	if (!wrapped(&t, &p, bytes))
		taking_piece(&t, bytes, p.bytes);
}

void take_zalloc_array(struct fuzz_input *input)
{
	struct world_arena *slot = taking_arena(input);
	struct product p;
	struct taking t;
	void *bytes;

	if (!slot)
		return;
	p = some_product(input, slot->pool);
	t = taking_begin(slot);
	bytes = magpool_zalloc_array(slot->arena, p.count, p.size);
	if (!wrapped(&t, &p, bytes))
		took_zeros(&t, bytes, p.bytes);
}
