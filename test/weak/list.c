/* SPDX-License-Identifier: MIT */
/*
 * Push and pop (src/list.h): who pops a record owns it and sees what was
 * written to it, none is lost, none is owned twice.
 *
 * variant: push-relaxed: list.h mp_list_push:
 *   mp_cas_weak_release -> mp_cas_weak_relaxed
 * variant: head-relaxed: list.h mp_list_pop:
 *   mp_load_acquire(&list->head) -> mp_load_relaxed(&list->head)
 * variant: no-tag: list.h mp_list_pop:
 *   mp_list_tag(head) + 1 -> mp_list_tag(head)
 */
#include "list.h"

struct record {
	struct mp_link link;
	int content; /* plain: a race on it is an owner too many */
};

static struct record records[2];
static struct mp_table table;
static struct mp_list list;

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

/* Turns the two round. */
static void *both(void *unused)
{
	uint32_t first = take();
	uint32_t second = take();

	give(first);
	give(second);
	return unused;
}

static void *one(void *unused)
{
	give(take());
	return unused;
}

int main(void)
{
	pthread_t threads[2];
	uint32_t first, second;

	table.stride = sizeof records[0];
	mp_store_relaxed(&table.segment[0], (char *)records);
	give(2);
	give(1);
	pthread_create(&threads[0], NULL, both, NULL);
	pthread_create(&threads[1], NULL, one, NULL);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	first = take();
	second = take();
	assert(first && second && first != second);
	assert(!take());
	return 0;
}
