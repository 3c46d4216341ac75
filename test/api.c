/* SPDX-License-Identifier: MIT */
/*
 * The shared library as another language sees it: opened by path, each call
 * found by name, nothing of it linked or inlined.
 *
 *     api LIBRARY HEADER
 *
 * Every function that the header declares must be in the list below, and every
 * one in the list is called.
 */
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <magpool/magpool.h>

#define CALLS(CALL)                      \
	CALL(magpool_abandon)            \
	CALL(magpool_alloc)              \
	CALL(magpool_alloc_aligned)      \
	CALL(magpool_alloc_array)        \
	CALL(magpool_alloc_slow)         \
	CALL(magpool_asprintf)           \
	CALL(magpool_cache_create)       \
	CALL(magpool_cache_destroy)      \
	CALL(magpool_cache_flush)        \
	CALL(magpool_cache_get)          \
	CALL(magpool_cache_get_batch)    \
	CALL(magpool_cache_return)       \
	CALL(magpool_cache_return_batch) \
	CALL(magpool_commit)             \
	CALL(magpool_create)             \
	CALL(magpool_default)            \
	CALL(magpool_destroy)            \
	CALL(magpool_get)                \
	CALL(magpool_get_from)           \
	CALL(magpool_mark)               \
	CALL(magpool_memdup)             \
	CALL(magpool_reserve)            \
	CALL(magpool_reset)              \
	CALL(magpool_return)             \
	CALL(magpool_rewind)             \
	CALL(magpool_scope_end)          \
	CALL(magpool_set_label)          \
	CALL(magpool_stats_name)         \
	CALL(magpool_stats_print)        \
	CALL(magpool_stats_read)         \
	CALL(magpool_stats_shards)       \
	CALL(magpool_strdup)             \
	CALL(magpool_strmem)             \
	CALL(magpool_strndup)            \
	CALL(magpool_strv)               \
	CALL(magpool_thread_flush)       \
	CALL(magpool_trim)               \
	CALL(magpool_used)               \
	CALL(magpool_vasprintf)          \
	CALL(magpool_version)            \
	CALL(magpool_zalloc)             \
	CALL(magpool_zalloc_array)

enum {
#define CALL(name) INDEX_##name,
	CALLS(CALL)
#undef CALL
		CALL_COUNT
};

static struct {
#define CALL(name) __typeof__(name) *name;
	CALLS(CALL)
#undef CALL
} library;

static const struct {
	const char *name;
	void *where;
} calls[] = {
#define CALL(name) { #name, &library.name },
	CALLS(CALL)
#undef CALL
};

static bool called[CALL_COUNT];

/* The function itself, and a note that it was called. */
#define API(name) (called[INDEX_##name] = true, library.name)

static void check(bool good, const char *what, int line)
{
	if (!good) {
		fprintf(stderr, "%s:%d: %s (errno %d)\n", __FILE__, line, what,
			errno);
		abort();
	}
}

#define CHECK(condition) check(condition, #condition, __LINE__)

/* ---- the list and the header --------------------------------------------- */

static void find_all(const char *path)
{
	void *handle = dlopen(path, RTLD_NOW);

	check(handle, path, __LINE__);
	for (size_t i = 0; i < CALL_COUNT; i++) {
		void *address = dlsym(handle, calls[i].name);

		check(address, calls[i].name, __LINE__);
		memcpy(calls[i].where, &address, sizeof address);
	}
}

static bool is_listed(const char *name, size_t length)
{
	for (size_t i = 0; i < CALL_COUNT; i++) {
		if (strlen(calls[i].name) == length &&
		    !strncmp(calls[i].name, name, length))
			return true;
	}
	return false;
}

static char *read_all(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	CHECK(file && text);
	CHECK(fread(text, 1, (1 << 20) - 1, file) > 0);
	fclose(file);
	return text;
}

/* The function of a declaration is the first magpool_ name before a `(`. */
static const char *declared(const char *text, size_t *length)
{
	for (;;) {
		text = strstr(text, "magpool_");
		CHECK(text);
		for (*length = 0; isalnum((unsigned char)text[*length]) ||
				  text[*length] == '_';)
			++*length;
		if (text[*length] == '(')
			return text;
		text += *length;
	}
}

static size_t check_declared(const char *text, const char *mark)
{
	size_t found = 0;

	while ((text = strstr(text, mark))) {
		size_t length;
		const char *name = declared(text += strlen(mark), &length);

		if (!is_listed(name, length)) {
			fprintf(stderr, "not in this test: %.*s\n", (int)length,
				name);
			abort();
		}
		found++;
	}
	return found;
}

static void check_header(const char *path)
{
	char *text = read_all(path);

	CHECK(check_declared(text, "\nMAGPOOL_API ") +
		      check_declared(text, "\nMAGPOOL_HOT_API ") ==
	      CALL_COUNT);
	free(text);
}

static void check_all_called(void)
{
	for (size_t i = 0; i < CALL_COUNT; i++)
		check(called[i], calls[i].name, __LINE__);
}

/* ---- calls --------------------------------------------------------------- */

static char *format(struct magpool_arena *arena, const char *text, ...)
{
	va_list arguments;
	char *result;

	va_start(arguments, text);
	result = API(magpool_vasprintf)(arena, text, arguments);
	va_end(arguments);
	return result;
}

static void call_text(struct magpool_arena *arena)
{
	static const char *const words[] = { "one", "two", NULL };
	char **copy;

	CHECK(!strcmp(API(magpool_strdup)(arena, "text"), "text"));
	CHECK(!strcmp(API(magpool_strndup)(arena, "text", 2), "te"));
	CHECK(!memcmp(API(magpool_strmem)(arena, "a\0b", 3), "a\0b", 4));
	CHECK(!memcmp(API(magpool_memdup)(arena, "text", 5), "text", 5));
	copy = API(magpool_strv)(arena, words, NULL, SIZE_MAX);
	CHECK(!strcmp(copy[0], "one") && !strcmp(copy[1], "two") && !copy[2]);
	CHECK(!strcmp(API(magpool_asprintf)(arena, "%d", 42), "42"));
	CHECK(!strcmp(format(arena, "%s-%d", "a", 1), "a-1"));
}

static void call_allocations(struct magpool_arena *arena)
{
	char *bytes = API(magpool_alloc)(arena, 100);
	void *mark;

	CHECK(bytes && (uintptr_t)bytes % 16 == 0);
	CHECK(API(magpool_used)(arena) == 112);
	CHECK(API(magpool_alloc_slow)(arena, 0) != bytes);
	CHECK(*(char *)API(magpool_zalloc)(arena, 1) == 0);
	CHECK((uintptr_t)API(magpool_alloc_aligned)(arena, 1, 4096) % 4096 ==
	      0);
	CHECK(API(magpool_alloc_array)(arena, 10, 10));
	CHECK(*(char *)API(magpool_zalloc_array)(arena, 10, 10) == 0);
	mark = API(magpool_mark)(arena);
	bytes = API(magpool_reserve)(arena, 1000);
	CHECK(bytes && API(magpool_commit)(arena, 10) == bytes);
	API(magpool_rewind)(arena, mark);
	CHECK(API(magpool_alloc)(arena, 1) == bytes);
	API(magpool_reset)(arena);
	CHECK(API(magpool_used)(arena) == 0);
}

static void call_arenas(struct magpool *pool)
{
	struct magpool_arena *arena = API(magpool_get)();

	CHECK(arena);
	API(magpool_set_label)(arena, "api");
	call_allocations(arena);
	call_text(arena);
	API(magpool_return)(arena);
	arena = API(magpool_get_from)(pool);
	CHECK(arena && API(magpool_alloc)(arena, 100000));
	API(magpool_scope_end)(&arena);
	API(magpool_thread_flush)(pool);
	CHECK(API(magpool_trim)(pool) > 0);
}

static void call_caches(struct magpool *pool)
{
	struct magpool_cache *cache = API(magpool_cache_create)(pool);
	struct magpool_arena *arenas[30], *arena;

	CHECK(cache);
	arena = API(magpool_cache_get)(cache);
	CHECK(arena);
	API(magpool_cache_return)(cache, arena);
	CHECK(API(magpool_cache_get_batch)(cache, arenas, 30) == 30);
	API(magpool_cache_return_batch)(cache, arenas, 30);
	API(magpool_cache_flush)(cache);
	API(magpool_cache_destroy)(&cache);
	CHECK(!cache);
}

static void call_statistics(struct magpool *pool)
{
	struct magpool_stats stats = { 0 };

	CHECK(API(magpool_stats_read)(pool, &stats, sizeof stats) ==
	      sizeof stats);
	CHECK(stats.gets == 32 && stats.returns == 32);
	CHECK(!strcmp(API(magpool_stats_name)(0), "gets"));
	CHECK(API(magpool_stats_print)(pool, STDOUT_FILENO) == 0);
	CHECK(API(magpool_stats_shards)(pool, NULL, 0) == stats.shards);
	CHECK(!strcmp(API(magpool_version)(), MAGPOOL_VERSION));
}

static void call_all(void)
{
	struct magpool *pool = API(magpool_create)(NULL);

	CHECK(pool && API(magpool_default)() && API(magpool_default)() != pool);
	call_arenas(pool);
	call_caches(pool);
	call_statistics(pool);
	CHECK(API(magpool_destroy)(&pool) == 0 && !pool);
	pool = API(magpool_create)(NULL);
	CHECK(pool);
	API(magpool_abandon)(&pool);
	CHECK(!pool);
}

int main(int count, char **arguments)
{
	CHECK(count == 3);
	find_all(arguments[1]);
	check_header(arguments[2]);
	call_all();
	check_all_called();
	return EXIT_SUCCESS;
}
