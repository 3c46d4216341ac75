/* SPDX-License-Identifier: MIT */
#include "block.h"

#include "platform.h"

#define HEADER ((sizeof(struct mp_block) + 15) & ~(size_t)15)

static char *payload_of(struct mp_block *block, size_t alignment)
{
	uintptr_t first = (uintptr_t)block + HEADER;

	return (char *)((first + alignment - 1) & ~(uintptr_t)(alignment - 1));
}

/* No overflow: is_possible() (chain.c) lets no such size pass. */
size_t mp_block_bytes(size_t size, size_t alignment)
{
	size_t system_page = mp_platform_page_size();

	return (size + HEADER + alignment + system_page) & ~(system_page - 1);
}

struct mp_block *mp_block_map(struct mp_upstream *upstream, size_t size,
			      size_t alignment)
{
	size_t bytes = mp_block_bytes(size, alignment);
	struct mp_block *block;

	block = mp_upstream_map(upstream, bytes, mp_platform_page_size());
	if (!block)
		return NULL;
	mp_tally_add(&upstream->blocks, 1);
	block->bytes = bytes;
	block->payload = payload_of(block, alignment);
	return block;
}

size_t mp_block_room(struct mp_block *block, size_t bytes, size_t alignment)
{
	size_t before = (size_t)(payload_of(block, alignment) - (char *)block);

	return bytes > before ? bytes - before : 0;
}

bool mp_block_fits(struct mp_block *block, size_t size, size_t alignment)
{
	if (mp_block_room(block, block->bytes, alignment) < size)
		return false;
	block->payload = payload_of(block, alignment);
	return true;
}

size_t mp_block_unmap_all(struct mp_upstream *upstream, struct mp_block *block)
{
	size_t bytes = 0;

	while (block) {
		struct mp_block *next = block->next;

		size_t size = block->bytes;

		mp_tally_sub(&upstream->blocks, 1);
		if (mp_upstream_unmap(upstream, block, size))
			bytes += size;
		block = next;
	}
	return bytes;
}
