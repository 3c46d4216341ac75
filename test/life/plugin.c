/* SPDX-License-Identifier: MIT */
/* A binding library, which its host loads and unloads. */
#include <magpool/magpool.h>

#include <string.h>

#include "plugin.h"

static struct magpool_arena *get(void)
{
	struct magpool_arena *arena = magpool_get();
	uint64_t *word = arena ? magpool_alloc(arena, 5000) : NULL;

	if (!word)
		return NULL;
	*word = (uint64_t)(uintptr_t)arena;
	return arena;
}

void *plugin_open(void)
{
	return get();
}

int plugin_close(void *arena)
{
	magpool_return(arena);
	return 0;
}

int plugin_cycle(unsigned count)
{
	struct magpool_arena *arenas[PLUGIN_ARENAS_MAX];

	if (count > PLUGIN_ARENAS_MAX)
		return -1;
	for (unsigned i = 0; i < count; i++) {
		arenas[i] = get();
		if (!arenas[i])
			return -1;
	}
	for (unsigned i = 0; i < count; i++)
		magpool_return(arenas[i]);
	return 0;
}

int plugin_flush(uint64_t *out)
{
	struct magpool_stats stats;

	magpool_thread_flush(NULL);
	magpool_trim(NULL);
	if (magpool_stats_read(NULL, &stats, sizeof stats) != sizeof stats)
		return -1;
	*out = stats.arenas_out;
	return stats.gets - stats.returns == stats.arenas_out &&
			       stats.misuse == 0
		       ? 0
		       : -1;
}
