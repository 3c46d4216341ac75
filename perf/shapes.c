/* SPDX-License-Identifier: MIT */
#include "shapes.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundled.h"
#include "util.h"

#define HEADER "call,weight,sizes"

/* Where the reader is, for its messages. */
struct place {
	const char *file;
	unsigned line;
};

static _Noreturn void refuse(const struct place *place, const char *value,
			     const char *expected)
{
	tool_die(TOOL_EXIT_USAGE, "%s:%u: `%.60s': expected %s", place->file,
		 place->line, value, expected);
}

static uint64_t read_number(const struct place *place, const char *text,
			    uint64_t least, uint64_t most, const char *expected)
{
	char *end;
	uint64_t number;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || errno || number < least ||
	    number > most)
		refuse(place, text, expected);
	return number;
}

static void read_sizes(const struct place *place, struct perf_shape *shape,
		       char *text)
{
	char *rest = NULL;
	char *word = strtok_r(text, " ", &rest);

	if (!word)
		refuse(place, "", "the sizes, in bytes, spaces between them");
	for (; word; word = strtok_r(NULL, " ", &rest)) {
		uint64_t size = read_number(place, word, 0, PERF_MOST_BYTES,
					    "a size from 0 to 16777216 bytes");

		if (shape->count == PERF_MOST_PARAMETERS)
			refuse(place, word, "at most 4096 sizes in a call");
		shape->sizes = tool_grow(shape->sizes, shape->count + 1,
					 sizeof(*shape->sizes));
		shape->sizes[shape->count++] = (uint32_t)size;
	}
}

static char *next_field(const struct place *place, char **rest)
{
	char *field = strsep(rest, ",");

	if (!field || !*rest)
		refuse(place, field ? field : "",
		       "three fields: " HEADER " (two commas)");
	return field;
}

static void read_row(const struct place *place, struct perf_shapes *shapes,
		     char *line)
{
	struct perf_shape shape = { 0 };
	char *rest = line;
	const char *call = next_field(place, &rest);
	const char *weight = next_field(place, &rest);

	if (!*call)
		refuse(place, call, "the name of a call");
	if (strchr(rest, ','))
		refuse(place, strchr(rest, ','),
		       "three fields: " HEADER " (two commas)");
	shape.weight = read_number(place, weight, 1, INT_MAX,
				   "a weight from 1 to 2147483647");
	read_sizes(place, &shape, rest);
	shape.call = strdup(call);
	if (!shape.call)
		tool_out_of_memory();
	shapes->shape = tool_grow(shapes->shape, shapes->count + 1,
				  sizeof(*shapes->shape));
	shapes->shape[shapes->count++] = shape;
}

static void read_stream(struct place *place, struct perf_shapes *shapes,
			FILE *stream)
{
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, stream) >= 0) {
		line[strcspn(line, "\r\n")] = '\0';
		if (++place->line > 1)
			read_row(place, shapes, line);
		else if (strcmp(line, HEADER) != 0)
			refuse(place, line, "the first line " HEADER);
	}
	free(line);
	if (ferror(stream))
		tool_die(TOOL_EXIT_FAILED, "%s: %s", place->file,
			 strerror(errno));
	if (shapes->count == 0) {
		place->line++;
		refuse(place, "", "at least one call after " HEADER);
	}
}

void perf_shapes_read(struct perf_shapes *shapes, const char *file)
{
	struct place place = { .file = file ? file : "call_shapes.csv" };
	FILE *stream;

	*shapes = (struct perf_shapes){ 0 };

	if (file)
		stream = fopen(file, "re");
	else
		stream = fmemopen((void *)(uintptr_t)perf_bundled_shapes,
				  perf_bundled_shapes_size, "r");
	if (!stream)
		tool_die(TOOL_EXIT_USAGE,
			 "%s: %s: expected a readable CSV file", place.file,
			 strerror(errno));
	read_stream(&place, shapes, stream);
	fclose(stream);
}

void perf_shapes_fini(struct perf_shapes *shapes)
{
	for (size_t i = 0; i < shapes->count; i++) {
		free(shapes->shape[i].call);
		free(shapes->shape[i].sizes);
	}
	free(shapes->shape);
}
