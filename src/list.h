/* SPDX-License-Identifier: MIT */
/*
 * A lock-free list of records of a table: last in, first out.
 *
 * The head is one 64-bit word: the index of the first record and a tag.  No
 * 16-byte compare-and-swap: gcc 12 sends it to libatomic, arm64 needs another
 * sequence, and it is slower here.
 *
 * | operation | push | pop | peek | needs                                     |
 * |-----------|------|-----|------|-------------------------------------------|
 * | push      |  -   |  -  |  -   | the record is the caller's                |
 * | pop       |  -   |  -  |  -   | records stay mapped (table.h); for the    |
 * |           |      |     |      | wrap fence: inside an operation           |
 * | peek      |  -   |  -  |  -   | records stay mapped                       |
 *
 * ABA.  A pop that was stalled between its load of the head and its
 * compare-and-swap has read `next` of a record that may be anywhere by now.
 * Its compare-and-swap must then fail.  Every removal bumps the tag, so the
 * head can only be the stalled thread's word again when no removal happened
 * in between, or when the tag went all the way round.  Without a removal its
 * record was never taken away from under it: `next` is what it was.  (A push
 * need not bump: for the head to show the stalled word again, what was pushed
 * on top must have been removed.)
 *
 * The wrap fence turns "went all the way round" from improbable to impossible.
 * The top bit of the tag is the phase.  A removal that flips the phase is only
 * allowed when the phase before it was paid: when every operation that was
 * running at some moment after this phase began has ended (quiesce.h).  To go
 * round, the phase must flip twice, and the second flip waits for the stalled
 * pop.  A pop that may not flip finds the list empty: a miss, never a wait.
 *
 * Nothing stores to a head after it was initialised: all changes are
 * read-modify-writes, so a push's release is visible to every later pop
 * through the release sequence.
 */
#ifndef MP_LIST_H
#define MP_LIST_H

#include "atomic.h"
#include "table.h"

#define MP_INDEX_BITS 20
#define MP_INDEX_MASK ((UINT64_C(1) << MP_INDEX_BITS) - 1)
#define MP_INDEX_MAX ((uint32_t)MP_INDEX_MASK)

/* A build with few bits shows that the tests can see what tags prevent. */
#ifndef MP_TAG_BITS
#define MP_TAG_BITS 44
#endif
#ifndef MP_WRAP_FENCE
#define MP_WRAP_FENCE 1
#endif
_Static_assert(MP_TAG_BITS >= 1 && MP_TAG_BITS + MP_INDEX_BITS <= 64,
	       "index and tag share one word");
#define MP_TAG_MASK ((UINT64_C(1) << MP_TAG_BITS) - 1)
#define MP_TAG_PHASE (UINT64_C(1) << (MP_TAG_BITS - 1))

/* Starts every record that can be on a list. */
struct mp_link {
	_Atomic uint32_t next; /* index; atomic: slow pops read it */
};

struct mp_list {
	_Atomic uint64_t head;
	_Atomic bool paid; /* the phase that is paid; first: 0 */
	bool noted;        /* quiesce.c: a payment is under way */
	bool noted_phase;  /* quiesce.c: for this phase */
};

/* What an operation met on its way, to be counted at its end. */
struct mp_trip {
	unsigned int exchanges;
	unsigned int cas_failures;
	unsigned int refused;
};

static inline uint32_t mp_list_index(uint64_t head)
{
	return (uint32_t)(head & MP_INDEX_MASK);
}

static inline uint64_t mp_list_tag(uint64_t head)
{
	return head >> MP_INDEX_BITS;
}

static inline bool mp_list_phase(uint64_t head)
{
	return mp_list_tag(head) & MP_TAG_PHASE;
}

static inline uint64_t mp_list_word(uint64_t tag, uint32_t index)
{
	return (tag & MP_TAG_MASK) << MP_INDEX_BITS | index;
}

/* The index of the first record, 0 if there is none: a hint. */
static inline uint32_t mp_list_peek(struct mp_list *list)
{
	/* Acquire: as for a pop, what the push wrote is seen. */
	return mp_list_index(mp_load_acquire(&list->head));
}

/* Is a fence owed: has the phase flipped since the last payment? */
static inline bool mp_list_owes(struct mp_list *list)
{
	return MP_WRAP_FENCE && mp_list_phase(mp_load_relaxed(&list->head)) !=
					mp_load_relaxed(&list->paid);
}

/* May the head become `to`?  Not if that flips a phase that is not paid. */
static inline bool mp_list_may_flip(struct mp_list *list, uint64_t from,
				    uint64_t to)
{
	/*
	 * Acquire: the payer saw the operations end before it paid; who flips
	 * comes after that.  The other side is mp_quiesce_tick().
	 */
	/* LCOV_EXCL_BR_LINE: the first condition is a constant of the build. */
	return !MP_WRAP_FENCE || mp_list_phase(from) == mp_list_phase(to) ||
	       mp_load_acquire(&list->paid) == mp_list_phase(from);
}

static inline void mp_list_push(struct mp_list *list, struct mp_table *table,
				uint32_t index, struct mp_trip *trip)
{
	struct mp_link *link = mp_table_at(table, index);
	uint64_t head = mp_load_relaxed(&list->head);

	for (;;) {
		mp_store_relaxed(&link->next, mp_list_index(head));
		mp_race_window();
		/*
		 * Release: the record and its next are seen by the pop that
		 * takes it (acquire in mp_list_pop), before it uses them.
		 */
		if (mp_cas_weak_release(&list->head, &head,
					mp_list_word(mp_list_tag(head), index)))
			return;
		trip->cas_failures++;
	}
}

/* The index of the record that was taken off, or 0. */
static inline uint32_t mp_list_pop(struct mp_list *list, struct mp_table *table,
				   struct mp_trip *trip)
{
	/* Acquire: `next` of this record is read after its push wrote it. */
	uint64_t head = mp_load_acquire(&list->head);

	for (;;) {
		uint32_t index = mp_list_index(head);
		struct mp_link *link;
		uint64_t rest;

		if (!index)
			return 0;
		link = mp_table_at(table, index);
		/* Relaxed: a stale value is harmless, see ABA above. */
		rest = mp_list_word(mp_list_tag(head) + 1,
				    mp_load_relaxed(&link->next));
		if (!mp_list_may_flip(list, head, rest)) {
			trip->refused++;
			return 0;
		}
		mp_race_window();
		/*
		 * Acquire: what the record's pusher wrote is seen before the
		 * caller reads it; and again for the head that a failure loads.
		 */
		if (mp_cas_weak_acquire(&list->head, &head, rest))
			return index;
		trip->cas_failures++;
	}
}

/* Makes it empty, in a fork child: what is on it is put on it again. */
static inline void mp_list_clear(struct mp_list *list)
{
	uint64_t head = mp_load_relaxed(&list->head);

	/* A removal like any other, for a pop that a handler interrupted. */
	mp_store_relaxed(&list->head, mp_list_word(mp_list_tag(head) + 1, 0));
}

#endif
