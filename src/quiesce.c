/* SPDX-License-Identifier: MIT */
#include "quiesce.h"

#include "platform.h"

static struct mp_operation *operation_at(struct mp_table *table, uint32_t index)
{
	char *record = mp_table_at(table, index);

	return (struct mp_operation *)(void *)(record + MP_OPERATION_AT);
}

static void note_lists(struct mp_list *const *lists, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		/* Acquire: the flip we see here is one that all will see. */
		uint64_t head = mp_load_acquire(&lists[i]->head);

		lists[i]->noted_phase = mp_list_phase(head);
		lists[i]->noted = lists[i]->noted_phase !=
				  mp_load_relaxed(&lists[i]->paid);
	}
}

/* Cut: a sequence that comes round looks unchanged, and is waited for. */
static uint32_t note_of(struct mp_operation *operation)
{
	return (uint32_t)mp_operation_sequence(operation) | 1u << 31;
}

static void note_operations(struct magpool *pool, struct mp_table *operations)
{
	uint32_t count = mp_table_count(operations);

	for (uint32_t i = 1; i <= count; i++) {
		struct mp_operation *operation = operation_at(operations, i);

		/* Those of other pools' ticks are not ours.  Acquire: the
		 * record's counters. */
		if (mp_load_acquire(&operation->pool) == pool)
			operation->noted = mp_operation_runs(operation)
						   ? note_of(operation)
						   : 0;
	}
}

static bool operations_ended(struct magpool *pool, struct mp_table *operations)
{
	uint32_t count = mp_table_count(operations);

	for (uint32_t i = 1; i <= count; i++) {
		struct mp_operation *operation = operation_at(operations, i);

		/* Acquire: as above. */
		if (mp_load_acquire(&operation->pool) != pool)
			continue;
		if (operation->noted && mp_operation_runs(operation) &&
		    note_of(operation) == operation->noted)
			return false;
		operation->noted = 0;
	}
	return true;
}

/*
 * Each counter must have been seen at zero once since the start.  New
 * operations are sent to the other one, so that it is.
 */
static bool direct_ended(struct mp_quiesce *quiesce)
{
	uint32_t old = mp_load_relaxed(&quiesce->phase) ^ 1;

	for (int i = 0; i < 2; i++, old ^= 1) {
		/* Acquire: as for the words. */
		if (!quiesce->drained[old] &&
		    mp_load_acquire(&quiesce->inside[old]) != 0)
			break;
		quiesce->drained[old] = true;
		mp_store_relaxed(&quiesce->phase, old);
	}
	return quiesce->drained[0] && quiesce->drained[1];
}

static void pay(struct mp_quiesce *quiesce, struct mp_list *const *lists,
		uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!lists[i]->noted)
			continue;
		lists[i]->noted = false;
		/* Release: the operations we saw end come before the flip. */
		mp_store_release(&lists[i]->paid, lists[i]->noted_phase);
		mp_tally_add(&quiesce->paid, 1);
	}
}

static void start(struct mp_quiesce *quiesce, struct magpool *pool,
		  struct mp_table *operations, struct mp_list *const *lists,
		  uint32_t count)
{
	note_lists(lists, count);
	if (!mp_platform_membarrier()) {
		/*
		 * We cannot know.  The tag still stands for itself, as it does
		 * in every other allocator; statistics say so.
		 */
		mp_quiesce_note_missing(quiesce);
		pay(quiesce, lists, count);
		return;
	}
	note_operations(pool, operations);
	quiesce->drained[0] = false;
	quiesce->drained[1] = false;
	quiesce->started = true;
}

void mp_quiesce_tick(struct mp_quiesce *quiesce, struct magpool *pool,
		     struct mp_table *operations, struct mp_list *const *lists,
		     uint32_t count)
{
	/* Acquire: the notes of the thread that ticked before. */
	if (mp_exchange_acquire(&quiesce->ticking, true))
		return;
	if (!quiesce->started)
		start(quiesce, pool, operations, lists, count);
	if (quiesce->started && operations_ended(pool, operations) &&
	    direct_ended(quiesce)) {
		pay(quiesce, lists, count);
		quiesce->started = false;
	}
	/* Release: our notes are there for the next thread that ticks. */
	mp_store_release(&quiesce->ticking, false);
}

void mp_quiesce_after_fork(struct mp_quiesce *quiesce)
{
	mp_store_relaxed(&quiesce->inside[0], 0);
	mp_store_relaxed(&quiesce->inside[1], 0);
	mp_store_relaxed(&quiesce->ticking, false);
	quiesce->started = false;
}
