/* SPDX-License-Identifier: MIT */
/*
 * A program with one mistake in it, chosen by its argument: host VERB.  It
 * allocates by the inline path only, as compiled bindings do.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"
#include "sums.h"

#define JUNK_NEW 0xa5
#define JUNK_OLD 0x5a

void host_check_sums(uint64_t misuse)
{
	const char *fault = sums_fault(NULL);

	if (fault)
		host_fail(fault);
	host_must(sums_read(NULL).misuse == misuse, "the count of misuse");
}

/* ---- writes outside of allocations --------------------------------------- */

static void past_small(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes = host_take(arena, SMALL);

	(void)host_take(arena, 16);
	bytes[SMALL] = 0;
	magpool_return(arena);
	host_check_sums(1);
}

static void past_rounded(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes = host_take(arena, 64);

	(void)host_take(arena, 64);
	bytes[64] = 0;
	magpool_reset(arena);
	host_check_sums(1);
	magpool_return(arena);
	host_check_sums(1);
}

static void past_empty(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes = host_take(arena, 0);

	bytes[0] = 1;
	magpool_return(arena);
	host_check_sums(1);
}

static void past_large(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes = host_take(arena, LARGE);

	bytes[LARGE] = 0;
	magpool_return(arena);
	host_check_sums(1);
}

static void past_reserved(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes = magpool_reserve(arena, SMALL);

	bytes = hide(bytes);
	bytes[SMALL] = 0;
	host_must(magpool_commit(arena, 3) == bytes, "commit");
	magpool_return(arena);
	host_check_sums(1);
}

static void past_rewound(void)
{
	struct magpool_arena *arena = host_get();
	char *below = host_take(arena, SMALL);
	void *mark = magpool_mark(arena);
	char *bytes = host_take(arena, SMALL);

	bytes[SMALL] = 0;
	magpool_rewind(arena, mark);
	host_check_sums(1);
	below[SMALL] = 0;
	magpool_return(arena);
	host_check_sums(2);
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
	host_check_sums(1);
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
	host_check_sums(1);
	magpool_cache_return(cache, magpool_cache_get(cache));
	magpool_cache_destroy(&cache);
	host_check_sums(1);
}

static void before_second(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes;

	(void)host_take(arena, SMALL);
	bytes = host_take(arena, SMALL);
	bytes[-1] = 0;
	magpool_return(arena);
	host_check_sums(1);
}

static void before_first(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes = host_take(arena, SMALL);

	bytes[-1] = 0;
	magpool_return(arena);
	host_check_sums(1);
}

static void before_large(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes = host_take(arena, LARGE);

	bytes[-1] = 0;
	magpool_return(arena);
	host_check_sums(1);
}

/* What says how large an allocation is: the last eight of its bytes. */
static char *shape_of(char *bytes, size_t size)
{
	return bytes + (size + 15) / 16 * 16 + 8;
}

/* Nothing is known of the highest one but that it is wrong. */
static void shape_lost(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes = host_take(arena, SMALL);

	memset(bytes, 'x', (size_t)(shape_of(bytes, SMALL) + 8 - bytes));
	magpool_return(arena);
	host_check_sums(1);
}

/* Far in front of one, so that the shape of the one below goes, too. */
static void shape_lost_below(void)
{
	struct magpool_arena *arena = host_get();
	char *below = host_take(arena, 16);
	char *bytes = host_take(arena, SMALL);

	(void)below;
	memset(bytes - 8, 'x', 8);
	magpool_return(arena);
	host_check_sums(1);
}

/* The first that is found is told: they are looked at from the top. */
static void two_faults(void)
{
	struct magpool_arena *arena = host_get();

	host_take(arena, SMALL)[SMALL] = 0;
	host_take(arena, 20)[20] = 0;
	magpool_return(arena);
	host_check_sums(1);
}

/* ---- returns ------------------------------------------------------------- */

static void twice(void)
{
	struct magpool_arena *arena = host_get();

	magpool_return(hide(arena));
	magpool_return(hide(arena));
	host_check_sums(1);
	host_must(magpool_alloc(arena, 1) == NULL && errno == EINVAL, "a bump");
	magpool_set_label(arena, "too late");
	host_check_sums(3);
}

static void twice_labelled(void)
{
	struct magpool_arena *arena = host_get();

	magpool_return(hide(arena));
	magpool_return(hide(arena));
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
	host_check_sums(RACES);
}

static void foreign_label(void)
{
	static _Alignas(128) char nothing[256];

	magpool_set_label(hide(nothing), "no arena");
	/* Another mistake, for what the report has to name besides. */
	twice_labelled();
	host_check_sums(2);
}

/* A page of an arena, but not its first one. */
static void further(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes = NULL;

	/* The first one has room for one or two. */
	for (int i = 0; i < 3; i++)
		bytes = host_take(arena, 4000);
	magpool_return(hide((struct magpool_arena *)(void *)(bytes - 144)));
	magpool_return(arena);
	host_check_sums(1);
}

/* ---- use after return ---------------------------------------------------- */

static void write_late(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes = host_take(arena, SMALL);

	magpool_return(arena);
	bytes[5] = 'x';
	host_must(magpool_get() == arena, "the same one again");
	host_check_sums(1);
}

/* The very first byte; and no label. */
static void write_late_first(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes = host_take(arena, SMALL);

	magpool_return(hide(arena));
	bytes[-16] = 'x';
	host_must(magpool_get() == arena, "the same one again");
	host_check_sums(1);
	magpool_set_label(arena, "host.c:get");
	magpool_set_label(arena, NULL);
	magpool_return(hide(arena));
	bytes[-16] = 'x';
	host_must(magpool_get() == arena, "the same one again");
	host_check_sums(2);
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
	host_check_sums(0);
}

/* Past the last byte of a page, far from any allocation's surroundings. */
static void fence(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes = host_take(arena, SMALL);

	for (size_t at = SMALL; at < 20000; at++)
		bytes[at] = 0;
}

/* ---- the rest ------------------------------------------------------------ */

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
	{ "fine", host_fine },
	{ "many", host_many },
	{ "own_memory", host_own_memory },
	{ "guarded", host_guarded },
	{ "maps", host_maps },
	{ "limit", host_limit },
	{ "refused", host_refused },
	{ "sizes", host_sizes },
	{ "zero", host_zero },
	{ "handler", host_handler },
	{ "jumps", host_jumps },
	{ "shape_lost", shape_lost },
	{ "shape_lost_below", shape_lost_below },
	{ "two_faults", two_faults },
	{ "foreign_label", foreign_label },
	{ "write_late_first", write_late_first },
	{ "late_pools", host_late_pools },
	{ "no_malloc", host_no_malloc },
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
	{ "further", further },
	{ "write_late", write_late },
	{ "read_late", read_late },
	{ "read_late_far", read_late_far },
	{ "read_late_large", read_late_large },
	{ "read_rewound", read_rewound },
	{ "junk", junk },
	{ "fence", fence },
	{ "leak", host_leak },
	{ "leak_many", host_leak_many },
	{ "leak_in_a_child", host_leak_in_a_child },
	{ "hold", host_hold },
	{ "drop", host_drop },
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
