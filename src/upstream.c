/* SPDX-License-Identifier: MIT */
#include "upstream.h"

#include "platform.h"
#include "watch.h"

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

static bool unmap(struct mp_upstream *upstream, void *address, size_t size)
{
	int saved = errno;

	if (!upstream->unmap)
		return mp_platform_unmap(address, size);
	upstream->unmap(upstream->context, address, size);
	errno = saved;
	return true;
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

bool mp_upstream_unmap(struct mp_upstream *upstream, void *address, size_t size)
{
	bool done;

	/* Whoever gets these addresses next is not to hear of our uses. */
	mp_watch_open(address, size);
	done = unmap(upstream, address, size);
	mp_budget_release(&upstream->budget, size);
	return done;
}

bool mp_upstream_discard(struct mp_upstream *upstream, void *address,
			 size_t size)
{
	return !upstream->map && mp_platform_discard(address, size);
}

bool mp_upstream_protect(struct mp_upstream *upstream, void *address,
			 size_t size, bool usable)
{
	return !upstream->map && mp_platform_protect(address, size, usable);
}
