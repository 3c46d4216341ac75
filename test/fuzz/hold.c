/* SPDX-License-Identifier: MIT */
/* Operations: reservations, rewind, reset. */
#include "taking.h"

#include <errno.h>

/* ---- reservations -------------------------------------------------------- */

void take_reserve(struct fuzz_input *input)
{
	struct world_arena *slot = taking_arena(input);
	struct taking t;
	size_t max;
	void *bytes;

	if (!slot)
		return;
	max = taking_size(input, slot->pool);
	t = taking_begin(slot);
	bytes = magpool_reserve(slot->arena, max);
	if (!bytes) {
		world_refused(slot->pool, max);
		taking_failed(&t);
		return;
	}
	world_kept();
	FUZZ_CHECK(!taking_is_impossible(max), "%zu bytes", max);
	FUZZ_CHECK((uintptr_t)bytes % 16 == 0, "%p", bytes);
	FUZZ_CHECK(magpool_used(slot->arena) == t.used, "it takes nothing");
	world_check_words(slot->arena);
	world_check_alone(bytes, max);
	slot->reserved = (struct world_piece){ .bytes = bytes, .size = max };
	world_fill(&slot->reserved);
	slot->reservation = WORLD_OPEN;
	slot->pristine = false;
}

static void committed(const struct taking *t, unsigned char *bytes, size_t used)
{
	struct world_arena *slot = t->slot;
	struct world_piece written = slot->reserved;

	FUZZ_CHECK(bytes == written.bytes, "%p, reserved was %p", (void *)bytes,
		   (void *)written.bytes);
	FUZZ_CHECK(magpool_used(slot->arena) == t->used + (used + 15) / 16 * 16,
		   "%zu bytes", magpool_used(slot->arena) - t->used);
	written.size = used;
	world_check_piece(&written);
	/* What has no bytes shares its address with the next one. */
	if (used)
		world_add_piece(slot, bytes, used);
}

/* Which outcomes may it have? */
static bool may_commit(const struct world_arena *slot, size_t used)
{
	return slot->reservation != WORLD_NONE && used <= slot->reserved.size;
}

static bool must_commit(const struct world_arena *slot, size_t used)
{
	return slot->reservation == WORLD_OPEN && used <= slot->reserved.size;
}

/* Most are part of what was reserved; some are more. */
static size_t some_part(struct fuzz_input *input,
			const struct world_arena *slot)
{
	size_t reserved = slot->reserved.size;
	size_t choice = fuzz_byte(input);

	if (choice < 64)
		return reserved + choice % 4 * 5;
	if (choice < 80)
		return taking_size(input, slot->pool);
	return (choice * 997 + fuzz_byte(input)) % (reserved + 2);
}

void take_commit(struct fuzz_input *input)
{
	struct world_arena *slot = taking_arena(input);
	enum world_reservation before;
	struct taking t;
	size_t used;
	void *bytes;

	if (!slot)
		return;
	before = slot->reservation;
	used = some_part(input, slot);
	t = taking_begin(slot);
	bytes = magpool_commit(slot->arena, used);
	if (bytes) {
		world_kept();
		FUZZ_CHECK(may_commit(slot, used), "%zu bytes", used);
		committed(&t, bytes, used);
		slot->reservation = WORLD_NONE;
		slot->pristine = false;
		return;
	}
	FUZZ_CHECK(!must_commit(slot, used), "%zu bytes of %zu", used,
		   slot->reserved.size);
	FUZZ_CHECK(errno == EINVAL, "errno %d", errno);
	taking_failed(&t);
	/* Too much was asked for: that changes nothing. */
	slot->reservation = used > slot->reserved.size ? before : WORLD_NONE;
}

/* ---- rewind and reset ---------------------------------------------------- */

/* What one call gave in several pieces goes, or stays, as one. */
static size_t with_siblings(const struct world_arena *slot, size_t kept)
{
	while (kept && kept < slot->count &&
	       slot->piece[kept].mark == slot->piece[kept - 1].mark)
		kept++;
	return kept;
}

void take_rewind(struct fuzz_input *input)
{
	struct world_arena *slot =
		&world.arena[fuzz_below(input, WORLD_ARENAS)];
	const struct world_piece *last;
	size_t kept;

	if (!slot->arena)
		return;
	kept = with_siblings(slot, fuzz_below(input, slot->count + 1));
	last = kept ? &slot->piece[kept - 1] : NULL;
	world_check_pieces(slot);
	world_begin_free(slot, kept);
	world_call();
	magpool_rewind(slot->arena, last ? last->mark : slot->first_mark);
	world_kept();
	world_end_free(slot);
	FUZZ_CHECK(magpool_used(slot->arena) == (last ? last->used : 0),
		   "%zu bytes", magpool_used(slot->arena));
	world_check_words(slot->arena);
	world_check_pieces(slot);
}

void take_reset(struct fuzz_input *input)
{
	struct world_arena *slot =
		&world.arena[fuzz_below(input, WORLD_ARENAS)];

	if (!slot->arena)
		return;
	world_check_pieces(slot);
	world_begin_free(slot, 0);
	world_call();
	magpool_reset(slot->arena);
	world_kept();
	world_end_free(slot);
	FUZZ_CHECK(magpool_used(slot->arena) == 0, "%zu bytes",
		   magpool_used(slot->arena));
	world_check_words(slot->arena);
	slot->first_mark = magpool_mark(slot->arena);
}
