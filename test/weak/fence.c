/* SPDX-License-Identifier: MIT */
/*
 * The wrap fence (src/list.h, src/quiesce.c) with a tag of one bit, which two
 * removals bring round: a pop that was stalled meanwhile must still fail.
 *
 * source: quiesce.c
 * define: MP_TAG_BITS=1
 * variant: no-membarrier: quiesce.c start:
 *   !mp_platform_membarrier() -> false
 * variant: flips-unpaid: list.h mp_list_may_flip:
 *   !MP_WRAP_FENCE || -> true ||
 * variant: not-waited-for: quiesce.c operations_ended:
 *   return false -> continue
 * variant: counts-not-noted: quiesce.c note_operations:
 *   note_of(operation) -> 1
 */
struct record {
	struct mp_link link;
	int content; /* plain: a race on it is an owner too many */
};

struct cache {
	char before[MP_OPERATION_AT];
	struct mp_operation operation;
};

static struct record records[2];
static struct cache caches[1];
static struct mp_table table, operations;
static struct mp_list list;
static struct mp_list *const lists[1] = { &list };
static struct mp_quiesce quiesce;
static struct mp_live_counters unseen;
static struct mp_counters counters = { .live = &unseen };
static char pool_memory[1];
static uint32_t kept[2]; /* by each thread */

bool mp_platform_membarrier(void)
{
	return weak_membarrier();
}

static uint32_t take(void)
{
	struct mp_trip trip = { 0, 0, 0 };
	uint32_t index = mp_list_pop(&list, &table, &trip);

	if (index)
		records[index - 1].content++;
	return index;
}

static void give(uint32_t index)
{
	struct mp_trip trip = { 0, 0, 0 };

	if (!index)
		return;
	records[index - 1].content++;
	mp_list_push(&list, &table, index, &trip);
}

/* May be stalled in the pop. */
static void *owner(void *unused)
{
	_Atomic uint32_t *word;

	weak_begin();
	word = mp_operation_enter(&caches[0].operation);
	kept[0] = take();
	mp_operation_count(gets, &counters);
	mp_operation_leave(word);
	weak_end();
	return unused;
}

/* Brings the tag round, if it is let. */
static void *other(void *pool)
{
	uint32_t phase = mp_quiesce_enter(&quiesce);
	uint32_t first = take();

	mp_quiesce_leave(&quiesce, phase);
	mp_quiesce_tick(&quiesce, pool, &operations, lists, 1);
	phase = mp_quiesce_enter(&quiesce);
	kept[1] = take();
	give(first);
	mp_quiesce_leave(&quiesce, phase);
	return NULL;
}

/* Each record is kept by one thread, or once on the list. */
static void all_there(void)
{
	int seen[3] = { 0, 0, 0 };
	uint32_t index = mp_list_peek(&list);

	seen[kept[0]]++;
	seen[kept[1]]++;
	for (; index && seen[index] < 2;
	     index = mp_load_relaxed(&records[index - 1].link.next))
		seen[index]++;
	assert(seen[1] == 1 && seen[2] == 1);
}

int main(void)
{
	pthread_t threads[2];
	struct magpool *pool = (struct magpool *)(void *)pool_memory;

	table.stride = sizeof records[0];
	mp_store_relaxed(&table.segment[0], (char *)records);
	operations.stride = sizeof caches[0];
	mp_store_relaxed(&operations.segment[0], (char *)caches);
	mp_store_relaxed(&operations.count, 1);
	caches[0].operation.counters = &counters;
	mp_store_relaxed(&caches[0].operation.pool, pool);
	give(2);
	give(1);
	pthread_create(&threads[0], NULL, owner, NULL);
	pthread_create(&threads[1], NULL, other, pool);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	all_there();
	return 0;
}
