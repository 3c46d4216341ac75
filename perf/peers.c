/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <string.h>

static const struct perf_peer jemalloc = {
	.name = "jemalloc",
	.text = "malloc with jemalloc preloaded",
	.like = &perf_peer_malloc,
	.preload = "libjemalloc.so.2",
};
static const struct perf_peer mimalloc = {
	.name = "mimalloc",
	.text = "malloc with mimalloc preloaded",
	.like = &perf_peer_malloc,
	.preload = "libmimalloc.so.2",
	.preload_else = "libmimalloc.so.3",
};
static const struct perf_peer tcmalloc = {
	.name = "tcmalloc",
	.text = "malloc with tcmalloc preloaded",
	.like = &perf_peer_malloc,
	.preload = "libtcmalloc_minimal.so.4",
	.preload_else = "libtcmalloc.so.4",
};
static const struct perf_peer tcmalloc_page = {
	.name = "tcmalloc-page",
	.text = "page with tcmalloc preloaded",
	.like = &perf_peer_page,
	.preload = "libtcmalloc_minimal.so.4",
	.preload_else = "libtcmalloc.so.4",
};
static const struct perf_peer magpool_lto = {
	.name = "magpool-lto",
	.text = "magpool in the static library, optimised at link time",
	.like = &perf_peer_magpool,
	.program = "magpool-perf-lto",
};
static const struct perf_peer magpool_cache_lto = {
	.name = "magpool-cache-lto",
	.text = "magpool-cache in the static library, optimised at link time",
	.like = &perf_peer_magpool_cache,
	.program = "magpool-perf-lto",
};

const struct perf_peer *const perf_peers[] = {
	&perf_peer_magpool,
	&perf_peer_magpool_cache,
	&perf_peer_magpool_own,
	&perf_peer_magpool_own8,
	&magpool_lto,
	&magpool_cache_lto,
	&perf_peer_malloc,
	&jemalloc,
	&mimalloc,
	&tcmalloc,
	&perf_peer_page,
	&tcmalloc_page,
	&perf_peer_obstack,
#if PERF_APR
	&perf_peer_apr,
#endif
#if PERF_TALLOC
	&perf_peer_talloc,
#endif
	&perf_peer_floor,
	&perf_peer_limit,
	&perf_peer_none,
	NULL,
};

const struct perf_peer *perf_peer_find(const char *name)
{
	for (size_t i = 0; perf_peers[i]; i++)
		if (strcmp(perf_peers[i]->name, name) == 0)
			return perf_peers[i];
	return NULL;
}

bool perf_peer_can(const struct perf_peer *peer, enum perf_loop_id loop)
{
	/* What the other process records stays there. */
	if (peer->like)
		return peer->like->loop[loop] && loop != PERF_LOOP_LATENCY &&
		       loop != PERF_LOOP_LATENCY_HANDOFF;
	return peer->loop[loop];
}
