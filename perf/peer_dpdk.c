/* SPDX-License-Identifier: MIT */
/*
 * DPDK's mempool: get and put of one object of a page's size, inlined, through
 * the cache of the lcore.  Only in magpool-perf-dpdk, because the environment
 * that it needs takes a tenth of a second to start and pins its threads.
 */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>

#include <pthread.h>
#include <rte_eal.h>
#include <rte_log.h>
#include <rte_mempool.h>
#include <sched.h>

#include "util.h"

#define PEER_WORDS(n) 1
#define PEER_CAN CAN_GET

enum { OBJECTS = 4095, CACHED = 256, OBJECT_BYTES = 4096 };

static struct rte_mempool *pool;

static inline bool peer_get(void *state, void **hold)
{
	(void)state;
	return rte_mempool_get(pool, &hold[0]) == 0;
}

/* Never called: a mempool has objects, and nothing in them. */
static inline void *peer_alloc(void *state, void **hold, size_t i, size_t size)
{
	(void)state;
	(void)i;
	(void)size;
	return hold[0];
}

static inline void peer_return(void *state, void **hold, size_t n)
{
	(void)state;
	(void)n;
	rte_mempool_put(pool, hold[0]);
}

#include "loops.h"

/* By the first thread that measures: EAL pins it to the core it is on. */
static void start(void)
{
	char word[][24] = { "magpool-perf-dpdk",
			    "--no-huge",
			    "--no-shconf",
			    "--no-pci",
			    "--no-telemetry",
			    "--log-level=error",
			    "-m",
			    "64",
			    "-l",
			    "" };
	enum { WORDS = sizeof(word) / sizeof(*word) };
	char *words[WORDS];

	for (size_t i = 0; i < WORDS; i++)
		words[i] = word[i];
	/* Standard output belongs to the pipe. */
	rte_openlog_stream(stderr);
	snprintf(word[WORDS - 1], sizeof(*word), "%d", sched_getcpu());
	if (rte_eal_init(WORDS, words) < 0)
		tool_die(TOOL_EXIT_FAILED, "dpdk: rte_eal_init failed");
	pool = rte_mempool_create("magpool-perf", OBJECTS, OBJECT_BYTES, CACHED,
				  0, NULL, NULL, NULL, NULL, SOCKET_ID_ANY, 0);
	if (!pool)
		tool_die(TOOL_EXIT_FAILED, "dpdk: rte_mempool_create failed");
}

/* Without an lcore of its own a thread would have no cache. */
static void *open_lcore(size_t most)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)most;
	pthread_once(&once, start);
	if (rte_lcore_id() == LCORE_ID_ANY && rte_thread_register() != 0)
		tool_die(TOOL_EXIT_FAILED, "dpdk: rte_thread_register failed");
	return NULL;
}

static void close_lcore(void *state)
{
	(void)state;
	rte_thread_unregister();
}

const struct perf_peer perf_peer_dpdk = {
	.name = "dpdk",
	.text = "DPDK's mempool, its inlined get and put, a pinned lcore",
	.open = open_lcore,
	.close = close_lcore,
	.loop = PEER_LOOPS,
};
