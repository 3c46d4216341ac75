/* SPDX-License-Identifier: MIT */
/* The model: what arenas hold. */
#include "world.h"

#include <string.h>

/*
 * Each piece holds a stretch of this text, which begins at its stamp.  It
 * repeats late, so that bytes that moved are seen, and has no 0, so that bytes
 * that were not cleared are.
 */
static unsigned char text[512 << 10];

static const unsigned char *text_of(const struct world_piece *piece)
{
	for (size_t i = 0; !text[sizeof text - 1] && i < sizeof text; i++)
		text[i] = (unsigned char)((i * 31 + i / 251) % 255 + 1);
	FUZZ_CHECK(piece->size < sizeof text - UINT8_MAX, "%zu bytes",
		   piece->size);
	return text + piece->stamp;
}

void world_fill(struct world_piece *piece)
{
	piece->stamp = world.stamps++;
	memcpy(piece->bytes, text_of(piece), piece->size);
}

void world_check_piece(const struct world_piece *piece)
{
	FUZZ_CHECK(!memcmp(piece->bytes, text_of(piece), piece->size),
		   "%zu bytes at %p were overwritten", piece->size,
		   (void *)piece->bytes);
}

bool world_is_clear(const struct world_piece *piece)
{
	const unsigned char *bytes = piece->bytes;

	return !piece->size ||
	       (!bytes[0] && !memcmp(bytes, bytes + 1, piece->size - 1));
}

void world_check_pieces(const struct world_arena *slot)
{
	for (size_t i = 0; i < slot->count; i++)
		world_check_piece(&slot->piece[i]);
}

static bool overlaps(const struct world_piece *piece, const void *bytes,
		     size_t size)
{
	uintptr_t a = (uintptr_t)piece->bytes;
	uintptr_t b = (uintptr_t)bytes;

	/* What has no bytes has an address of its own all the same. */
	return a < b + (size ? size : 1) &&
	       b < a + (piece->size ? piece->size : 1);
}

void world_check_alone(const void *bytes, size_t size)
{
	for (size_t i = 0; i < WORLD_ARENAS; i++) {
		const struct world_arena *slot = &world.arena[i];

		for (size_t j = 0; slot->arena && j < slot->count; j++)
			FUZZ_CHECK(!overlaps(&slot->piece[j], bytes, size),
				   "%zu bytes at %p", size, bytes);
		FUZZ_CHECK(!overlaps(
				   &(struct world_piece){
					   .bytes = (void *)slot->arena,
					   .size = sizeof *slot->arena },
				   bytes, size),
			   "%p is an arena", (void *)slot->arena);
	}
}

void world_check_words(const struct magpool_arena *arena)
{
	FUZZ_CHECK((uintptr_t)arena->cursor % 16 == 0, "%p",
		   (void *)arena->cursor);
	FUZZ_CHECK(arena->cursor <= arena->limit, "%p", (void *)arena->limit);
	FUZZ_CHECK((arena->limit - arena->cursor) % 16 == 0, "%p",
		   (void *)arena->limit);
}

/* An arena has one page, whatever the limit. */
static void check_limit(const struct world_pool *pool, size_t used)
{
	FUZZ_CHECK(used <= pool->max_arena_bytes ||
			   used <= (pool->page_size + 15) / 16 * 16,
		   "%zu bytes in an arena", used);
}

struct world_piece *world_add_piece(struct world_arena *slot, void *bytes,
				    size_t size)
{
	struct world_piece *piece = &slot->piece[slot->count];

	world_check_alone(bytes, size);
	world_check_words(slot->arena);
	FUZZ_CHECK(!slot->pool->own_upstream ||
			   world_is_mapped(slot->pool, bytes, size),
		   "%zu bytes at %p are not the pool's", size, bytes);
	piece->bytes = bytes;
	piece->size = size;
	piece->mark = magpool_mark(slot->arena);
	piece->used = magpool_used(slot->arena);
	check_limit(slot->pool, piece->used);
	world_fill(piece);
	slot->count++;
	return piece;
}

void world_begin_free(struct world_arena *slot, size_t from)
{
	world.ending = slot;
	world.ending_from = from;
}

void world_end_free(struct world_arena *slot)
{
	size_t from = world.ending_from;
	bool checked = slot->pool->zero && world.ending;

	for (size_t i = from; checked && i < slot->count; i++) {
		const struct world_piece *piece = &slot->piece[i];

		if (world_is_mapped(slot->pool, piece->bytes, piece->size))
			FUZZ_CHECK(world_is_clear(piece), "%zu bytes",
				   piece->size);
	}
	world.ending = NULL;
	slot->count = from;
	slot->reservation = WORLD_NONE;
	slot->pristine = false;
}
