/* SPDX-License-Identifier: MIT */
#include "table.h"

#include "check.h"
#include "platform.h"

static size_t segment_bytes(const struct mp_table *table, uint32_t segment)
{
	size_t system_page = mp_platform_page_size();
	size_t bytes = ((size_t)MP_TABLE_FIRST << segment) * table->stride;

	return (bytes + system_page - 1) & ~(system_page - 1);
}

void mp_table_init(struct mp_table *table, size_t stride, uint32_t capacity)
{
	MP_ASSERT(capacity <= MP_TABLE_CAPACITY);
	table->stride = stride;
	table->capacity = capacity;
}

/* Maps a segment and makes it the table's, unless somebody else was first. */
static bool install(struct mp_table *table, uint32_t segment)
{
	size_t bytes = segment_bytes(table, segment);
	char *mine = mp_platform_map(bytes, 1);
	char *none = NULL;

	if (!mine)
		return false;
	/* Release: the memory is there before its address is (mp_table_at). */
	if (!mp_cas_release(&table->segment[segment], &none, mine))
		mp_platform_unmap(mine, bytes);
	return true;
}

static bool ensure_segment(struct mp_table *table, uint32_t index)
{
	uint32_t n = index - 1 + MP_TABLE_FIRST;
	uint32_t segment =
		(uint32_t)(__builtin_clz(MP_TABLE_FIRST) - __builtin_clz(n));

	return mp_load_acquire(&table->segment[segment]) ||
	       install(table, segment);
}

uint32_t mp_table_add(struct mp_table *table)
{
	uint32_t count = mp_load_relaxed(&table->count);

	do {
		if (count >= table->capacity ||
		    !ensure_segment(table, count + 1))
			return 0;
		/*
		 * Release: who sees the count sees the segment, also one that
		 * another thread installed (ensure_segment acquired it).
		 */
	} while (!mp_cas_weak_release(&table->count, &count, count + 1));
	return count + 1;
}

void mp_table_release(struct mp_table *table)
{
	for (uint32_t i = 0; i < MP_TABLE_SEGMENTS; i++) {
		char *base = mp_load_relaxed(&table->segment[i]);

		if (base)
			mp_platform_unmap(base, segment_bytes(table, i));
		mp_store_relaxed(&table->segment[i], NULL);
	}
	mp_store_relaxed(&table->count, 0);
}
