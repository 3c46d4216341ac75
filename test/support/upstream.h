/* SPDX-License-Identifier: MIT */
/*
 * An upstream for a pool: counts, remembers each region so that a test can
 * look into it, hands out dirty memory, and fails when it is told to.
 */
#ifndef TEST_SUPPORT_UPSTREAM_H
#define TEST_SUPPORT_UPSTREAM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#define UPSTREAM_REGIONS 512

struct upstream {
	pthread_mutex_t mutex;
	struct upstream_region {
		unsigned char *address;
		size_t size;
	} regions[UPSTREAM_REGIONS];
	size_t bytes; /* mapped now */
	size_t maps;  /* calls that succeeded */
	size_t unmaps;
	size_t refused;
	size_t faults; /* unmap calls that match no map call */
	size_t left;   /* map calls that still succeed */
};

#define UPSTREAM_INIT                                                   \
	{                                                               \
		.mutex = PTHREAD_MUTEX_INITIALIZER, .left = (size_t)-1, \
	}

/* The fields of struct magpool_options. */
#define UPSTREAM_OPTIONS(upstream) \
	.map = upstream_map, .unmap = upstream_unmap, .context = (upstream)

void *upstream_map(void *context, size_t size, size_t alignment);
void upstream_unmap(void *context, void *address, size_t size);

/* Whether an address is in a region. */
bool upstream_owns(struct upstream *upstream, const void *address);

/* Whether `length` bytes in a row occur anywhere in what is mapped. */
bool upstream_holds(struct upstream *upstream, const void *bytes,
		    size_t length);

#endif
