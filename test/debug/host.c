/* SPDX-License-Identifier: MIT */
/*
 * A program with one mistake in it, chosen by its argument: host VERB.  It
 * allocates by the inline path only, as compiled bindings do.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"
#include "sums.h"

#define SMALL 13
#define JUNK_NEW 0xa5
#define JUNK_OLD 0x5a

static void check_sums(uint64_t misuse)
{
	const char *fault = sums_fault(NULL);

	if (fault)
		host_fail(fault);
	host_must(sums_read(NULL).misuse == misuse, "the count of misuse");
}

static void fine(void)
{
	pthread_t thread;

	for (int i = 0; i < 3; i++)
		host_use_all(NULL);
	host_must(!pthread_create(&thread, NULL, host_use_all, NULL), "thread");
	host_use_all(NULL);
	host_must(!pthread_join(thread, NULL), "join");
	check_sums(0);
}

/* The memory is the host's: it is to be as it came when it goes back. */
static void *map(void *context, size_t size, size_t alignment)
{
	void *memory = aligned_alloc(alignment, size);

	*(size_t *)context += size;
	return memory ? memset(memory, 'm', size) : NULL;
}

static void unmap(void *context, void *address, size_t size)
{
	*(size_t *)context -= size;
	host_write_all(address, size);
	free(address);
}

static void own_memory(void)
{
	size_t mapped = 0;
	struct magpool_options options = {
		.size = sizeof options,
		.map = map,
		.unmap = unmap,
		.context = &mapped,
	};
	struct magpool *pool = magpool_create(&options);

	host_must(pool != NULL, "magpool_create");
	for (int i = 0; i < 3000; i++) {
		struct magpool_arena *arena = magpool_get_from(pool);

		host_must(arena != NULL, "magpool_get_from");
		host_write_all(host_take(arena, 2000), 2000);
		if (i % 100 == 0)
			host_write_all(host_take(arena, LARGE), LARGE);
		magpool_return(arena);
	}
	check_sums(0);
	host_must(magpool_destroy(&pool) == 0, "magpool_destroy");
	host_must(mapped == 0, "all of it goes back");
}

/* More pages than the quarantine has room for. */
static void many(void)
{
	for (int i = 0; i < 6000; i++) {
		struct magpool_arena *arena = host_get();

		host_write_all(host_take(arena, 2000), 2000);
		magpool_return(arena);
	}
	check_sums(0);
	printf("quarantined %" PRIu64 "\n", sums_read(NULL).pages_quarantined);
}

/* Is each call of the library's needed: is nothing inline? */
static void guarded(void)
{
	struct magpool_arena *arena = host_get();

	for (size_t size = 0; size < 200; size++) {
		printf("room %td\n", arena->limit - arena->cursor);
		(void)host_take(arena, size);
	}
	magpool_return(arena);
}

/* ---- writes outside of allocations --------------------------------------- */

static void past_small(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes = host_take(arena, SMALL);

	(void)host_take(arena, 16);
	bytes[SMALL] = 0;
	magpool_return(arena);
	check_sums(1);
}

static void past_rounded(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes = host_take(arena, 64);

	(void)host_take(arena, 64);
	bytes[64] = 0;
	magpool_reset(arena);
	check_sums(1);
	magpool_return(arena);
	check_sums(1);
}

static void past_empty(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes = host_take(arena, 0);

	bytes[0] = 1;
	magpool_return(arena);
	check_sums(1);
}

static void past_large(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes = host_take(arena, LARGE);

	bytes[LARGE] = 0;
	magpool_return(arena);
	check_sums(1);
}

static void past_reserved(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes = magpool_reserve(arena, SMALL);

	bytes = hide(bytes);
	bytes[SMALL] = 0;
	host_must(magpool_commit(arena, 3) == bytes, "commit");
	magpool_return(arena);
	check_sums(1);
}

static void past_rewound(void)
{
	struct magpool_arena *arena = host_get();
	char *below = host_take(arena, SMALL);
	void *mark = magpool_mark(arena);
	char *bytes = host_take(arena, SMALL);

	bytes[SMALL] = 0;
	magpool_rewind(arena, mark);
	check_sums(1);
	below[SMALL] = 0;
	magpool_return(arena);
	check_sums(2);
}

/* Each page of a chain is looked at. */
static void past_deep(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes[20];

	for (int i = 0; i < 20; i++)
		bytes[i] = host_take(arena, 1000);
	bytes[10][1000] = 0;
	magpool_return(arena);
	check_sums(1);
}

/* By way of an explicit cache. */
static void past_in_a_batch(void)
{
	struct magpool_cache *cache = magpool_cache_create(magpool_default());
	struct magpool_arena *arenas[5];

	host_must(magpool_cache_get_batch(cache, arenas, 5) == 5, "a batch");
	magpool_set_label(arenas[3], "host.c:get");
	host_take(arenas[3], SMALL)[SMALL] = 0;
	magpool_cache_return_batch(cache, arenas, 5);
	check_sums(1);
	magpool_cache_return(cache, magpool_cache_get(cache));
	magpool_cache_destroy(&cache);
	check_sums(1);
}

static void before_second(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes;

	(void)host_take(arena, SMALL);
	bytes = host_take(arena, SMALL);
	bytes[-1] = 0;
	magpool_return(arena);
	check_sums(1);
}

static void before_first(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes = host_take(arena, SMALL);

	bytes[-1] = 0;
	magpool_return(arena);
	check_sums(1);
}

static void before_large(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes = host_take(arena, LARGE);

	bytes[-1] = 0;
	magpool_return(arena);
	check_sums(1);
}

/* ---- returns ------------------------------------------------------------- */

static void twice(void)
{
	struct magpool_arena *arena = host_get();

	magpool_return(hide(arena));
	magpool_return(hide(arena));
	check_sums(1);
	host_must(magpool_alloc(arena, 1) == NULL && errno == EINVAL, "a bump");
	magpool_set_label(arena, "too late");
	check_sums(3);
}

static struct magpool_arena *_Atomic shared;
static _Atomic int arrived;

#define RACES 100

/* The two leave at the same moment, as near as can be. */
static void meet(int times)
{
	atomic_fetch_add(&arrived, 1);
	while (atomic_load(&arrived) < 2 * times)
		sched_yield();
}

static void *race(void *unused)
{
	for (int i = 0; i < RACES; i++) {
		meet(2 * i + 1);
		magpool_return(hide(shared));
		meet(2 * i + 2);
	}
	return unused;
}

/*
 * Two threads return the same arena at the same moment.  There is much in it,
 * so that the first return lasts.
 */
static void racing(void)
{
	pthread_t thread;

	host_must(!pthread_create(&thread, NULL, race, NULL), "thread");
	for (int i = 0; i < RACES; i++) {
		struct magpool_arena *arena = host_get();

		for (int n = 0; n < 3000; n++)
			(void)host_take(arena, 100);
		shared = arena;
		meet(2 * i + 1);
		magpool_return(hide(arena));
		meet(2 * i + 2);
	}
	host_must(!pthread_join(thread, NULL), "join");
	host_must(sums_read(NULL).returns == RACES, "each goes back once");
	check_sums(RACES);
}

/* ---- use after return ---------------------------------------------------- */

static void write_late(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes = host_take(arena, SMALL);

	magpool_return(arena);
	bytes[5] = 'x';
	host_must(magpool_get() == arena, "the same one again");
	check_sums(1);
}

static void read_late(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes = host_take(arena, SMALL);

	memset(bytes, 'x', SMALL);
	magpool_return(arena);
	host_must(bytes[5] == JUNK_OLD, "it is not overwritten");
}

static void read_late_far(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes = NULL;

	for (int i = 0; i < 20; i++)
		bytes = host_take(arena, 4000);
	magpool_return(arena);
	host_must(bytes[3999] == JUNK_OLD, "it is not overwritten");
}

static void read_late_large(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes = host_take(arena, LARGE);

	magpool_return(arena);
	host_must(bytes[LARGE / 2] == JUNK_OLD, "it is not overwritten");
}

/* An arena that was not returned is its owner's still. */
static void read_rewound(void)
{
	struct magpool_arena *arena = host_get();
	void *mark = magpool_mark(arena);
	char *bytes = host_take(arena, SMALL);

	memset(bytes, 'x', SMALL);
	magpool_rewind(arena, mark);
	host_must(bytes[5] == JUNK_OLD, "it is not overwritten");
	magpool_return(arena);
}

static void junk(void)
{
	struct magpool_arena *arena = host_get();
	unsigned char *bytes = (unsigned char *)host_take(arena, 1000);
	unsigned char *large = (unsigned char *)host_take(arena, LARGE);

	for (size_t i = 0; i < 1000; i++)
		host_must(bytes[i] == JUNK_NEW, "it is not filled");
	for (size_t i = 0; i < LARGE; i++)
		host_must(large[i] == JUNK_NEW, "the block is not filled");
	magpool_return(arena);
	check_sums(0);
}

/* Past the last byte of a page, far from any allocation's surroundings. */
static void fence(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes = host_take(arena, SMALL);

	for (size_t at = SMALL; at < 20000; at++)
		bytes[at] = 0;
}

/* ---- leaks --------------------------------------------------------------- */

static void leak(void)
{
	struct magpool_arena *arena = host_get();
	struct magpool_arena *other = magpool_get();

	(void)host_take(arena, 1);
	magpool_set_label(arena, "the one that leaks");
	magpool_return(other);
}

static void leak_many(void)
{
	for (int i = 0; i < 30; i++)
		(void)host_get();
}

/* What malloc gave, known only to an arena that is out. */
static void hold(void)
{
	static struct magpool_arena *arena;
	void **slot;

	arena = host_get();
	slot = (void **)host_take(arena, sizeof *slot);
	*slot = malloc(100);
	slot = (void **)host_take(arena, LARGE);
	*slot = malloc(100);
}

/* The same of an arena that was returned: that is a leak. */
static void drop(void)
{
	struct magpool_arena *arena = host_get();
	void **slot = (void **)host_take(arena, sizeof *slot);

	*slot = malloc(100);
	magpool_return(arena);
}

/* What was never written is used. */
static void unwritten(void)
{
	struct magpool_arena *arena;
	volatile char *bytes;

	/* Not for want of a first use. */
	host_use_all(NULL);
	arena = host_get();
	bytes = host_take(arena, SMALL);
	if (bytes[3] == 'x')
		puts("by chance");
	magpool_return(arena);
}

static const struct verb {
	const char *name;
	void (*run)(void);
} verbs[] = {
	{ "fine", fine },
	{ "many", many },
	{ "own_memory", own_memory },
	{ "guarded", guarded },
	{ "past_small", past_small },
	{ "past_rounded", past_rounded },
	{ "past_empty", past_empty },
	{ "past_large", past_large },
	{ "past_reserved", past_reserved },
	{ "past_rewound", past_rewound },
	{ "past_deep", past_deep },
	{ "past_in_a_batch", past_in_a_batch },
	{ "before_second", before_second },
	{ "before_first", before_first },
	{ "before_large", before_large },
	{ "twice", twice },
	{ "racing", racing },
	{ "write_late", write_late },
	{ "read_late", read_late },
	{ "read_late_far", read_late_far },
	{ "read_late_large", read_late_large },
	{ "read_rewound", read_rewound },
	{ "junk", junk },
	{ "fence", fence },
	{ "leak", leak },
	{ "leak_many", leak_many },
	{ "hold", hold },
	{ "drop", drop },
	{ "unwritten", unwritten },
};

int main(int count, char **arguments)
{
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (count == 2 && !strcmp(verbs[i].name, arguments[1])) {
			verbs[i].run();
			return EXIT_SUCCESS;
		}
	}
	host_fail("what?");
}
