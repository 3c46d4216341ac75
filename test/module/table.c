/* SPDX-License-Identifier: MIT */
/* Records keep their addresses while the table grows, from many threads. */
#include "table.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

#define STRIDE 48
#define THREADS 4
#define EACH 5000

Test(table, indexes_count_from_one)
{
	struct mp_table table = { .count = 0 };

	mp_table_init(&table, STRIDE, 10);
	for (uint32_t i = 1; i <= 10; i++)
		cr_assert_eq(mp_table_add(&table), i);
	cr_assert_eq(mp_table_count(&table), 10);
	mp_table_release(&table);
}

Test(table, a_full_table_says_so)
{
	struct mp_table table = { .count = 0 };

	mp_table_init(&table, STRIDE, 3);
	for (int i = 0; i < 3; i++)
		cr_assert_gt(mp_table_add(&table), 0);
	cr_assert_eq(mp_table_add(&table), 0);
	cr_assert_eq(mp_table_count(&table), 3);
	mp_table_release(&table);
}

Test(table, records_are_zeroed_apart_and_stay)
{
	struct mp_table table = { .count = 0 };
	enum { COUNT = 5 * MP_TABLE_FIRST };
	char *address[COUNT];

	mp_table_init(&table, STRIDE, COUNT);
	for (uint32_t i = 0; i < COUNT; i++) {
		address[i] = mp_table_at(&table, mp_table_add(&table));
		for (int j = 0; j < STRIDE; j++)
			cr_assert_eq(address[i][j], 0);
		memset(address[i], (int)(i & 0x3f) + 1, STRIDE);
	}
	for (uint32_t i = 0; i < COUNT; i++) {
		cr_assert_eq((char *)mp_table_at(&table, i + 1), address[i]);
		for (int j = 0; j < STRIDE; j++)
			cr_assert_eq(address[i][j], (int)(i & 0x3f) + 1);
	}
	mp_table_release(&table);
}

static struct mp_table shared;

static void *add_many(void *argument)
{
	uint32_t *mine = argument;

	for (int i = 0; i < EACH; i++) {
		uint32_t index = mp_table_add(&shared);
		uint32_t *record = mp_table_at(&shared, index);

		mine[i] = index;
		*record = index;
	}
	return NULL;
}

Test(table, threads_get_records_of_their_own)
{
	static uint32_t index[THREADS][EACH];
	static unsigned char seen[THREADS * EACH + 1];
	pthread_t thread[THREADS];

	mp_table_init(&shared, STRIDE, MP_TABLE_CAPACITY);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, add_many, index[i]);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	for (int i = 0; i < THREADS * EACH; i++) {
		uint32_t one = index[i / EACH][i % EACH];

		cr_assert(one >= 1 && one <= THREADS * EACH);
		cr_assert_not(seen[one], "index %u was given twice", one);
		seen[one] = 1;
		cr_assert_eq(*(uint32_t *)mp_table_at(&shared, one), one);
	}
	mp_table_release(&shared);
}
