/* SPDX-License-Identifier: MIT */
/* What programs write by hand: a malloc'd page and a bump, more when full. */
#include "peer.h"

#include <stdlib.h>

#include "bump.h"

#define PEER_WORDS(n) 1
#define PEER_CAN (CAN_CALL | CAN_GET | CAN_NEST | CAN_HOLD | CAN_CROSS)

enum { PAGE_BYTES = 4096 };

struct page {
	struct perf_bump bump;
	struct page *next;
	size_t unused; /* keeps data[] at a multiple of 16 */
	char data[];
};

static inline struct page *make_page(struct page *next, size_t bytes)
{
	struct page *page = malloc(sizeof(*page) + bytes);

	if (!page)
		return NULL;
	page->bump.cursor = page->data;
	page->bump.limit = page->data + bytes;
	page->next = next;
	return page;
}

static inline bool peer_get(void *state, void **hold)
{
	(void)state;
	hold[0] = make_page(NULL, PAGE_BYTES);
	return hold[0];
}

static __attribute__((noinline)) void *alloc_slow(void **hold, size_t size)
{
	size_t rounded = (size + 15) & ~(size_t)15;
	struct page *page =
		make_page(hold[0], rounded > PAGE_BYTES ? rounded : PAGE_BYTES);

	if (!page)
		return NULL;
	hold[0] = page;
	return perf_bump_alloc(&page->bump, size);
}

static inline void *peer_alloc(void *state, void **hold, size_t i, size_t size)
{
	struct page *page = hold[0];
	void *memory = perf_bump_alloc(&page->bump, size);

	(void)state;
	(void)i;
	return memory ? memory : alloc_slow(hold, size);
}

static inline void peer_return(void *state, void **hold, size_t n)
{
	(void)state;
	(void)n;
	for (struct page *page = hold[0], *next; page; page = next) {
		next = page->next;
		free(page);
	}
}

#include "loops.h"

const struct perf_peer perf_peer_page = {
	.name = "page",
	.text = "one malloc'd page of 4096 bytes and a bump, freed at once",
	.is_rival = true,
	.is_usual = true,
	.loop = PEER_LOOPS,
};
