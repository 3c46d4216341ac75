/* SPDX-License-Identifier: MIT */
#include "loan.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* ---- owner words --------------------------------------------------------- */

/* Addresses come back as slabs are mapped again, so the table fills slowly. */
enum { OWNER_BITS = 20, OWNER_SLOTS = 1 << OWNER_BITS };

struct owner_slot {
	_Atomic uintptr_t key; /* the arena; 0 = free, never removed */
	_Atomic uint64_t owner;
};

static struct owner_slot owner_table[OWNER_SLOTS];

void loan_touch_owners(void)
{
	for (size_t i = 0; i < OWNER_SLOTS; i++)
		atomic_store_explicit(&owner_table[i].owner, 0,
				      memory_order_relaxed);
}

static bool slot_matches(struct owner_slot *slot, uintptr_t key)
{
	uintptr_t found =
		atomic_load_explicit(&slot->key, memory_order_relaxed);

	if (found == 0 && atomic_compare_exchange_strong_explicit(
				  &slot->key, &found, key, memory_order_relaxed,
				  memory_order_relaxed))
		return true;
	return found == key;
}

static _Atomic uint64_t *owner_word(const struct magpool_arena *arena)
{
	uintptr_t key = (uintptr_t)arena;
	size_t start =
		(size_t)(((uint64_t)key >> 4) * UINT64_C(0x9e3779b97f4a7c15) >>
			 (64 - OWNER_BITS));

	for (size_t i = 0; i < OWNER_SLOTS; i++) {
		struct owner_slot *slot =
			&owner_table[(start + i) % OWNER_SLOTS];

		if (slot_matches(slot, key))
			return &slot->owner;
	}
	stress_unable("owner table", ENOSPC);
}

static void owner_change(const struct loan *loan, uint64_t from, uint64_t to,
			 const char *when)
{
	uint64_t found = atomic_exchange_explicit(owner_word(loan->arena), to,
						  memory_order_relaxed);

	stress_check(found == from,
		     "arena %p at %s by %" PRIu64 ": owner is %" PRIu64
		     ", %" PRIu64 " was expected",
		     (void *)loan->arena, when, loan->owner, found, from);
}

/* ---- stamps -------------------------------------------------------------- */

static uint64_t stamp_of(const struct loan *loan, unsigned index)
{
	return (loan->owner << 40 ^ loan->sequence << 4 ^ index) *
		       UINT64_C(0x9e3779b97f4a7c15) |
	       1;
}

/* Both ends, or all of it where the ends would overlap. */
static void stamp_write(const struct loan *loan, unsigned index)
{
	const struct loan_item *item = &loan->item[index];
	uint64_t stamp = stamp_of(loan, index);

	if (item->size < 2 * sizeof(stamp)) {
		memset(item->address, (int)(stamp >> 56), item->size);
		return;
	}
	memcpy(item->address, &stamp, sizeof(stamp));
	memcpy(item->address + item->size - sizeof(stamp), &stamp,
	       sizeof(stamp));
}

static bool stamp_holds(const struct loan *loan, unsigned index)
{
	const struct loan_item *item = &loan->item[index];
	uint64_t stamp = stamp_of(loan, index);
	size_t i = 0;

	if (item->size >= 2 * sizeof(stamp))
		return memcmp(item->address, &stamp, sizeof(stamp)) == 0 &&
		       memcmp(item->address + item->size - sizeof(stamp),
			      &stamp, sizeof(stamp)) == 0;
	while (i < item->size &&
	       item->address[i] == (unsigned char)(stamp >> 56))
		i++;
	return i == item->size;
}

void loan_check(const struct loan *loan)
{
	for (unsigned i = 0; i < loan->items; i++)
		stress_check(stamp_holds(loan, i),
			     "arena %p of %" PRIu64 ": allocation %u (%p, %zu "
			     "bytes) was overwritten",
			     (void *)loan->arena, loan->owner, i,
			     (void *)loan->item[i].address, loan->item[i].size);
}

/* ---- allocations --------------------------------------------------------- */

static bool item_add(struct loan *loan, void *address, size_t size)
{
	if (!address)
		return false;
	stress_check((uintptr_t)address % 16 == 0, "arena %p gave %p",
		     (void *)loan->arena, address);
	loan->item[loan->items].address = address;
	loan->item[loan->items].size = size;
	stamp_write(loan, loan->items);
	loan->items++;
	loan->takes++;
	return true;
}

/* Where memory cannot end, no allocation may fail. */
static void item_must(struct loan *loan, void *address, size_t size)
{
	stress_check(item_add(loan, address, size),
		     "arena %p: %zu bytes refused: %s", (void *)loan->arena,
		     size, strerrordesc_np(errno));
}

bool loan_take(struct loan *loan, size_t size)
{
	return loan->takes < LOAN_ITEMS &&
	       item_add(loan, magpool_alloc(loan->arena, size), size);
}

static void take_some(struct loan *loan, struct stress_worker *worker,
		      unsigned count, unsigned size_max)
{
	for (unsigned i = 0; i < count && loan->takes < LOAN_ITEMS; i++) {
		size_t size = stress_below(worker, size_max + 1);

		item_must(loan, magpool_alloc(loan->arena, size), size);
	}
}

static void take_zeroed(struct loan *loan, struct stress_worker *worker)
{
	size_t size = 1 + stress_below(worker, 3000);
	unsigned char *bytes = magpool_zalloc(loan->arena, size);

	for (size_t i = 0; bytes && i < size; i++)
		stress_check(!bytes[i], "arena %p: zalloc gave a byte %u",
			     (void *)loan->arena, bytes[i]);
	item_must(loan, bytes, size);
}

static void take_aligned(struct loan *loan, struct stress_worker *worker)
{
	size_t alignment = (size_t)16 << stress_below(worker, 9);
	size_t size = stress_below(worker, 600);
	void *address = magpool_alloc_aligned(loan->arena, size, alignment);

	stress_check((uintptr_t)address % alignment == 0,
		     "arena %p: %p is no multiple of %zu", (void *)loan->arena,
		     address, alignment);
	item_must(loan, address, size);
}

static void take_reserved(struct loan *loan, struct stress_worker *worker)
{
	size_t size = 1 + stress_below(worker, 5000);
	void *reserved = magpool_reserve(loan->arena, size);

	if (reserved)
		memset(reserved, 0x55, size);
	size = 1 + stress_below(worker, (unsigned)size);
	item_must(loan, magpool_commit(loan->arena, size), size);
}

static void rewind_some(struct loan *loan, struct stress_worker *worker)
{
	void *mark = magpool_mark(loan->arena);
	unsigned items = loan->items;

	take_some(loan, worker, 3, stress_one_in(worker, 4) ? 9000 : 2000);
	loan_check(loan);
	magpool_rewind(loan->arena, mark);
	loan->items = items;
	stress_check(magpool_mark(loan->arena) == mark,
		     "arena %p: the cursor is not at the mark",
		     (void *)loan->arena);
}

static void reset_all(struct loan *loan)
{
	loan_check(loan);
	magpool_reset(loan->arena);
	loan->items = 0;
	stress_check(magpool_used(loan->arena) == 0,
		     "arena %p: %zu bytes used after reset",
		     (void *)loan->arena, magpool_used(loan->arena));
}

static void fill_oddly(struct loan *loan, struct stress_worker *worker)
{
	switch (stress_below(worker, 5)) {
	case 0:
		take_zeroed(loan, worker);
		break;
	case 1:
		take_aligned(loan, worker);
		break;
	case 2:
		take_reserved(loan, worker);
		break;
	case 3:
		rewind_some(loan, worker);
		break;
	default:
		take_some(loan, worker, 3, 3000);
		reset_all(loan);
		break;
	}
	take_some(loan, worker, 2, 300);
}

unsigned loan_pages(void)
{
	/* Light: five times 208 bytes. */
	return stress_options.light ? 1 : LOAN_PAGES;
}

void loan_fill(struct loan *loan, struct stress_worker *worker)
{
	unsigned kind = stress_below(worker, 100);

	if (stress_options.light || kind < 75)
		take_some(loan, worker, 1 + stress_below(worker, 5), 200);
	else if (kind < 88)
		take_some(loan, worker, 2 + stress_below(worker, 7), 4096);
	else if (kind < 98)
		fill_oddly(loan, worker);
	else
		take_some(loan, worker, 2, 70000);
}

/* ---- the life of a loan -------------------------------------------------- */

void loan_open(struct loan *loan, struct stress_worker *worker,
	       struct magpool_arena *arena)
{
	stress_check(arena, "no arena: %s", strerrordesc_np(errno));
	loan->arena = arena;
	loan->owner = worker->id;
	loan->sequence = ++worker->sequence;
	loan->items = 0;
	loan->takes = 0;
	owner_change(loan, 0, loan->owner, "get");
	stress_check(magpool_used(arena) == 0,
		     "arena %p: %zu bytes used at get", (void *)arena,
		     magpool_used(arena));
	worker->gets++;
}

struct magpool_arena *loan_close(struct loan *loan,
				 struct stress_worker *worker)
{
	struct magpool_arena *arena = loan->arena;

	loan_check(loan);
	owner_change(loan, loan->owner, 0, "return");
	loan->arena = NULL;
	worker->returns++;
	return arena;
}

void loan_get(struct loan *loan, struct stress_worker *worker,
	      struct magpool *pool)
{
	loan_open(loan, worker, magpool_get_from(pool));
	loan_fill(loan, worker);
}

void loan_return(struct loan *loan, struct stress_worker *worker)
{
	magpool_return(loan_close(loan, worker));
}

void loan_burst(struct stress_worker *worker, struct magpool *pool,
		struct loan *loans, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		loan_get(&loans[i], worker, pool);
	if (stress_one_in(worker, 32))
		sched_yield();
	while (count) {
		unsigned chosen = stress_below(worker, count--);

		loan_return(&loans[chosen], worker);
		loans[chosen] = loans[count];
	}
}

/* ---- boxes --------------------------------------------------------------- */

/* Release and acquire: a handover between threads is the caller's to order. */
static struct loan *box_swap(_Atomic(struct loan *) *box, struct loan *loan)
{
	return atomic_exchange_explicit(box, loan, memory_order_acq_rel);
}

struct loan *loan_swap(struct loan_boxes *boxes, struct stress_worker *worker,
		       struct loan *loan)
{
	return box_swap(&boxes->box[stress_below(worker, LOAN_BOXES)], loan);
}

struct loan *loan_fetch(struct loan_boxes *boxes, unsigned box)
{
	return box_swap(&boxes->box[box], NULL);
}

void loan_drain(struct loan_boxes *boxes, struct stress_worker *worker)
{
	for (unsigned i = 0; i < LOAN_BOXES; i++) {
		struct loan *loan = loan_fetch(boxes, i);

		if (loan)
			loan_return(loan, worker);
		free(loan);
	}
}

void loan_pass(struct loan_boxes *boxes, struct stress_worker *worker,
	       struct magpool *pool)
{
	struct loan *loan = NULL;

	if (pool) {
		loan = stress_allocate(1, sizeof(*loan));
		loan_get(loan, worker, pool);
	}
	loan = loan_swap(boxes, worker, loan);
	if (loan)
		loan_return(loan, worker);
	free(loan);
}
