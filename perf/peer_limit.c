/* SPDX-License-Identifier: MIT */
/*
 * The bump limit: one block for each thread, large enough for any call, and a
 * bump.  Nothing can be faster; it can neither nest nor cross threads.
 */
#include "peer.h"

#include <stdlib.h>

#include "bump.h"
#include "util.h"

#define PEER_WORDS(n) 1
#define PEER_CAN (CAN_CALL)

static __thread struct {
	struct perf_bump bump;
	char *block;
} mine;

static inline bool peer_get(void *state, void **hold)
{
	(void)state;
	(void)hold;
	mine.bump.cursor = mine.block;
	return true;
}

static inline void *peer_alloc(void *state, void **hold, size_t i, size_t size)
{
	(void)state;
	(void)hold;
	(void)i;
	return perf_bump_alloc(&mine.bump, size);
}

static inline void peer_return(void *state, void **hold, size_t n)
{
	(void)state;
	(void)hold;
	(void)n;
}

#include "loops.h"

static void *open_block(size_t most)
{
	mine.block = perf_zalloc_apart(most);
	mine.bump.limit = mine.block + most;
	return NULL;
}

static void close_block(void *state)
{
	(void)state;
	free(mine.block);
	mine.block = NULL;
}

const struct perf_peer perf_peer_limit = {
	.name = "limit",
	.text = "bump limit: one thread-local block and a bump, inlined",
	.open = open_block,
	.close = close_block,
	.is_usual = true,
	.loop = PEER_LOOPS,
};
