/* SPDX-License-Identifier: MIT */
/* Success leaves errno alone; what never fails always does. */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include <fcntl.h>

#include "unit.h"

#define KEEPS(...)                                                           \
	do {                                                                 \
		errno = UNTOUCHED;                                           \
		__VA_ARGS__;                                                 \
		cr_assert_eq(errno, UNTOUCHED, "%s: errno %d", #__VA_ARGS__, \
			     errno);                                         \
	} while (0)

#define GIVES(call) KEEPS(cr_assert_not_null(call))

static void ignore(void *context, int error, const char *message)
{
	(void)context;
	(void)message;
	errno = error + 1000;
}

Test(keeps_errno, of_the_first_call)
{
	KEEPS(magpool_return(magpool_get()));
}

static void first_call_of_a_thread(void *pool)
{
	KEEPS(magpool_return(unit_get(pool)));
	KEEPS(magpool_thread_flush(pool));
}

Test(keeps_errno, of_pools)
{
	struct magpool *pool;
	struct magpool_arena *arenas[500];

	KEEPS(pool = magpool_create(NULL));
	crowd_one(first_call_of_a_thread, pool);
	for (size_t i = 0; i < LENGTH(arenas); i++)
		KEEPS(arenas[i] = unit_get(pool));
	for (size_t i = 0; i < LENGTH(arenas); i++)
		KEEPS(magpool_return(arenas[i]));
	KEEPS(magpool_thread_flush(pool));
	KEEPS(magpool_thread_flush(NULL));
	KEEPS((void)magpool_trim(pool));
	KEEPS((void)magpool_trim(NULL));
	KEEPS((void)sums_read(pool));
	KEEPS((void)sums_read(NULL));
	KEEPS(cr_assert_eq(magpool_destroy(&pool), 0));
	pool = unit_pool(0);
	KEEPS(magpool_abandon(&pool));
}

Test(keeps_errno, of_allocations)
{
	static const size_t sizes[] = { 0, 1, 100, 4096, 5000, 1 << 20 };
	static const char *const strings[] = { "a", NULL };
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);

	for (size_t i = 0; i < LENGTH(sizes); i++) {
		void *mark;

		GIVES(magpool_alloc(arena, sizes[i]));
		KEEPS(mark = magpool_mark(arena));
		GIVES(magpool_zalloc(arena, sizes[i]));
		GIVES(magpool_alloc_aligned(arena, sizes[i], 1024));
		GIVES(magpool_alloc_array(arena, sizes[i], 3));
		GIVES(magpool_zalloc_array(arena, sizes[i], 3));
		GIVES(magpool_reserve(arena, sizes[i]));
		GIVES(magpool_commit(arena, sizes[i]));
		GIVES(magpool_strdup(arena, "text"));
		GIVES(magpool_strndup(arena, "text", 2));
		GIVES(magpool_strmem(arena, "text", 2));
		GIVES(magpool_strv(arena, strings, NULL, 2));
		GIVES(magpool_asprintf(arena, "%*d", (int)sizes[i] / 10, 1));
		KEEPS(cr_assert_gt(magpool_used(arena), 0));
		KEEPS(magpool_rewind(arena, mark));
		KEEPS(magpool_reset(arena));
	}
	KEEPS(magpool_return(arena));
	unit_end(pool);
}

Test(keeps_errno, of_explicit_caches)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_cache *cache;
	struct magpool_arena *arenas[100];

	KEEPS(cache = magpool_cache_create(pool));
	for (size_t i = 0; i < LENGTH(arenas); i++)
		KEEPS(arenas[i] = magpool_cache_get(cache));
	for (size_t i = 0; i < LENGTH(arenas); i++)
		KEEPS(magpool_cache_return(cache, arenas[i]));
	KEEPS(cr_assert_eq(magpool_cache_get_batch(cache, arenas, 100), 100));
	KEEPS(magpool_cache_return_batch(cache, arenas, 100));
	KEEPS(magpool_cache_flush(cache));
	KEEPS(magpool_cache_destroy(&cache));
	unit_end(pool);
}

/* Misuse is reported by functions that may do as they like. */
Test(keeps_errno, of_misuse)
{
	struct magpool *pool = unit_pool(.on_error = ignore);
	struct magpool_arena *arena = unit_get(pool);
	struct magpool *none = NULL;
	struct capture capture;

	KEEPS(magpool_rewind(arena, (char *)arena->cursor + 16));
	KEEPS(magpool_return(hide(arena)));
	KEEPS(magpool_return(hide(arena)));
	KEEPS(magpool_reset(hide(arena)));
	capture_begin(&capture);
	close(STDERR_FILENO);
	KEEPS(magpool_abandon(&none));
	free(capture_end(&capture));
	unit_end(pool);
}

/* on_error may change errno; the caller still sees why. */
Test(keeps_errno, of_a_refusal)
{
	struct magpool *pool = unit_pool(.on_error = ignore);
	struct magpool_arena *arena = unit_get(pool);

	unit_refused(arena, magpool_alloc(arena, hide_size(SIZE_MAX)), ENOMEM);
	magpool_return(arena);
	unit_end(pool);
}
