/* SPDX-License-Identifier: MIT */
/* What is no mistake, or only that of asking for too much. */
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "host.h"
#include "sums.h"

void host_fine(void)
{
	pthread_t thread;

	for (int i = 0; i < 3; i++)
		host_use_all(NULL);
	host_must(!pthread_create(&thread, NULL, host_use_all, NULL), "thread");
	host_use_all(NULL);
	host_must(!pthread_join(thread, NULL), "join");
	host_check_sums(0);
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

void host_own_memory(void)
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
	host_check_sums(0);
	host_must(magpool_destroy(&pool) == 0, "magpool_destroy");
	host_must(mapped == 0, "all of it goes back");
}

/* More pages than the quarantine has room for. */
void host_many(void)
{
	for (int i = 0; i < 6000; i++) {
		struct magpool_arena *arena = host_get();

		host_write_all(host_take(arena, 2000), 2000);
		magpool_return(arena);
	}
	host_check_sums(0);
	printf("quarantined %" PRIu64 "\n", sums_read(NULL).pages_quarantined);
}

/* Is each call of the library's needed: is nothing inline? */
void host_guarded(void)
{
	struct magpool_arena *arena = host_get();

	for (size_t size = 0; size < 200; size++) {
		printf("room %td\n", arena->limit - arena->cursor);
		(void)host_take(arena, size);
	}
	magpool_return(arena);
}

static unsigned count_maps(void)
{
	FILE *file = fopen("/proc/self/maps", "r");
	unsigned lines = 0;
	int c;

	host_must(file != NULL, "/proc/self/maps");
	while ((c = getc(file)) != EOF)
		lines += c == '\n';
	(void)fclose(file);
	return lines;
}

/* Fills the quarantines of several pools, and those of their successors. */
static void fill_quarantines(unsigned pools, bool destroy)
{
	for (unsigned n = 0; n < pools; n++) {
		struct magpool *pool = magpool_create(NULL);

		host_must(pool != NULL, "magpool_create");
		for (int i = 0; i < 3000; i++)
			magpool_return(magpool_get_from(pool));
		if (destroy)
			host_must(magpool_destroy(&pool) == 0, "destroy");
	}
}

/* Each arena that cannot be touched costs a map: not all of the program's. */
void host_maps(void)
{
	fill_quarantines(6, true);
	fill_quarantines(6, false);
	for (int i = 0; i < 20000; i++)
		(void)host_get();
	printf("%u maps\n", count_maps());
}

/* What is gone does not count: the last pools are as good as the first ones. */
void host_late_pools(void)
{
	struct magpool *pool;
	struct magpool_arena *arena;
	char *bytes;

	fill_quarantines(12, true);
	pool = magpool_create(NULL);
	arena = magpool_get_from(pool);
	bytes = host_take(arena, SMALL);
	magpool_return(arena);
	bytes[5] = 'x';
}

/* A handler may be the first to get: it must not meet malloc's locks. */
void host_no_malloc(void)
{
	size_t before = mallinfo2().uordblks;

	magpool_return(host_get());
	host_must(mallinfo2().uordblks == before, "the get has allocated");
}

/* What a program under a limit may use again and again. */
void host_limit(void)
{
	for (int i = 0; i < 300; i++) {
		struct magpool_arena *arena = host_get();

		for (int n = 0; n < 5; n++)
			host_write_all(host_take(arena, 1000), 1000);
		magpool_return(arena);
	}
	host_check_sums(0);
}

/* Each way to be refused; what there is stays whole. */
void host_refused(void)
{
	struct magpool_arena *arena = host_get();
	char *bytes = host_take(arena, 100);
	struct magpool_arena *more[1000];
	size_t n = 0;

	host_write_all(bytes, 100);
	host_must(!magpool_alloc(arena, 10 << 20), "a block");
	host_must(!magpool_reserve(arena, 10 << 20), "a reserved block");
	while (n < 1000 && (more[n] = magpool_get()))
		n++;
	host_must(n < 1000 && errno == ENOMEM, "no end of arenas");
	while (magpool_alloc(arena, 4000))
		;
	while (magpool_alloc(arena, 1))
		;
	host_must(errno == ENOMEM, "no end of pages");
	host_must(!magpool_reserve(arena, 1000), "a reserved page");
	host_must(!magpool_alloc(arena, LARGE), "a stamp's page");
	host_must(!magpool_reserve(arena, LARGE), "as much, reserved");
	for (int i = 0; i < 100; i++)
		host_must(bytes[i] == 'x', "it is not what it was");
	while (n)
		magpool_return(more[--n]);
	magpool_return(arena);
	host_check_sums(0);
}

/* The edges of what can be asked for; what is used is without surroundings. */
void host_sizes(void)
{
	struct magpool_arena *arena = host_get();
	void *mark = magpool_mark(arena);
	char *bytes;

	host_must(!magpool_alloc(arena, (size_t)1 << 46), "2^46");
	host_must(!magpool_alloc(arena, ((size_t)1 << 46) + 1), "more");
	host_must(!magpool_reserve(arena, ((size_t)1 << 46) + 1), "reserved");
	host_must(magpool_used(arena) == 0, "nothing is used");
	host_must(magpool_reserve(arena, 0) && magpool_commit(arena, 0),
		  "nothing is reserved");
	host_must(!magpool_commit(arena, 0), "nothing, twice");
	bytes = magpool_reserve(arena, 100);
	host_must(!magpool_commit(arena, 101), "more than is reserved");
	host_must(magpool_commit(arena, 100) == bytes, "all of it");
	host_must(magpool_used(arena) == 112, "100 bytes are used");
	(void)host_take(arena, 4000);
	(void)host_take(arena, LARGE);
	host_must(magpool_used(arena) == 112 + 4000 + LARGE, "all are used");
	magpool_rewind(arena, mark);
	host_must(magpool_used(arena) == 0, "nothing is used any more");
	magpool_return(arena);
	host_check_sums(0);
}

/* All that was used is zero, and stays so. */
void host_zero(void)
{
	for (int i = 0; i < 10; i++) {
		struct magpool_arena *arena = host_get();
		char *bytes = host_take(arena, 1000);

		host_write_all(bytes, 1000);
		magpool_reset(arena);
		for (int n = 0; n < 1000; n++)
			host_must(bytes[n] == 0, "it is not cleared");
		magpool_return(arena);
	}
	host_check_sums(0);
}

/* A handler gets and returns wherever the thread is, first of all in malloc. */
static void get_and_return(int number)
{
	int saved = errno;

	(void)number;
	magpool_return(magpool_get());
	errno = saved;
}

void host_handler(void)
{
	static const struct itimerval often = { { 0, 200 }, { 0, 200 } };
	static const struct itimerval never;
	struct sigaction action = { .sa_handler = get_and_return };

	host_must(sigaction(SIGALRM, &action, NULL) == 0, "sigaction");
	host_must(setitimer(ITIMER_REAL, &often, NULL) == 0, "setitimer");
	for (size_t i = 0; i < 100000; i++) {
		free(hide(malloc(50 + i % 5000)));
		if (i % 16 == 0)
			magpool_return(host_get());
	}
	host_must(setitimer(ITIMER_REAL, &never, NULL) == 0, "setitimer");
	host_check_sums(0);
}

static jmp_buf back;
static int jumps_done;

static void jump(void *context, int error, const char *message)
{
	(void)context;
	(void)error;
	host_must(*message != 0, "no message");
	jumps_done++;
	longjmp(back, 1);
}

#define JUMPING(call)              \
	do {                       \
		if (!setjmp(back)) \
			call;      \
	} while (0)

void host_jumps(void)
{
	struct magpool_options options = { .size = sizeof options,
					   .on_error = jump };
	struct magpool *pool = magpool_create(&options);
	struct magpool_arena *volatile arena;
	void *volatile mark;

	host_must(pool != NULL, "magpool_create");
	for (volatile int i = 0; i < 100; i++) {
		arena = magpool_get_from(pool);
		mark = magpool_mark(arena);
		host_take(arena, SMALL)[SMALL] = 0;
		JUMPING(magpool_rewind(arena, (char *)mark + 16));
		JUMPING(magpool_rewind(arena, mark));
		host_take(arena, SMALL)[SMALL] = 0;
		JUMPING(magpool_reset(arena));
		host_take(arena, LARGE)[LARGE] = 0;
		JUMPING(magpool_return(arena));
		JUMPING(magpool_return(hide(arena)));
	}
	host_must(jumps_done == 500, "each is told once");
	host_must(!sums_fault(pool), "the sums");
	host_must(magpool_destroy(&pool) == 0, "all are back");
}
