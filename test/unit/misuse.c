/* SPDX-License-Identifier: MIT */
/* Misuse is reported, counted and ignored; the pool is as it was. */
#include <setjmp.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unit.h"

static struct {
	size_t calls;
	int error;
	void *context;
	char message[256];
	jmp_buf *leave;
} seen;

static void note(void *context, int error, const char *message)
{
	seen.calls++;
	seen.error = error;
	seen.context = context;
	cr_assert_not_null(message);
	strncpy(seen.message, message, sizeof seen.message - 1);
	if (seen.leave)
		longjmp(*seen.leave, 1);
}

/* Every arena of a healthy pool is handed out once. */
static void still_healthy(struct magpool *pool)
{
	struct magpool_arena *arenas[200];

	for (size_t i = 0; i < LENGTH(arenas); i++) {
		char *p;

		arenas[i] = unit_get(pool);
		for (size_t j = 0; j < i; j++)
			cr_assert_neq(arenas[i], arenas[j]);
		p = magpool_alloc(arenas[i], 1000);
		cr_assert_not_null(p);
		memset(p, (int)i, 1000);
	}
	for (size_t i = 0; i < LENGTH(arenas); i++)
		magpool_return(arenas[i]);
	unit_sums(pool);
}

static void return_it(void *arena)
{
	magpool_return(arena);
}

/* ---- double returns ------------------------------------------------------ */

Test(misuse, second_return)
{
	struct magpool *pool = unit_pool(.on_error = note, .context = &seen);
	struct magpool_arena *arena = unit_get(pool);

	cr_assert_not_null(magpool_alloc(arena, 100));
	magpool_return(hide(arena));
	errno = UNTOUCHED;
	for (size_t i = 1; i <= 5; i++) {
		magpool_return(hide(arena));
		cr_assert_eq(sums_read(pool).misuse, i);
		cr_assert_eq(seen.calls, i);
	}
	cr_assert_eq(errno, UNTOUCHED);
	cr_assert_eq(seen.error, EINVAL);
	cr_assert_eq(seen.context, &seen);
	cr_assert(*seen.message);
	cr_assert_eq(sums_read(pool).returns, 1);
	still_healthy(pool);
	unit_end(pool);
}

Test(misuse, second_return_from_the_depot)
{
	struct magpool *pool = unit_pool(.on_error = note);
	/* Keeps the slab from being unmapped. */
	struct magpool_arena *neighbour = unit_get(pool);
	struct magpool_arena *arena = unit_get(pool);
	struct capture capture;

	magpool_return(hide(arena));
	magpool_thread_flush(pool);
	magpool_return(hide(arena));
	cr_assert_eq(sums_read(pool).misuse, 1);
	crowd_one(return_it, hide(arena));
	cr_assert_eq(sums_read(pool).misuse, 2);
	cr_assert_eq(seen.calls, 2);
	/* Trimmed memory no longer says whose it was. */
	magpool_trim(pool);
	capture_begin(&capture);
	magpool_return(hide(arena));
	free(capture_end(&capture));
	cr_assert_eq(sums_read(NULL).misuse, 3);
	magpool_return(neighbour);
	still_healthy(pool);
	unit_end(pool);
}

Test(misuse, second_return_through_a_cache)
{
	struct magpool *pool = unit_pool(.on_error = note);
	struct magpool_cache *cache = magpool_cache_create(pool);
	struct magpool_arena *arena = magpool_cache_get(cache);
	struct magpool_arena *twice[] = { arena, arena, NULL, arena };

	magpool_cache_return_batch(cache, twice, LENGTH(twice));
	cr_assert_eq(sums_read(pool).misuse, 2);
	magpool_cache_return(cache, hide(arena));
	magpool_return(hide(arena));
	cr_assert_eq(sums_read(pool).misuse, 4);
	magpool_cache_destroy(&cache);
	still_healthy(pool);
	unit_end(pool);
}

Test(misuse, calls_on_a_returned_arena)
{
	struct magpool *pool = unit_pool(.on_error = note);
	struct magpool_arena *arena = unit_get(pool);
	void *mark = magpool_mark(arena);

	magpool_return(hide(arena));
	magpool_reset(arena);
	cr_assert_eq(sums_read(pool).misuse, 1);
	magpool_rewind(arena, mark);
	cr_assert_eq(sums_read(pool).misuse, 2);
	errno = 0;
	cr_assert_null(magpool_alloc(arena, 1));
	cr_assert_eq(errno, EINVAL);
	errno = 0;
	cr_assert_null(magpool_alloc_aligned(arena, 100, 64));
	cr_assert_eq(errno, EINVAL);
	errno = 0;
	cr_assert_null(magpool_reserve(arena, 100));
	cr_assert_eq(errno, EINVAL);
	errno = 0;
	cr_assert_null(magpool_commit(arena, 100));
	cr_assert_eq(errno, EINVAL);
	errno = 0;
	cr_assert_null(magpool_strdup(arena, "text"));
	cr_assert_eq(errno, EINVAL);
	still_healthy(pool);
	unit_end(pool);
}

/* ---- foreign addresses --------------------------------------------------- */

struct forged {
	_Alignas(16) uintptr_t words[64];
};

/* Ways to fill it: empty, as garbage, as an arena, as a returned arena. */
static void forge(struct forged *forged, size_t way,
		  const struct magpool_arena *model)
{
	memset(forged, way == 1 ? 0xa5 : 0, sizeof *forged);
	if (way == 2)
		memcpy(forged, model, sizeof *model);
	if (way == 3) {
		forged->words[0] = (uintptr_t)&forged->words[8];
		forged->words[1] = (uintptr_t)&forged->words[64];
		forged->words[2] = (uintptr_t)forged;
		forged->words[3] = (uintptr_t)forged;
	}
}

/* Each return call refuses it. */
static void refuse(struct magpool *pool, void *address)
{
	struct magpool_cache *cache = magpool_cache_create(pool);
	uint64_t before = sums_read(NULL).misuse;
	struct magpool_arena *arena = hide(address);

	magpool_return(hide(arena));
	cr_assert_eq(sums_read(NULL).misuse, before + 1);
	magpool_cache_return(cache, hide(arena));
	cr_assert_eq(sums_read(NULL).misuse, before + 2);
	magpool_cache_return_batch(cache, &arena, 1);
	cr_assert_eq(sums_read(NULL).misuse, before + 3);
	magpool_cache_destroy(&cache);
}

static struct forged in_data;

Test(misuse, foreign_addresses)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);
	struct forged *on_heap = aligned_alloc(16, sizeof *on_heap);
	struct forged on_stack;
	struct forged *places[] = { &on_stack, &in_data, on_heap };
	struct capture capture;

	cr_assert_not_null(on_heap);
	capture_begin(&capture);
	for (size_t way = 0; way < 4; way++) {
		for (size_t i = 0; i < LENGTH(places); i++) {
			struct forged copy;

			forge(places[i], way, arena);
			copy = *places[i];
			refuse(pool, places[i]);
			cr_assert_arr_eq((char *)places[i], (char *)&copy,
					 sizeof copy, "it was written to");
		}
	}
	free(capture_end(&capture));
	free(on_heap);
	magpool_return(arena);
	still_healthy(pool);
	unit_end(pool);
}

/* Nothing but the 16 bytes themselves may be read. */
Test(misuse, foreign_at_the_edge_of_the_readable)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	struct magpool *pool = unit_pool(0);
	char *map = mmap(NULL, 3 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	struct capture capture;

	cr_assert_neq(map, MAP_FAILED);
	cr_assert_eq(mprotect(map + size, size, PROT_READ), 0);
	capture_begin(&capture);
	refuse(pool, map + 2 * size - 16);
	refuse(pool, map + size);
	free(capture_end(&capture));
	still_healthy(pool);
	unit_end(pool);
}

Test(misuse, the_middle_of_an_arena)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);
	char *bytes = magpool_alloc(arena, 4096);
	char *block = magpool_alloc(arena, 100000);
	struct capture capture;

	memset(block, 0, 100000);
	capture_begin(&capture);
	for (size_t way = 0; way < 4; way++) {
		for (size_t at = 0; at + sizeof(struct forged) <= 4096;
		     at += sizeof(struct forged)) {
			forge((struct forged *)(bytes + at), way, arena);
			refuse(pool, bytes + at);
			refuse(pool, bytes + at + 256);
		}
		forge((struct forged *)block, way, arena);
		refuse(pool, block);
	}
	free(capture_end(&capture));
	cr_assert_eq(sums_read(pool).arenas_out, 1);
	magpool_return(arena);
	still_healthy(pool);
	unit_end(pool);
}

/* The second page of a chain looks like an arena, but is none to be given. */
Test(misuse, a_copy_of_an_arena)
{
	struct magpool *pool = unit_pool(0);
	struct magpool_arena *arena = unit_get(pool);
	struct forged copy = { { 0 } };
	struct capture capture;

	/* Rule (d) forbids it; the whole header, so that nothing is missing. */
	memcpy(&copy, arena, 256);
	capture_begin(&capture);
	refuse(pool, &copy);
	free(capture_end(&capture));
	magpool_return(arena);
	still_healthy(pool);
	unit_end(pool);
}

/* ---- what is said -------------------------------------------------------- */

static char *said_of_double_returns(struct magpool *pool, size_t count)
{
	struct magpool_arena *arena = unit_get(pool);
	struct capture capture;

	magpool_return(hide(arena));
	capture_begin(&capture);
	for (size_t i = 0; i < count; i++)
		magpool_return(hide(arena));
	return capture_end(&capture);
}

Test(misuse, one_line_a_pool)
{
	struct magpool *first = unit_pool(.name = "first");
	struct magpool *second = unit_pool(.name = "second");
	char *text = said_of_double_returns(first, 3);

	cr_assert_eq(count_lines(text), 1, "%s", text);
	cr_assert_not_null(strstr(text, "magpool"), "%s", text);
	cr_assert_not_null(strstr(text, "first"), "%s", text);
	free(text);
	text = said_of_double_returns(first, 3);
	cr_assert_str_empty(text);
	free(text);
	text = said_of_double_returns(second, 3);
	cr_assert_eq(count_lines(text), 1, "%s", text);
	cr_assert_not_null(strstr(text, "second"), "%s", text);
	free(text);
	cr_assert_eq(sums_read(first).misuse, 6);
	cr_assert_eq(sums_read(second).misuse, 3);
	unit_end(first);
	unit_end(second);
}

Test(misuse, on_error_instead_of_the_line)
{
	struct magpool *pool = unit_pool(.on_error = note);
	char *text = said_of_double_returns(pool, 3);

	cr_assert_str_empty(text);
	cr_assert_eq(seen.calls, 3);
	free(text);
	unit_end(pool);
}

Test(misuse, a_foreign_address_is_said_once)
{
	struct capture capture;
	char *text;

	capture_begin(&capture);
	magpool_return(hide(&in_data));
	magpool_return(hide(&in_data));
	text = capture_end(&capture);
	cr_assert_eq(count_lines(text), 1, "%s", text);
	free(text);
	cr_assert_eq(sums_read(NULL).misuse, 2);
}

/* ---- on_error that does not come back ------------------------------------ */

Test(misuse, longjmp_out_of_a_return)
{
	struct magpool *pool = unit_pool(.on_error = note);
	struct magpool_arena *arena = unit_get(pool);
	jmp_buf leave;

	magpool_return(hide(arena));
	seen.leave = &leave;
	for (volatile size_t i = 0; i < 100; i++) {
		if (!setjmp(leave)) {
			magpool_return(hide(arena));
			cr_assert_fail("on_error was not called");
		}
	}
	seen.leave = NULL;
	cr_assert_eq(seen.calls, 100);
	cr_assert_eq(sums_read(pool).misuse, 100);
	still_healthy(pool);
	unit_end(pool);
}

Test(misuse, longjmp_out_of_a_get)
{
	struct magpool *pool =
		unit_pool(.on_error = note, .max_bytes = 1 << 20);
	static struct magpool_arena *arenas[1000];
	volatile size_t n = 0;
	jmp_buf leave;

	seen.leave = &leave;
	for (volatile size_t i = 0; i < 100; i++) {
		if (!setjmp(leave)) {
			while (n < LENGTH(arenas)) {
				arenas[n] = magpool_get_from(pool);
				n++;
			}
		}
	}
	cr_assert_lt(n, LENGTH(arenas));
	cr_assert_eq(seen.calls, 100);
	cr_assert_eq(seen.error, ENOMEM);
	cr_assert_eq(sums_read(pool).refusals, 100);
	unit_sums(pool);
	if (!setjmp(leave)) {
		(void)!magpool_alloc(arenas[0], 1 << 21);
		cr_assert_fail("on_error was not called");
	}
	seen.leave = NULL;
	for (size_t i = 0; i < n; i++)
		magpool_return(arenas[i]);
	unit_end(pool);
}

static void note_and_use(void *context, int error, const char *message)
{
	struct magpool **pool = context;
	struct magpool_arena *arena = magpool_get_from(*pool);

	(void)error;
	(void)message;
	seen.calls++;
	cr_assert_not_null(arena);
	cr_assert_not_null(magpool_alloc(arena, 100));
	magpool_return(arena);
}

/* The pool is consistent while on_error runs: it may even be used there. */
Test(misuse, on_error_uses_the_pool)
{
	struct magpool *pool =
		unit_pool(.on_error = note_and_use, .context = &pool);
	struct magpool_arena *stale = unit_get(pool);
	struct magpool_arena *arena;

	magpool_return(hide(stale));
	magpool_return(unit_get(pool));
	arena = unit_get(pool);
	unit_refused(arena, magpool_alloc(arena, hide_size(SIZE_MAX)), ENOMEM);
	magpool_return(arena);
	magpool_return(hide(stale));
	cr_assert_eq(seen.calls, 2);
	unit_end(pool);
}

/* Nothing is used of what is no arena, or not out. */
Test(misuse, used_of_what_is_not_out)
{
	static _Alignas(128) char nothing[256];
	struct magpool *pool = magpool_create(NULL);
	struct magpool_arena *arena = unit_get(pool);

	cr_assert_not_null(magpool_alloc(arena, 100));
	cr_assert_eq(magpool_used(arena), 112);
	magpool_return(hide(arena));
	cr_assert_eq(magpool_used(hide(arena)), 0);
	cr_assert_eq(
		magpool_used(hide((struct magpool_arena *)(void *)nothing)), 0);
	unit_end(pool);
}
