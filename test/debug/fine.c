/* SPDX-License-Identifier: MIT */
/* What hosts do with an arena, and nothing wrong with it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

_Noreturn void host_fail(const char *what)
{
	fprintf(stderr, "host: %s\n", what);
	_exit(EXIT_FAILURE);
}

void host_must(int good, const char *what)
{
	if (!good)
		host_fail(what);
}

struct magpool_arena *host_get(void)
{
	struct magpool_arena *arena = magpool_get();

	host_must(arena != NULL, "magpool_get");
	magpool_set_label(arena, "host.c:get");
	return arena;
}

char *host_take(struct magpool_arena *arena, size_t size)
{
	char *bytes = magpool_alloc(arena, size);

	host_must(bytes != NULL, "magpool_alloc");
	return hide(bytes);
}

void host_write_all(char *bytes, size_t size)
{
	host_must(bytes != NULL, "no memory");
	memset(bytes, 'x', size);
}

static void use_texts(struct magpool_arena *arena)
{
	static const char *const words[] = { "one", "two", NULL };
	char **copies = magpool_strv(arena, words, NULL, SIZE_MAX);
	char *text = magpool_strdup(arena, "some text");

	host_must(copies && !strcmp(copies[1], "two") && !copies[2], "strv");
	host_must(text && strlen(text) == 9 && text[8] == 't', "strdup");
	text = magpool_asprintf(arena, "%d and %s", 42, "more");
	host_must(text && !strcmp(text, "42 and more"), "asprintf");
	text = magpool_zalloc(arena, 100);
	host_must(text && text[0] == 0 && text[99] == 0, "zalloc");
}

static void use_reservations(struct magpool_arena *arena, size_t max)
{
	char *bytes = magpool_reserve(arena, max);

	host_write_all(bytes, max);
	host_must(magpool_commit(arena, max / 2) == bytes, "commit");
	host_must(bytes[0] == 'x' && bytes[max / 2 - 1] == 'x', "committed");
	host_write_all(magpool_reserve(arena, max), max);
	host_write_all(host_take(arena, 10), 10);
	host_must(!magpool_commit(arena, 1), "commit after another call");
	host_must(bytes[0] == 'x' && bytes[max / 2 - 1] == 'x',
		  "committed, later");
}

static void use_sizes(struct magpool_arena *arena)
{
	for (size_t size = 1; size < 6000; size += 1 + size / 3)
		host_write_all(host_take(arena, size), size);
	(void)host_take(arena, 0);
	host_write_all(host_take(arena, 4096), 4096);
	host_write_all(host_take(arena, LARGE), LARGE);
	for (size_t align = 16; align <= 65536; align *= 2) {
		char *bytes = magpool_alloc_aligned(arena, 3 * align, align);

		host_must((uintptr_t)bytes % align == 0, "alignment");
		host_write_all(bytes, 3 * align);
	}
}

void *host_use_all(void *unused)
{
	struct magpool_arena *arena = host_get();
	void *mark;

	for (int i = 0; i < 5; i++) {
		use_sizes(arena);
		mark = magpool_mark(arena);
		use_sizes(arena);
		use_texts(arena);
		magpool_rewind(arena, mark);
		use_reservations(arena, 1000);
		use_reservations(arena, LARGE);
		magpool_reset(arena);
	}
	use_texts(arena);
	magpool_return(arena);
	return unused;
}
