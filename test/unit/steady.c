/* SPDX-License-Identifier: MIT */
/*
 * Steady state: 300 000 cycles without one call of malloc, mmap, munmap or
 * madvise.
 *
 * A program of its own, linked with the shared library, so that the library's
 * calls meet the counting functions below first.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <magpool/magpool.h>

#include "hide.h"

#define CYCLES 300000
#define WARM_UP 10000
#define SKIPPED 77 /* what Meson takes for "skipped" */

enum call {
	MALLOC, /* calloc and realloc too */
	MMAP,
	MUNMAP,
	MADVISE,
	CALLS
};

static const char *const names[] = { "malloc", "mmap", "munmap", "madvise" };
static atomic_ulong counted[CALLS];

static void count(enum call call)
{
	atomic_fetch_add_explicit(&counted[call], 1, memory_order_relaxed);
}

/* ---- in front of the C library ------------------------------------------- */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *address, size_t size);

void *malloc(size_t size)
{
	count(MALLOC);
	return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	count(MALLOC);
	return __libc_calloc(n, size);
}

void *realloc(void *address, size_t size)
{
	count(MALLOC);
	return __libc_realloc(address, size);
}

static void *pointer(long word)
{
	void *address;

	memcpy(&address, &word, sizeof address);
	return address;
}

void *mmap(void *address, size_t size, int protection, int flags, int file,
	   off_t offset)
{
	count(MMAP);
	return pointer(syscall(SYS_mmap, address, size, protection, flags, file,
			       offset));
}

int munmap(void *address, size_t size)
{
	count(MUNMAP);
	return (int)syscall(SYS_munmap, address, size);
}

int madvise(void *address, size_t size, int advice)
{
	count(MADVISE);
	return (int)syscall(SYS_madvise, address, size, advice);
}

/* ---- the calls ----------------------------------------------------------- */

static void take(struct magpool_arena *arena, size_t size)
{
	char *bytes = magpool_alloc(arena, size);

	if (!bytes)
		abort();
	bytes[0] = bytes[size - 1] = 1;
}

static struct magpool_arena *get(void)
{
	struct magpool_arena *arena = magpool_get();

	if (!arena)
		abort();
	return arena;
}

/* Parameters that fit a page. */
static void small_call(void)
{
	struct magpool_arena *arena = get();

	take(arena, 1);
	take(arena, 10);
	take(arena, 100);
	take(arena, 1000);
	magpool_return(arena);
}

/* Two arenas at once, returned in the other order. */
static void nested_call(void)
{
	struct magpool_arena *outer = get(), *inner = get();

	take(outer, 2000);
	take(inner, 2000);
	magpool_return(outer);
	magpool_return(inner);
}

/* 64 KiB in pieces that each fit a page. */
static void large_call(void)
{
	static const size_t sizes[] = { 100, 4096, 1500, 3000 };
	struct magpool_arena *arena = get();

	for (size_t i = 0, sum = 0; sum < 65536; i++) {
		size_t size = sizes[i % 4];

		size = size < 65536 - sum ? size : 65536 - sum;
		take(arena, size);
		sum += size;
	}
	magpool_return(arena);
}

/* A thread's more than its magazines hold: each cycle goes to the depot. */
static void wide_call(void)
{
	struct magpool_arena *arenas[50];

	for (size_t i = 0; i < 50; i++) {
		arenas[i] = get();
		take(arenas[i], 100);
	}
	for (size_t i = 0; i < 50; i++)
		magpool_return(arenas[i]);
}

/* ---- counting ------------------------------------------------------------ */

struct load {
	const char *name;
	void (*call)(void);
	unsigned long cycles;
};

static const struct load loads[] = {
	{ "parameters that fit a page", small_call, CYCLES },
	{ "two arenas at once", nested_call, CYCLES },
	{ "64 KiB in pieces that fit a page", large_call, CYCLES },
	{ "50 arenas at once", wide_call, CYCLES / 50 },
};

static unsigned long sum(void)
{
	unsigned long all = 0;

	for (size_t i = 0; i < CALLS; i++)
		all += atomic_load(&counted[i]);
	return all;
}

static int check(const struct load *load)
{
	unsigned long before, after;

	for (unsigned long i = 0; i < WARM_UP; i++)
		load->call();
	before = sum();
	for (unsigned long i = 0; i < load->cycles; i++)
		load->call();
	after = sum();
	printf("%s: %lu calls of the system or malloc in %lu cycles\n",
	       load->name, after - before, load->cycles);
	return after == before;
}

/* More arenas than anybody keeps, and the end of their pool. */
static void grow_and_shrink(void)
{
	static struct magpool_arena *arenas[2000];
	struct magpool *pool = magpool_create(NULL);

	if (!pool)
		abort();
	for (size_t i = 0; i < 2000; i++) {
		arenas[i] = magpool_get_from(pool);
		if (!arenas[i])
			abort();
		take(arenas[i], 4096);
	}
	/* One in a slab here and there stays: madvise for the rest. */
	for (size_t i = 0; i < 2000; i++) {
		if (i % 100)
			magpool_return(arenas[i]);
	}
	magpool_thread_flush(pool);
	magpool_trim(pool);
	for (size_t i = 0; i < 2000; i += 100)
		magpool_return(arenas[i]);
	if (magpool_destroy(&pool))
		abort();
}

/* Each one must be seen once, or that it is not seen later means nothing. */
static int counting_works(void)
{
	int all = 1;

	grow_and_shrink();
	/* A shared library's malloc: the library itself has no use for one. */
	free(hide(strdup("libc")));
	for (size_t i = 0; i < CALLS; i++) {
		unsigned long n = atomic_load(&counted[i]);

		printf("at the start: %lu of %s\n", n, names[i]);
		all &= n > 0;
	}
	return all;
}

int main(void)
{
	int good;

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
	printf("a sanitizer has its own malloc and mmap\n");
	return SKIPPED;
#endif
	good = counting_works();
	for (size_t i = 0; i < sizeof loads / sizeof *loads; i++)
		good &= check(&loads[i]);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
