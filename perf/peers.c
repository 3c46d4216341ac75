/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <string.h>

#include "util.h"

static const struct perf_peer jemalloc = {
	.name = "jemalloc",
	.text = "malloc with jemalloc preloaded",
	.is_rival = true,
	.like = &perf_peer_malloc,
	.preload = "libjemalloc.so.2",
};
static const struct perf_peer mimalloc = {
	.name = "mimalloc",
	.text = "malloc with mimalloc preloaded",
	.is_rival = true,
	.like = &perf_peer_malloc,
	.preload = "libmimalloc.so.2",
	.preload_else = "libmimalloc.so.3",
};
static const struct perf_peer tcmalloc = {
	.name = "tcmalloc",
	.text = "malloc with tcmalloc preloaded",
	.is_rival = true,
	.like = &perf_peer_malloc,
	.preload = "libtcmalloc_minimal.so.4",
	.preload_else = "libtcmalloc.so.4",
};
static const struct perf_peer tcmalloc_page = {
	.name = "tcmalloc-page",
	.text = "page with tcmalloc preloaded",
	.is_rival = true,
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

#if PERF_DPDK && !PERF_DPDK_INSIDE
/* Its loop is in the other program; here it only says that there is one. */
static void elsewhere(void *state, const struct perf_work *work)
{
	(void)state;
	(void)work;
	tool_die(TOOL_EXIT_FAILED, "dpdk: only in magpool-perf-dpdk");
}

static const struct perf_peer dpdk_there = {
	.name = "dpdk",
	.loop = { [PERF_LOOP_CYCLE] = elsewhere },
};
static const struct perf_peer dpdk = {
	.name = "dpdk",
	.text = "DPDK's mempool, its inlined get and put, a pinned lcore",
	.like = &dpdk_there,
	.program = "magpool-perf-dpdk",
};
#endif

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
#if PERF_DPDK_INSIDE
	&perf_peer_dpdk,
#elif PERF_DPDK
	&dpdk,
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
	return peer->like ? peer->like->loop[loop] : peer->loop[loop];
}
