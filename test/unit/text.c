/* SPDX-License-Identifier: MIT */
/* Strings: copies, vectors, formats. */
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unit.h"

static struct magpool *pool;
static struct magpool_arena *arena;

/* Memory that was used before: a NUL that is not written is missed. */
static void dirty(void)
{
	for (size_t i = 0; i < 4; i++) {
		void *bytes = magpool_alloc(arena, 4096);

		cr_assert_not_null(bytes);
		memset(bytes, 0xa5, 4096);
	}
	magpool_reset(arena);
}

static void begin(void)
{
	pool = unit_pool(0);
	arena = unit_get(pool);
	dirty();
}

static void end(void)
{
	magpool_return(arena);
	unit_end(pool);
}

TestSuite(text, .init = begin, .fini = end);

Test(text, strdup)
{
	char source[] = "marshal";
	char *copy = magpool_strdup(arena, source);

	source[0] = 'M';
	cr_assert_str_eq(copy, "marshal");
	cr_assert_str_empty(magpool_strdup(arena, ""));
	errno = UNTOUCHED;
	cr_assert_null(magpool_strdup(arena, NULL));
	cr_assert_eq(errno, UNTOUCHED);
}

Test(text, strdup_of_more_than_a_page)
{
	static char source[20000];
	char *copy;

	memset(source, 'x', sizeof source - 1);
	copy = magpool_strdup(arena, source);
	cr_assert_str_eq(copy, source);
}

Test(text, strndup)
{
	cr_assert_str_eq(magpool_strndup(arena, "marshal", 3), "mar");
	cr_assert_str_eq(magpool_strndup(arena, "marshal", 7), "marshal");
	cr_assert_str_eq(magpool_strndup(arena, "marshal", 100), "marshal");
	cr_assert_str_eq(magpool_strndup(arena, "marshal", hide_size(SIZE_MAX)),
			 "marshal");
	cr_assert_str_empty(magpool_strndup(arena, "marshal", 0));
	errno = UNTOUCHED;
	cr_assert_null(magpool_strndup(arena, NULL, 3));
	cr_assert_eq(errno, UNTOUCHED);
}

/* The last bytes before a page that cannot be read. */
static char *edge(size_t length)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	cr_assert_neq(map, MAP_FAILED);
	cr_assert_eq(mprotect(map + size, size, PROT_NONE), 0);
	memset(map, 'e', size);
	return map + size - length;
}

Test(text, nothing_is_read_past_the_length)
{
	const char *source = edge(5);
	size_t length = 5;
	char **vector;

	cr_assert_str_eq(magpool_strndup(arena, source, 5), "eeeee");
	cr_assert_str_eq(magpool_strmem(arena, source, 5), "eeeee");
	vector = magpool_strv(arena, &source, &length, 1);
	cr_assert_str_eq(vector[0], "eeeee");
}

Test(text, strmem)
{
	char *copy = magpool_strmem(arena, "a\0b\0c", 5);

	cr_assert_arr_eq(copy, "a\0b\0c", 6);
	cr_assert_str_empty(magpool_strmem(arena, "abc", 0));
	errno = UNTOUCHED;
	cr_assert_null(magpool_strmem(arena, NULL, 5));
	cr_assert_eq(errno, UNTOUCHED);
	unit_refused(arena, magpool_strmem(arena, "", hide_size(SIZE_MAX)),
		     ENOMEM);
}

static const char *const words[] = { "one", NULL, "", "four", NULL };

Test(text, strv_of_strings)
{
	char **copy = magpool_strv(arena, words, NULL, 4);

	cr_assert_str_eq(copy[0], "one");
	cr_assert_neq(copy[0], words[0]);
	cr_assert_null(copy[1]);
	cr_assert_str_empty(copy[2]);
	cr_assert_str_eq(copy[3], "four");
	cr_assert_null(copy[4]);
}

Test(text, strv_with_lengths)
{
	static const size_t lengths[] = { 2, 77, 0, 4 };
	char **copy = magpool_strv(arena, words, lengths, 4);

	cr_assert_str_eq(copy[0], "on");
	cr_assert_null(copy[1]);
	cr_assert_str_empty(copy[2]);
	cr_assert_str_eq(copy[3], "four");
	cr_assert_null(copy[4]);
}

Test(text, strv_with_nul_bytes)
{
	static const char *const strings[] = { "a\0b", "c" };
	static const size_t lengths[] = { 3, 1 };
	char **copy = magpool_strv(arena, strings, lengths, 2);

	cr_assert_arr_eq(copy[0], "a\0b", 4);
	cr_assert_str_eq(copy[1], "c");
	cr_assert_null(copy[2]);
}

Test(text, strv_up_to_null)
{
	static const size_t lengths[] = { 1, 0, 0, 0 };
	char **copy = magpool_strv(arena, words, NULL, SIZE_MAX);

	cr_assert_str_eq(copy[0], "one");
	cr_assert_null(copy[1]);
	copy = magpool_strv(arena, words, lengths, SIZE_MAX);
	cr_assert_str_eq(copy[0], "o");
	cr_assert_null(copy[1]);
	copy = magpool_strv(arena, words + 1, NULL, SIZE_MAX);
	cr_assert_null(copy[0]);
}

Test(text, strv_of_nothing)
{
	char **copy = magpool_strv(arena, words, NULL, 0);

	cr_assert_not_null(copy);
	cr_assert_null(copy[0]);
	/* No list is an empty one. */
	copy = magpool_strv(arena, NULL, NULL, SIZE_MAX);
	cr_assert_not_null(copy);
	cr_assert_null(copy[0]);
}

Test(text, strv_of_many)
{
	enum { MANY = 3000 };
	const char *strings[MANY];
	char **copy;

	for (size_t i = 0; i < MANY; i++)
		strings[i] = i % 7 ? "parameter" : NULL;
	copy = magpool_strv(arena, strings, NULL, MANY);
	cr_assert_not_null(copy);
	for (size_t i = 0; i < MANY; i++) {
		if (strings[i])
			cr_assert_str_eq(copy[i], strings[i]);
		else
			cr_assert_null(copy[i]);
	}
	cr_assert_null(copy[MANY]);
}

/* The array alone is too much: refused before a string is looked at. */
Test(text, strv_of_too_many)
{
	static const size_t counts[] = { SIZE_MAX - 1, SIZE_MAX / 8,
					 SIZE_MAX / 8 + 1, SIZE_MAX / 16 };

	for (size_t i = 0; i < LENGTH(counts); i++) {
		errno = 0;
		cr_assert_null(magpool_strv(arena, words, NULL, counts[i]));
		cr_assert(errno == EOVERFLOW || errno == ENOMEM, "errno %d",
			  errno);
	}
}

Test(text, asprintf)
{
	char *text = magpool_asprintf(arena, "%s(%d, %#x)", "draw", -3, 255);

	cr_assert_str_eq(text, "draw(-3, 0xff)");
	cr_assert_str_empty(magpool_asprintf(arena, "%s", ""));
	for (int width = 1; width < 10000; width += 61) {
		text = magpool_asprintf(arena, "%*d|%s", width, 7, "end");
		cr_assert_not_null(text);
		cr_assert_eq(strlen(text), (size_t)width + 4);
		cr_assert_str_eq(text + width - 1, "7|end");
	}
}

Test(text, asprintf_takes_what_it_needs)
{
	cr_assert_not_null(magpool_asprintf(arena, "%s", "0123456789"));
	cr_assert_eq(magpool_used(arena), 16);
	cr_assert_not_null(magpool_asprintf(arena, "%s", "0123456789abcde"));
	cr_assert_eq(magpool_used(arena), 32);
	cr_assert_not_null(magpool_asprintf(arena, "%s", "0123456789abcdef"));
	cr_assert_eq(magpool_used(arena), 64);
}

Test(text, asprintf_of_what_libc_refuses)
{
	static const wchar_t none[] = { 0x7fffffff, 0 };

	unit_refused(arena, magpool_asprintf(arena, "%ls", none), EILSEQ);
}

__attribute__((format(printf, 1, 2))) static char *format(const char *text, ...)
{
	va_list arguments;
	char *result;

	va_start(arguments, text);
	result = magpool_vasprintf(arena, text, arguments);
	va_end(arguments);
	return result;
}

Test(text, vasprintf)
{
	char *text = format("%5000s %s %d", "left", "right", 42);

	cr_assert_eq(strlen(text), 5009);
	cr_assert_str_eq(text + 4996, "left right 42");
	cr_assert_str_eq(format("%c%c", 'o', 'k'), "ok");
}
