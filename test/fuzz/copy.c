/* SPDX-License-Identifier: MIT */
/* Operations: copies, strings, vectors of strings, formatted strings. */
#include "taking.h"

#include <stdarg.h>
#include <string.h>

/* ---- copies -------------------------------------------------------------- */

/* What is copied: no NUL but the last byte. */
static char source[70000];

static void make_source(void)
{
	if (source[0])
		return;
	for (size_t i = 0; i + 1 < sizeof source; i++)
		source[i] = (char)('A' + i % 53);
}

static size_t some_length(struct fuzz_input *input,
			  const struct world_pool *pool)
{
	size_t length = taking_size(input, pool);

	make_source();
	return length < sizeof source ? length : sizeof source - 1;
}

static void took_copy(const struct taking *t, char *copy, const char *from,
		      size_t length, bool ends)
{
	if (!taking_done(t, copy, length + ends, 16))
		return;
	FUZZ_CHECK(!memcmp(copy, from, length), "%zu bytes", length);
	FUZZ_CHECK(!ends || !copy[length], "no NUL after %zu", length);
	world_add_piece(t->slot, copy, length + ends);
}

void take_memdup(struct fuzz_input *input)
{
	struct world_arena *slot = taking_arena(input);
	struct taking t;
	size_t size;

	if (!slot)
		return;
	size = some_length(input, slot->pool);
	t = taking_begin(slot);
	took_copy(&t, magpool_memdup(slot->arena, size ? source : NULL, size),
		  source, size, false);
}

/* A NULL string gives NULL, and nothing else happens. */
static void gave_nothing(const struct taking *t, const void *copy)
{
	FUZZ_CHECK(!copy, "%p", copy);
	world_kept();
	taking_failed(t);
}

void take_strdup(struct fuzz_input *input)
{
	struct world_arena *slot = taking_arena(input);
	const char *from;
	struct taking t;
	size_t length;

	if (!slot)
		return;
	length = some_length(input, slot->pool);
	from = source + sizeof source - 1 - length;
	t = taking_begin(slot);
	if (length == 47)
		gave_nothing(&t, magpool_strdup(slot->arena, NULL));
	else
		took_copy(&t, magpool_strdup(slot->arena, from), from, length,
			  true);
}

void take_strndup(struct fuzz_input *input)
{
	struct world_arena *slot = taking_arena(input);
	struct taking t;
	size_t length;

	if (!slot)
		return;
	length = some_length(input, slot->pool);
	t = taking_begin(slot);
	if (length == 47)
		gave_nothing(&t, magpool_strndup(slot->arena, NULL, 4));
	else
		took_copy(&t, magpool_strndup(slot->arena, source, length),
			  source, length, true);
}

void take_strmem(struct fuzz_input *input)
{
	struct world_arena *slot = taking_arena(input);
	struct taking t;
	size_t size;
	char *copy;

	if (!slot)
		return;
	size = taking_size(input, slot->pool);
	make_source();
	t = taking_begin(slot);
	if (size == 47) {
		gave_nothing(&t, magpool_strmem(slot->arena, NULL, size));
	} else if (taking_is_impossible(size)) {
		/* Nothing may be read of a source that cannot be that long. */
		copy = magpool_strmem(slot->arena, source, size);
		taking_done(&t, copy, size, 16);
	} else {
		size = size < sizeof source ? size : sizeof source - 1;
		copy = magpool_strmem(slot->arena, source, size);
		took_copy(&t, copy, source, size, true);
	}
}

/* ---- vectors of strings -------------------------------------------------- */

#define STRINGS (TAKING_PIECES - 1)

struct strings {
	const char *string[STRINGS + 1];
	size_t length[STRINGS + 1];
	size_t count;
	bool counted;  /* else up to the first NULL */
	bool measured; /* lengths are given */
};

static struct strings some_strings(struct fuzz_input *input,
				   const struct world_pool *pool)
{
	size_t how = fuzz_byte(input);
	struct strings s = {
		.count = how % (STRINGS + 1),
		.counted = how & 64,
		.measured = how & 128,
	};

	for (size_t i = 0; i < s.count; i++) {
		size_t length = some_length(input, pool);
		size_t from = s.measured ? 0 : sizeof source - 1 - length;

		s.length[i] = length;
		s.string[i] = length == 47 && s.counted ? NULL : source + from;
	}
	return s;
}

static void check_string(struct world_arena *slot, const struct strings *s,
			 size_t i, char *copy)
{
	if (!s->string[i]) {
		FUZZ_CHECK(!copy, "string %zu", i);
		return;
	}
	FUZZ_CHECK((uintptr_t)copy % 16 == 0, "%p", (void *)copy);
	FUZZ_CHECK(!memcmp(copy, s->string[i], s->length[i]), "string %zu", i);
	FUZZ_CHECK(!copy[s->length[i]], "string %zu has no end", i);
	world_add_piece(slot, copy, s->length[i] + 1);
}

static void took_strings(const struct taking *t, const struct strings *s,
			 char **copies)
{
	char *copy[STRINGS + 1];
	size_t size = (s->count + 1) * sizeof *copies;
	size_t expected = taking_rounded(size);

	if (!copies) {
		world_refused(t->slot->pool, size);
		taking_failed(t);
		return;
	}
	world_kept();
	for (size_t i = 0; i < s->count; i++)
		expected += s->string[i] ? taking_rounded(s->length[i] + 1) : 0;
	FUZZ_CHECK(magpool_used(t->arena) == t->used + expected,
		   "%zu bytes, expected %zu", magpool_used(t->arena) - t->used,
		   expected);
	FUZZ_CHECK(!copies[s->count], "no NULL after %zu", s->count);
	memcpy(copy, copies, size);
	t->slot->reservation = WORLD_NONE;
	t->slot->pristine = false;
	world_add_piece(t->slot, copies, size);
	for (size_t i = 0; i < s->count; i++)
		check_string(t->slot, s, i, copy[i]);
}

void take_strv(struct fuzz_input *input)
{
	struct world_arena *slot = taking_arena(input);
	struct strings s;
	struct taking t;

	if (!slot)
		return;
	s = some_strings(input, slot->pool);
	t = taking_begin(slot);
	took_strings(&t, &s,
		     magpool_strv(slot->arena, s.string,
				  s.measured ? s.length : NULL,
				  s.counted ? s.count : SIZE_MAX));
}

/* ---- formatted ----------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static char *
format_list(struct magpool_arena *arena, const char *format, ...)
{
	va_list arguments;
	char *string;

	va_start(arguments, format);
	string = magpool_vasprintf(arena, format, arguments);
	va_end(arguments);
	return string;
}

void take_format(struct fuzz_input *input)
{
	struct world_arena *slot = taking_arena(input);
	struct taking t;
	size_t length;
	int n;

	if (!slot)
		return;
	length = some_length(input, slot->pool);
	n = (int)length;
	t = taking_begin(slot);
	if (length & 1)
		took_copy(&t, magpool_asprintf(slot->arena, "%.*s", n, source),
			  source, length, true);
	else
		took_copy(&t, format_list(slot->arena, "%.*s", n, source),
			  source, length, true);
}
