/* SPDX-License-Identifier: MIT */
/*
 * What is counted by check_cost.py, one instruction after another: a function
 * for each row of its table, run as often as the command line says.
 */
#include <magpool/magpool.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNTED __attribute__((noinline))

/* What a native call is to the compiler: it may read and write all memory. */
static inline void native_call(void *parameter)
{
	__asm__ volatile("" : : "r"(parameter) : "memory");
}

static inline void *take(struct magpool_arena *arena, size_t size)
{
	void *memory = magpool_alloc(arena, size);

	if (!memory)
		abort();
	*(char *)memory = 1;
	return memory;
}

static inline struct magpool_arena *check(struct magpool_arena *arena)
{
	if (!arena)
		abort();
	return arena;
}

static inline void allocate_small(struct magpool_arena *arena)
{
	native_call(take(arena, 1));
	native_call(take(arena, 10));
	native_call(take(arena, 100));
	native_call(take(arena, 1000));
}

static COUNTED void counted_cycle(unsigned long n)
{
	while (n--)
		magpool_return(check(magpool_get()));
}

static COUNTED void counted_small(unsigned long n)
{
	while (n--) {
		struct magpool_arena *arena = check(magpool_get());

		allocate_small(arena);
		magpool_return(arena);
	}
}

static COUNTED void counted_nested(unsigned long n)
{
	while (n--) {
		struct magpool_arena *outer = check(magpool_get());
		struct magpool_arena *inner = check(magpool_get());

		magpool_return(inner);
		magpool_return(outer);
	}
}

/* More than a page: by now in a front block. */
static COUNTED void counted_multipage(unsigned long n)
{
	while (n--) {
		struct magpool_arena *arena = check(magpool_get());

		for (int i = 0; i < 10; i++)
			native_call(take(arena, 1000));
		magpool_return(arena);
	}
}

static struct magpool_cache *cache;

static COUNTED void counted_cache(unsigned long n)
{
	while (n--)
		magpool_cache_return(cache, check(magpool_cache_get(cache)));
}

static struct magpool *own;

static COUNTED void counted_own(unsigned long n)
{
	while (n--)
		magpool_return(check(magpool_get_from(own)));
}

struct row {
	const char *name;
	void (*run)(unsigned long n);
};

static const struct row rows[] = {
	{ "cycle", counted_cycle },   { "small", counted_small },
	{ "nested", counted_nested }, { "multipage", counted_multipage },
	{ "cache", counted_cache },   { "own", counted_own },
};

static void run(const char *name, unsigned long n)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			rows[i].run(n);
}

int main(int count, char **words)
{
	if (count != 3) {
		fprintf(stderr, "Usage: cost ROW TIMES\n");
		return 2;
	}
	cache = magpool_cache_create(magpool_default());
	own = magpool_create(NULL);
	if (!cache || !own)
		return 1;
	run(words[1], strtoul(words[2], NULL, 10));
	magpool_cache_destroy(&cache);
	return magpool_destroy(&own) ? 1 : 0;
}
