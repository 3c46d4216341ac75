/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "upstream.h"

/* The slot of an address; NULL finds a free one. */
static struct upstream_region *find(struct upstream *upstream, void *address)
{
	for (size_t i = 0; i < UPSTREAM_REGIONS; i++) {
		if (upstream->regions[i].address == address)
			return &upstream->regions[i];
	}
	return NULL;
}

static void *map_locked(struct upstream *upstream, size_t size,
			size_t alignment)
{
	struct upstream_region *slot = find(upstream, NULL);
	void *address = NULL;

	if (!upstream->left || !slot ||
	    posix_memalign(&address, alignment, size)) {
		upstream->refused++;
		return NULL;
	}
	/* A host that recycles memory does not clear it. */
	memset(address, 0xa5, size);
	upstream->left--;
	upstream->maps++;
	upstream->bytes += size;
	*slot = (struct upstream_region){ address, size };
	return address;
}

void *upstream_map(void *context, size_t size, size_t alignment)
{
	struct upstream *upstream = context;
	void *address;

	pthread_mutex_lock(&upstream->mutex);
	address = map_locked(upstream, size, alignment);
	pthread_mutex_unlock(&upstream->mutex);
	return address;
}

void upstream_unmap(void *context, void *address, size_t size)
{
	struct upstream *upstream = context;
	struct upstream_region *slot;

	pthread_mutex_lock(&upstream->mutex);
	slot = find(upstream, address);
	upstream->unmaps++;
	if (!slot || slot->size != size) {
		upstream->faults++;
	} else {
		upstream->bytes -= size;
		*slot = (struct upstream_region){ NULL, 0 };
		free(address);
	}
	pthread_mutex_unlock(&upstream->mutex);
}

bool upstream_owns(struct upstream *upstream, const void *address)
{
	bool found = false;

	pthread_mutex_lock(&upstream->mutex);
	for (size_t i = 0; i < UPSTREAM_REGIONS && !found; i++) {
		const struct upstream_region *region = &upstream->regions[i];

		found = (uintptr_t)address - (uintptr_t)region->address <
			region->size;
	}
	pthread_mutex_unlock(&upstream->mutex);
	return found;
}

bool upstream_holds(struct upstream *upstream, const void *bytes, size_t length)
{
	bool found = false;

	pthread_mutex_lock(&upstream->mutex);
	for (size_t i = 0; i < UPSTREAM_REGIONS && !found; i++) {
		const struct upstream_region *region = &upstream->regions[i];

		found = region->address &&
			memmem(region->address, region->size, bytes, length);
	}
	pthread_mutex_unlock(&upstream->mutex);
	return found;
}
