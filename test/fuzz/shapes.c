/* SPDX-License-Identifier: MIT */
/*
 * The call shapes of magpool-perf: the input is the CSV file.
 *
 * Either it is refused with one line that names the file, a line that there
 * is, the value and what was expected; or each row is what a second reading
 * of the text gives, and within the bounds that shapes.h promises.
 */
#include "fuzz.h"

#include "bundled.h"
#include "shapes.h"
#include "shapes_hooks.h"
#include "util.h"

#undef fclose
#undef getline
#undef strdup

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>

#define TAKEN 8192 /* strings and arrays that one input may make */

/* The parser can read this one too; it is not what is tested. */
const char perf_bundled_shapes[] = "";
const size_t perf_bundled_shapes_size = 0;

static struct {
	const uint8_t *data;
	size_t size;
	FILE *stream;
	char *line;
	void *taken[TAKEN];
	size_t count;
	jmp_buf leave;
	int status;
	char message[512];
} run;

/* ---- what the parser sees ------------------------------------------------ */

static void *note(void *memory)
{
	FUZZ_CHECK(memory && run.count < TAKEN, "%zu of them", run.count);
	run.taken[run.count++] = memory;
	return memory;
}

FILE *hooked_open(const char *name, const char *mode)
{
	(void)name;
	(void)mode;
	run.stream = fmemopen((void *)(uintptr_t)run.data, run.size, "r");
	return run.stream;
}

int hooked_close(FILE *stream)
{
	run.stream = NULL;
	return fclose(stream);
}

ssize_t hooked_getline(char **line, size_t *room, FILE *stream)
{
	ssize_t length = getline(line, room, stream);

	/* The parser frees it after the last one. */
	run.line = length < 0 ? NULL : *line;
	return length;
}

char *hooked_strdup(const char *text)
{
	return note(strdup(text));
}

void *tool_grow(void *array, size_t count, size_t size)
{
	void *memory = reallocarray(array, count, size);

	for (size_t i = run.count; array && i-- > 0;) {
		if (run.taken[i] == array) {
			run.taken[i] = memory;
			return memory;
		}
	}
	return note(memory);
}

void tool_die(int status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(run.message, sizeof run.message, format, arguments);
	va_end(arguments);
	run.status = status;
	longjmp(run.leave, 1);
}

void tool_out_of_memory(void)
{
	FUZZ_CHECK(false, "out of memory");
	abort();
}

static void free_taken(void)
{
	while (run.count)
		free(run.taken[--run.count]);
	free(run.line);
	run.line = NULL;
	if (run.stream)
		fclose(run.stream);
	run.stream = NULL;
}

/* ---- a second reading ---------------------------------------------------- */

struct text {
	const char *at;
	const char *end;
};

/* The next line, without its end: a line feed, or what follows a NUL or CR. */
static struct text next_line(struct text *rest)
{
	const char *end =
		memchr(rest->at, '\n', (size_t)(rest->end - rest->at));
	struct text line = { rest->at, end ? end : rest->end };

	rest->at = end ? end + 1 : rest->end;
	for (const char *c = line.at; c < line.end; c++) {
		if (!*c || *c == '\r')
			line.end = c;
	}
	return line;
}

static struct text until(struct text *rest, char mark)
{
	struct text field = *rest;

	while (rest->at < rest->end && *rest->at != mark)
		rest->at++;
	field.end = rest->at;
	if (rest->at < rest->end)
		rest->at++;
	return field;
}

static bool is_number(struct text text, uint64_t expected)
{
	uint64_t sum = 0;

	for (const char *c = text.at; c < text.end; c++) {
		if (*c < '0' || *c > '9' || sum > UINT32_MAX)
			return false;
		sum = sum * 10 + (uint64_t)(*c - '0');
	}
	return text.at < text.end && sum == expected;
}

static void check_sizes(struct text sizes, const struct perf_shape *shape)
{
	size_t n = 0;

	while (sizes.at < sizes.end) {
		struct text word = until(&sizes, ' ');

		if (word.at == word.end)
			continue;
		FUZZ_CHECK(n < shape->count, "%zu sizes", shape->count);
		FUZZ_CHECK(is_number(word, shape->sizes[n]), "size %zu: %u", n,
			   shape->sizes[n]);
		FUZZ_CHECK(shape->sizes[n] <= PERF_MOST_BYTES, "%u bytes",
			   shape->sizes[n]);
		n++;
	}
	FUZZ_CHECK(n == shape->count && n > 0 && n <= PERF_MOST_PARAMETERS,
		   "%zu sizes, expected %zu", shape->count, n);
}

static void check_row(struct text line, const struct perf_shape *shape)
{
	struct text call = until(&line, ',');
	struct text weight = until(&line, ',');
	size_t length = (size_t)(call.end - call.at);

	FUZZ_CHECK(length && strlen(shape->call) == length &&
			   !memcmp(shape->call, call.at, length),
		   "call '%s'", shape->call);
	FUZZ_CHECK(is_number(weight, shape->weight) && shape->weight >= 1 &&
			   shape->weight <= INT_MAX,
		   "weight %llu", (unsigned long long)shape->weight);
	check_sizes(line, shape);
}

static void check_shapes(const struct perf_shapes *shapes)
{
	const char *data = (const char *)run.data;
	struct text rest = { data, data + run.size };
	size_t n = 0;

	next_line(&rest);
	for (; rest.at < rest.end; n++) {
		struct text line = next_line(&rest);

		FUZZ_CHECK(n < shapes->count, "%zu rows", shapes->count);
		check_row(line, &shapes->shape[n]);
	}
	FUZZ_CHECK(n > 0 && n == shapes->count, "%zu rows, expected %zu",
		   shapes->count, n);
}

/* "fuzz.csv:LINE: `value': expected ..." */
static void check_refusal(void)
{
	const char *data = (const char *)run.data;
	struct text rest = { data, data + run.size };
	unsigned lines = 1;
	unsigned line = 0;

	for (; rest.at < rest.end; lines++)
		next_line(&rest);
	FUZZ_CHECK(run.status == TOOL_EXIT_USAGE, "status %d", run.status);
	FUZZ_CHECK(sscanf(run.message, "fuzz.csv:%u: `", &line) == 1, "%s",
		   run.message);
	FUZZ_CHECK(line >= 1 && line <= lines, "%s", run.message);
	FUZZ_CHECK(strstr(run.message, "': expected "), "%s", run.message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct perf_shapes shapes;

	if (size >= TAKEN)
		return 0;
	run.data = data;
	run.size = size;
	run.status = 0;
	if (!setjmp(run.leave)) {
		perf_shapes_read(&shapes, "fuzz.csv");
		check_shapes(&shapes);
		run.count = 0;
		perf_shapes_fini(&shapes);
	} else {
		check_refusal();
		free_taken();
	}
	return 0;
}
