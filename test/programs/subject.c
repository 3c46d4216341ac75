/* SPDX-License-Identifier: MIT */
/*
 * The program that the tests of the environment and of process exit run, each
 * time in a new process:  subject VERB [FIELD=VALUE]...
 *
 * With fields of struct magpool_options it makes a pool of them, without it
 * uses the default pool.  It prints `name value` lines.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <magpool/magpool.h>

#include "hide.h"

#define MANY 5000

static struct magpool_arena *arenas[MANY];

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "subject: %s\n", what);
	_exit(EXIT_FAILURE);
}

/* ---- options ------------------------------------------------------------- */

static const struct field {
	const char *name;
	size_t offset;
} fields[] = {
#define FIELD(name)                                           \
	{                                                     \
#name, offsetof(struct magpool_options, name) \
	}
	FIELD(page_size),    FIELD(magazine_rounds), FIELD(cache_bytes),
	FIELD(depot_bytes),  FIELD(max_bytes),       FIELD(max_arena_bytes),
	FIELD(retain_bytes), FIELD(flags),
};

static void set_field(struct magpool_options *options, const char *text)
{
	size_t length = strcspn(text, "=");

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		const char *name = fields[i].name;

		if (strlen(name) == length && !strncmp(name, text, length)) {
			size_t value = strtoul(text + length + 1, NULL, 10);

			memcpy((char *)options + fields[i].offset, &value,
			       sizeof value);
			return;
		}
	}
	fail("no such field");
}

static struct magpool *make_pool(char **texts)
{
	struct magpool_options options = { .size = sizeof options };
	struct magpool *pool;

	if (!*texts)
		return magpool_default();
	for (; *texts; texts++)
		set_field(&options, *texts);
	pool = magpool_create(&options);
	if (!pool)
		fail("magpool_create");
	return pool;
}

/* ---- verbs --------------------------------------------------------------- */

static void show(const struct magpool *pool)
{
	struct magpool_stats stats = { 0 };
	uint64_t words[sizeof stats / sizeof(uint64_t)];

	magpool_stats_read(pool, &stats, sizeof stats);
	memcpy(words, &stats, sizeof stats);
	for (size_t i = 0; magpool_stats_name(i); i++)
		printf("%s %" PRIu64 "\n", magpool_stats_name(i), words[i]);
}

static void use(struct magpool *pool)
{
	struct magpool_arena *arena = magpool_get_from(pool);

	if (!arena || !magpool_alloc(arena, 100))
		fail("no arena");
	magpool_return(arena);
	show(pool);
}

/* What inline allocation finds. */
static void room(struct magpool *pool)
{
	struct magpool_arena *arena = magpool_get_from(pool);

	if (!arena)
		fail("no arena");
	printf("room %td\n", arena->limit - arena->cursor);
	magpool_return(arena);
}

/* Gets as many arenas as there are, MANY at most; the number after them. */
static size_t take_all(struct magpool *pool, size_t from)
{
	size_t n = from;

	errno = 0;
	while (n < MANY && (arenas[n] = magpool_get_from(pool)))
		n++;
	return n;
}

static void give_back(size_t from, size_t to)
{
	while (from < to)
		magpool_return(arenas[from++]);
}

static void fill(struct magpool *pool)
{
	size_t n = take_all(pool, 0);

	printf("filled %zu\nerrno %d\n", n, errno);
	give_back(0, n);
	show(pool);
}

/* Two pools: what the first one has, the second one gets when it ends. */
static void share(struct magpool *first)
{
	struct magpool *second = magpool_create(NULL);
	size_t n, before, after;

	if (!second)
		fail("magpool_create");
	n = take_all(first, 0);
	before = take_all(second, n);
	printf("first %zu\nsecond %zu\nerrno %d\n", n, before - n, errno);
	show(NULL);
	give_back(0, n);
	if (magpool_destroy(&first))
		fail("magpool_destroy");
	after = take_all(second, before);
	printf("later %zu\n", after - n);
	give_back(n, after);
}

/* Blocks above a page, again and again in one arena. */
static void blocks(struct magpool *pool)
{
	struct magpool_arena *arena = magpool_get_from(pool);

	for (size_t i = 0; i < 100; i++) {
		if (!arena || !magpool_alloc(arena, 60000))
			fail("no block");
		magpool_reset(arena);
	}
	magpool_return(arena);
	show(pool);
}

static void twice(struct magpool *pool)
{
	struct magpool_arena *arena = magpool_get_from(pool);

	if (!arena)
		fail("no arena");
	magpool_return(hide(arena));
	magpool_return(hide(arena));
	show(pool);
}

static void *busy(void *pool)
{
	for (;;) {
		for (size_t i = 0; i < 20; i++) {
			struct magpool_arena *arena = magpool_get_from(pool);

			if (!arena || !magpool_alloc(arena, 5000))
				abort();
			magpool_return(arena);
		}
	}
	return NULL;
}

/* main() ends while other threads are inside the library. */
static void end_busy(struct magpool *pool)
{
	struct timespec moment;

	for (size_t i = 0; i < 3; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, busy, pool))
			fail("pthread_create");
	}
	clock_gettime(CLOCK_REALTIME, &moment);
	moment = (struct timespec){ 0, moment.tv_nsec % 2000000 };
	nanosleep(&moment, NULL);
}

static const struct verb {
	const char *name;
	void (*run)(struct magpool *pool);
} verbs[] = {
	{ "share", share },   { "use", use },     { "fill", fill },
	{ "blocks", blocks }, { "twice", twice }, { "room", room },
	{ "busy", end_busy },
};

int main(int count, char **arguments)
{
	if (count < 2)
		fail("what?");
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		if (!strcmp(verbs[i].name, arguments[1])) {
			verbs[i].run(make_pool(arguments + 2));
			return EXIT_SUCCESS;
		}
	}
	fprintf(stderr, "subject: no such verb\n");
	return EXIT_FAILURE;
}
