/* SPDX-License-Identifier: MIT */
/*
 * Conveniences over magpool_alloc(): zeroed memory, arrays, copies, strings.
 */
#include "watch.h"

#include <magpool/magpool.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* ---- memory -------------------------------------------------------------- */

void *magpool_zalloc(struct magpool_arena *arena, size_t size)
{
	void *address = magpool_alloc(arena, size);

	return address ? memset(address, 0, size) : NULL;
}

static bool product(size_t count, size_t size, size_t *bytes)
{
	if (!__builtin_mul_overflow(count, size, bytes))
		return true;
	errno = EOVERFLOW;
	return false;
}

void *magpool_alloc_array(struct magpool_arena *arena, size_t count,
			  size_t size)
{
	size_t bytes;

	return product(count, size, &bytes) ? magpool_alloc(arena, bytes)
					    : NULL;
}

void *magpool_zalloc_array(struct magpool_arena *arena, size_t count,
			   size_t size)
{
	size_t bytes;

	return product(count, size, &bytes) ? magpool_zalloc(arena, bytes)
					    : NULL;
}

void *magpool_memdup(struct magpool_arena *arena, const void *source,
		     size_t size)
{
	void *address = magpool_alloc(arena, size);

	/* memcpy() may not see NULL, not even for nothing. */
	return address && size ? memcpy(address, source, size) : address;
}

/* ---- strings ------------------------------------------------------------- */

char *magpool_strmem(struct magpool_arena *arena, const void *bytes,
		     size_t length)
{
	char *copy;

	if (!bytes)
		return NULL;
	/* A length of SIZE_MAX has no room for its NUL. */
	copy = magpool_alloc(arena, length == SIZE_MAX ? length : length + 1);
	if (!copy)
		return NULL;
	memcpy(copy, bytes, length);
	copy[length] = '\0';
	mp_watch_wrote(copy + length, 1);
	return copy;
}

char *magpool_strdup(struct magpool_arena *arena, const char *string)
{
	return string ? magpool_strmem(arena, string, strlen(string)) : NULL;
}

char *magpool_strndup(struct magpool_arena *arena, const char *string,
		      size_t max)
{
	return string ? magpool_strmem(arena, string, strnlen(string, max))
		      : NULL;
}

static size_t count_of(const char *const *strings)
{
	size_t count = 0;

	while (strings[count])
		count++;
	return count;
}

static bool copy_all(struct magpool_arena *arena, char **copies,
		     const char *const *strings, const size_t *lengths,
		     size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *string = strings[i];

		if (string && lengths)
			copies[i] = magpool_strmem(arena, string, lengths[i]);
		else
			copies[i] = magpool_strdup(arena, string);
		if (string && !copies[i])
			return false;
	}
	copies[count] = NULL;
	mp_watch_wrote(copies, (count + 1) * sizeof *copies);
	return true;
}

char **magpool_strv(struct magpool_arena *arena, const char *const *strings,
		    const size_t *lengths, size_t count)
{
	void *before = magpool_mark(arena);
	char **copies;

	if (count == SIZE_MAX)
		count = strings ? count_of(strings) : 0;
	copies = magpool_alloc_array(arena, count + 1, sizeof *copies);
	if (!copies)
		return NULL;
	if (!copy_all(arena, copies, strings, lengths, count)) {
		magpool_rewind(arena, before);
		return NULL;
	}
	return copies;
}

/* ---- formatted ----------------------------------------------------------- */

#define FIRST_GUESS 128

char *magpool_vasprintf(struct magpool_arena *arena, const char *format,
			va_list arguments)
{
	char guess[FIRST_GUESS];
	int saved = errno;
	va_list again;
	char *string;
	int length;

	va_copy(again, arguments);
	length = vsnprintf(guess, sizeof guess, format, arguments);
	string = length < 0 ? NULL : magpool_alloc(arena, (size_t)length + 1);
	if (string && (size_t)length < sizeof guess)
		memcpy(string, guess, (size_t)length + 1);
	else if (string)
		vsnprintf(string, (size_t)length + 1, format, again);
	va_end(again);
	if (string)
		errno = saved;
	return string;
}

char *magpool_asprintf(struct magpool_arena *arena, const char *format, ...)
{
	va_list arguments;
	char *string;

	va_start(arguments, format);
	string = magpool_vasprintf(arena, format, arguments);
	va_end(arguments);
	return string;
}
