/* SPDX-License-Identifier: MIT */
/* GNU obstack, one for each thread: a call frees back to where it began. */
#include "peer.h"

#include <obstack.h>
#include <stdlib.h>

#include "util.h"

#define obstack_chunk_alloc malloc
#define obstack_chunk_free free

#define PEER_WORDS(n) 1
#define PEER_CAN (CAN_CALL | CAN_GET | CAN_NEST)

static inline bool peer_get(void *state, void **hold)
{
	struct obstack *obstack = state;

	hold[0] = obstack_alloc(obstack, 0);
	return hold[0];
}

static inline void *peer_alloc(void *state, void **hold, size_t i, size_t size)
{
	struct obstack *obstack = state;

	(void)hold;
	(void)i;
	return obstack_alloc(obstack, (int)size);
}

static inline void peer_return(void *state, void **hold, size_t n)
{
	struct obstack *obstack = state;

	(void)n;
	obstack_free(obstack, hold[0]);
}

#include "loops.h"

static void *open_obstack(size_t most)
{
	struct obstack *obstack = perf_zalloc_apart(sizeof(*obstack));

	(void)most;
	obstack_init(obstack);
	return obstack;
}

static void close_obstack(void *state)
{
	struct obstack *obstack = state;

	obstack_free(obstack, NULL);
	free(obstack);
}

const struct perf_peer perf_peer_obstack = {
	.name = "obstack",
	.text = "GNU obstack, one for each thread",
	.is_rival = true,
	.open = open_obstack,
	.close = close_obstack,
	.loop = PEER_LOOPS,
};
