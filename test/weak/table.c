/* SPDX-License-Identifier: MIT */
/*
 * Records that are added and used at the same time (src/table.[ch]): whoever
 * has an index, or a count, finds a zeroed record there.
 *
 * source: table.c
 * variant: install-relaxed: table.c install:
 *   mp_cas_release -> mp_cas_relaxed
 * variant: at-relaxed: table.h mp_table_at:
 *   mp_load_acquire -> mp_load_relaxed
 * variant: count-relaxed: table.c mp_table_add:
 *   mp_cas_weak_release -> mp_cas_weak_relaxed
 * variant: counted-relaxed: table.h mp_table_count:
 *   mp_load_acquire -> mp_load_relaxed
 */
static int memory[2][MP_TABLE_FIRST];
static _Atomic int mappings;
static struct mp_table table;

size_t mp_platform_page_size(void)
{
	return sizeof memory[0];
}

/* What the system hands out was written by it. */
void *mp_platform_map(size_t size, size_t alignment)
{
	int *mine = memory[atomic_fetch_add_explicit(&mappings, 1,
						     memory_order_relaxed)];

	assert(size == sizeof memory[0] && alignment == 1);
	mine[0] = 1;
	mine[1] = 1;
	return mine;
}

bool mp_platform_unmap(void *address, size_t size)
{
	assert(size == sizeof memory[0]);
	*(int *)address = 2;
	return true;
}

static void *add(void *unused)
{
	int *record = mp_table_at(&table, mp_table_add(&table));

	assert(*record == 1);
	*record = 3;
	return unused;
}

static void *look(void *unused)
{
	uint32_t count = mp_table_count(&table);

	if (count) {
		char *base = mp_load_relaxed(&table.segment[0]);

		assert(base);
		assert(mp_table_at(&table, count));
	}
	return unused;
}

int main(void)
{
	pthread_t threads[3];

	mp_table_init(&table, sizeof memory[0][0], 2);
	pthread_create(&threads[0], NULL, add, NULL);
	pthread_create(&threads[1], NULL, add, NULL);
	pthread_create(&threads[2], NULL, look, NULL);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	assert(mp_table_count(&table) == 2);
	assert(mp_table_add(&table) == 0);
	return 0;
}
