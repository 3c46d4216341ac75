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

/* ---- what nobody may touch ----------------------------------------------- */

/* Counted in regions. */
static struct mp_budget closed[MP_CLOSED_KINDS] = {
	[MP_CLOSED_FENCES] = { .limit = MP_CLOSED_MAX },
	[MP_CLOSED_PAGES] = { .limit = MP_CLOSED_MAX },
};

void mp_upstream_unmapped(enum mp_closed kind, size_t regions)
{
	mp_budget_release(&closed[kind], regions);
}

bool mp_upstream_close(struct mp_upstream *upstream, void *address, size_t size,
		       enum mp_closed kind)
{
	if (upstream->map || !mp_budget_reserve(&closed[kind], 1))
		return false;
	if (mp_platform_protect(address, size, false))
		return true;
	mp_upstream_unmapped(kind, 1);
	return false;
}

bool mp_upstream_reopen(void *address, size_t size, enum mp_closed kind)
{
	if (!mp_platform_protect(address, size, true))
		return false;
	mp_upstream_unmapped(kind, 1);
	return true;
}
