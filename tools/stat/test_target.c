/* SPDX-License-Identifier: MIT */
/*
 * A process to look at:
 *
 *     test_target [threads=N] [pools=N] [idle] [close] [fork]
 *
 * Its threads get and return arenas of all its pools until stdin ends.  On a
 * line "exec" it becomes another program, on "rate" it prints how many calls
 * its threads made in the last half second.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <magpool/magpool.h>

enum { MOST_THREADS = 16, MOST_POOLS = 8, HELD = 20 };

static struct magpool *pools[MOST_POOLS];
static unsigned threads = 1, pool_count = 1;
static bool is_idle;
static _Atomic unsigned long long calls[MOST_THREADS];

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "test_target: %s\n", what);
	exit(EXIT_FAILURE);
}

static void use(struct magpool *pool)
{
	struct magpool_arena *arena = magpool_get_from(pool);

	if (!arena || !magpool_alloc(arena, 100))
		fail("out of memory");
	magpool_return(arena);
}

/* More than two magazines hold: so the depot has something to do. */
static void burst(struct magpool *pool)
{
	struct magpool_arena *held[3 * HELD];

	for (size_t i = 0; i < 3 * HELD; i++)
		held[i] = magpool_get_from(pool);
	for (size_t i = 0; i < 3 * HELD; i++)
		magpool_return(held[i]);
}

static void *work(void *argument)
{
	_Atomic unsigned long long *mine = argument;

	for (unsigned long long i = 0; !is_idle || i < 1000; i++) {
		use(pools[i % pool_count]);
		if (i % 4096 == 0)
			burst(pools[i / 4096 % pool_count]);
		atomic_store_explicit(mine, i, memory_order_relaxed);
	}
	return NULL;
}

static void make_pools(void)
{
	pools[0] = magpool_default();
	for (unsigned i = 1; i < pool_count; i++) {
		char name[16];
		struct magpool_options options = { .size = sizeof(options) };

		snprintf(name, sizeof(name), "pool %u", i);
		options.name = name;
		pools[i] = magpool_create(&options);
		if (!pools[i])
			fail("no pool");
	}
}

static void start(void)
{
	for (unsigned i = 0; i < threads; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, work, &calls[i]) != 0)
			fail("no thread");
		pthread_detach(thread);
	}
}

/* As some daemons do: also of what is not theirs. */
static void close_all(void)
{
	for (int fd = 3; fd < 256; fd++)
		close(fd);
}

static unsigned long long all_calls(void)
{
	unsigned long long sum = 0;

	for (unsigned i = 0; i < threads; i++)
		sum += atomic_load_explicit(&calls[i], memory_order_relaxed);
	return sum;
}

static void print_rate(void)
{
	const struct timespec half = { .tv_nsec = 500000000 };
	unsigned long long before = all_calls();

	nanosleep(&half, NULL);
	printf("%llu\n", all_calls() - before);
	fflush(stdout);
}

static void obey(void)
{
	char line[64];

	while (fgets(line, sizeof(line), stdin)) {
		if (strcmp(line, "rate\n") == 0)
			print_rate();
		if (strcmp(line, "exec\n") == 0)
			execlp("sleep", "sleep", "60", (char *)NULL);
	}
}

static void parse(const char *word, bool *closes, bool *forks)
{
	unsigned number;

	if (sscanf(word, "threads=%u", &number) == 1 && number <= MOST_THREADS)
		threads = number;
	else if (sscanf(word, "pools=%u", &number) == 1 && number &&
		 number <= MOST_POOLS)
		pool_count = number;
	else if (strcmp(word, "idle") == 0)
		is_idle = true;
	else if (strcmp(word, "close") == 0)
		*closes = true;
	else if (strcmp(word, "fork") == 0)
		*forks = true;
	else
		fail("usage");
}

int main(int argc, char **argv)
{
	bool closes = false, forks = false;
	pid_t child = 0;

	for (int i = 1; i < argc; i++)
		parse(argv[i], &closes, &forks);
	make_pools();
	for (unsigned i = 0; i < pool_count; i++)
		use(pools[i]);
	if (forks)
		child = fork();
	if (forks && !child) {
		use(pools[0]);
		pause();
	}
	if (closes)
		close_all();
	start();
	/* Some arenas stay out: there is something to see. */
	for (unsigned i = 0; i < 5; i++)
		if (!magpool_get_from(pools[0]))
			fail("out of memory");
	printf("ready %d\n", (int)child);
	fflush(stdout);
	obey();
	return 0;
}
