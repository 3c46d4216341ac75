/* SPDX-License-Identifier: MIT */
/*
 * Blocks above a page: one mapping each, hung on an arena.
 */
#ifndef MP_BLOCK_H
#define MP_BLOCK_H

#include "upstream.h"

struct mp_block {
	struct mp_block *next;
	char *payload;
	size_t bytes;    /* of the mapping */
	size_t used;     /* of the payload, rounded up to 16 */
	size_t reserved; /* of the payload, while it is only reserved */
	/* The arena's cursor right after this block was taken: which mark lies
	 * before it and which behind. */
	char *stamp;
	uint64_t needed; /* the interval in which it was needed: kept.h */
};

/* How large a block that is mapped for it would be. */
size_t mp_block_bytes(size_t size, size_t alignment);

/* A block with `size` usable bytes at a multiple of `alignment`; NULL. */
struct mp_block *mp_block_map(struct mp_upstream *upstream, size_t size,
			      size_t alignment);

/* What a block of that size at that address has room for. */
size_t mp_block_room(struct mp_block *block, size_t bytes, size_t alignment);

/* Would it hold that?  Then the payload is set to where. */
bool mp_block_fits(struct mp_block *block, size_t size, size_t alignment);

/* Unmaps a list of blocks; how many bytes. */
size_t mp_block_unmap_all(struct mp_upstream *upstream, struct mp_block *block);

#endif
