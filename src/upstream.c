/* SPDX-License-Identifier: MIT */
#include "upstream.h"

#include "platform.h"

#include <errno.h>

static void *map(struct mp_upstream *upstream, size_t size, size_t alignment)
{
	int saved = errno;
	void *address;

	if (!upstream->map)
		return mp_platform_map(size, alignment);
	address = upstream->map(upstream->context, size, alignment);
	errno = saved;
	return address;
}

static void unmap(struct mp_upstream *upstream, void *address, size_t size)
{
	int saved = errno;

	if (upstream->unmap)
		upstream->unmap(upstream->context, address, size);
	else
		mp_platform_unmap(address, size);
	errno = saved;
}

void *mp_upstream_map(struct mp_upstream *upstream, size_t size,
		      size_t alignment)
{
	void *address;

	if (!mp_budget_reserve(&upstream->budget, size))
		return NULL;
	address = map(upstream, size, alignment);
	/* A function of the host's that ignores the alignment has failed. */
	if (address && ((uintptr_t)address & (alignment - 1))) {
		unmap(upstream, address, size);
		address = NULL;
	}
	if (!address)
		mp_budget_release(&upstream->budget, size);
	return address;
}

void mp_upstream_unmap(struct mp_upstream *upstream, void *address, size_t size)
{
	unmap(upstream, address, size);
	mp_budget_release(&upstream->budget, size);
}

bool mp_upstream_discard(struct mp_upstream *upstream, void *address,
			 size_t size)
{
	if (upstream->map)
		return false;
	mp_platform_discard(address, size);
	return true;
}
