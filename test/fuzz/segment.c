/* SPDX-License-Identifier: MIT */
/*
 * The reader of magpool-stat: the input is a live segment, and what changes in
 * it while it is read.
 *
 * The first byte is the number of changes; each has three: at which read, where
 * (times 8, from the end), and the byte that stands there from then on.
 *
 * Whatever it is: what comes out is bounded, ordered and printable, the metrics
 * made of it are well-formed, and if nothing changed meanwhile the sums are
 * those of a second reading.
 */
#include "fuzz.h"

#include "report.h"
#include "settings.h"

#include <stdbool.h>
#include <string.h>

#define CHANGES 16

static struct {
	uint8_t *bytes;
	size_t size;
	struct {
		size_t at_read, at;
		uint8_t value;
	} change[CHANGES];
	size_t changes, reads;
} file;

/* ---- the file ------------------------------------------------------------ */

static void change_it(void)
{
	for (size_t i = 0; i < file.changes; i++)
		if (file.change[i].at_read == file.reads &&
		    file.change[i].at < file.size)
			file.bytes[file.change[i].at] = file.change[i].value;
	file.reads++;
}

static ssize_t read_it(const struct stat_source *source, void *to, size_t bytes,
		       uint64_t at)
{
	(void)source;
	change_it();
	if (at >= file.size)
		return 0;
	if (bytes > file.size - at)
		bytes = (size_t)(file.size - at);
	/* Now and then less than what was asked for. */
	if (bytes > 1 && file.reads % 5 == 0)
		bytes /= 2;
	memcpy(to, file.bytes + at, bytes);
	return (ssize_t)bytes;
}

static void take_changes(struct fuzz_input *input)
{
	file.changes = fuzz_below(input, CHANGES + 1);
	for (size_t i = 0; i < file.changes; i++) {
		file.change[i].at_read = fuzz_byte(input);
		file.change[i].at = (size_t)8 * fuzz_byte(input);
		file.change[i].value = fuzz_byte(input);
	}
	file.size = (size_t)(input->end - input->at);
	file.bytes = malloc(file.size + 1);
	if (!file.bytes)
		abort();
	memcpy(file.bytes, input->at, file.size);
	for (size_t i = 0; i < file.changes; i++)
		file.change[i].at = file.size - file.change[i].at;
	file.reads = 0;
}

/* ---- what comes out ------------------------------------------------------ */

static void check_text(const char *text)
{
	for (; *text; text++)
		FUZZ_CHECK(*text >= ' ' && *text <= '~', "byte %d", *text);
}

static void check_rows(const struct stat_segment *segment)
{
	FUZZ_CHECK(segment->rows <= STAT_MOST_ROWS, "%zu rows", segment->rows);
	check_text(segment->library);
	for (size_t i = 0; i < segment->rows; i++) {
		const struct stat_row *row = &segment->row[i];

		FUZZ_CHECK(*row->name >= 'a' && *row->name <= 'z', "%s",
			   row->name);
		check_text(row->name);
		check_text(row->unit);
		check_text(row->line);
		check_text(row->text);
		FUZZ_CHECK(row->terms <= STAT_MOST_TERMS, "%zu terms",
			   row->terms);
		for (size_t j = 0; j < i; j++)
			FUZZ_CHECK(strcmp(segment->row[j].name, row->name) != 0,
				   "two rows are called %s", row->name);
	}
}

static void check_parts(const struct stat_segment *segment,
			const struct stat_snapshot *snapshot)
{
	const struct stat_part *pool = NULL;

	FUZZ_CHECK(snapshot->parts <= file.size / segment->unit, "%zu parts",
		   snapshot->parts);
	for (size_t i = 0; i < snapshot->parts; i++) {
		const struct stat_part *part = &snapshot->part[i];

		check_text(part->name);
		FUZZ_CHECK(part->type >= MP_LIVE_POOL &&
				   part->type <= MP_LIVE_CACHE,
			   "type %u", part->type);
		if (part->type == MP_LIVE_POOL) {
			FUZZ_CHECK(!pool || pool->pool < part->pool, "pool %u",
				   part->pool);
			pool = part;
		}
		FUZZ_CHECK(pool && pool->pool == part->pool,
			   "a part of pool %u", part->pool);
		for (size_t j = 0; j < segment->rows; j++)
			FUZZ_CHECK(part->value[j] <= INT64_MAX, "row %zu", j);
	}
	for (size_t j = 0; j < segment->rows; j++)
		FUZZ_CHECK(snapshot->total[j] <= INT64_MAX, "row %zu", j);
}

/* ---- a second reading ---------------------------------------------------- */

static uint64_t word_at(size_t at)
{
	uint64_t word;

	memcpy(&word, file.bytes + at, sizeof word);
	return word;
}

/* The sum of a row's terms over the blocks of a pool. */
static uint64_t sum_of(const struct stat_segment *segment,
		       const struct stat_row *row, uint32_t pool, size_t end)
{
	uint64_t sum = 0;

	for (size_t at = segment->blocks_at; at < end;) {
		struct mp_live_block block;
		size_t size;

		memcpy(&block, file.bytes + at, sizeof block);
		size = (size_t)block.units * segment->unit;
		for (size_t i = 0; i < row->terms && block.pool == pool; i++) {
			const struct mp_live_term *term = &row->term[i];
			uint64_t value = 0;

			if (block.type < MP_LIVE_POOL ||
			    block.type > MP_LIVE_CACHE ||
			    !(term->types >> block.type & 1))
				continue;
			if (term->at + 8 <= size)
				value = word_at(at + term->at);
			value >>= term->shift;
			for (unsigned bit = term->bits; bit < 64; bit++)
				value &= ~(UINT64_C(1) << bit);
			sum += term->minus ? -value : value;
		}
		at += size;
	}
	return sum > INT64_MAX ? 0 : sum;
}

static bool is_only_one(const struct stat_segment *segment, uint32_t pool,
			size_t end)
{
	size_t count = 0;

	for (size_t at = segment->blocks_at; at < end;) {
		struct mp_live_block block;

		memcpy(&block, file.bytes + at, sizeof block);
		count += block.type == MP_LIVE_POOL && block.pool == pool;
		at += (size_t)block.units * segment->unit;
	}
	return count == 1;
}

static void check_sums(const struct stat_segment *segment,
		       const struct stat_snapshot *snapshot)
{
	uint64_t used = word_at(segment->changes_at +
				offsetof(struct mp_live_changes, used_bytes));
	size_t end = used < segment->blocks_at || used > segment->bytes
			     ? segment->bytes
			     : (size_t)used;

	for (size_t i = 0; i < snapshot->parts; i++) {
		const struct stat_part *part = &snapshot->part[i];

		if (part->type != MP_LIVE_POOL ||
		    !is_only_one(segment, part->pool, end))
			continue;
		for (size_t j = 0; j < segment->rows; j++) {
			uint64_t sum = sum_of(segment, &segment->row[j],
					      part->pool, end);

			FUZZ_CHECK(part->value[j] == sum,
				   "row %zu: %llu, expected %llu", j,
				   (unsigned long long)part->value[j],
				   (unsigned long long)sum);
		}
	}
}

/* ---- metrics ------------------------------------------------------------- */

static void check_metrics(const char *text)
{
	static const char end[] = "# EOF\n";
	size_t length = strlen(text);

	FUZZ_CHECK(length >= strlen(end) &&
			   !strcmp(text + length - strlen(end), end),
		   "the end is missing");
	while (*text) {
		size_t line = strcspn(text, "\n");

		FUZZ_CHECK(!strncmp(text, "# ", 2) ||
				   !strncmp(text, "magpool_", 8),
			   "%.*s", (int)line, text);
		for (size_t i = 0; i < line; i++)
			FUZZ_CHECK(text[i] >= ' ' && text[i] <= '~', "byte %d",
				   text[i]);
		text += line + 1;
	}
}

static void try_metrics(const struct stat_segment *segment,
			const struct stat_sample *sample)
{
	static const struct stat_settings settings = {
		.task = STAT_OPENMETRICS
	};
	static struct stat_target target;
	char *text = NULL;
	size_t length = 0;
	FILE *stream = open_memstream(&text, &length);

	if (!stream)
		abort();
	target.command[0] = 'x';
	target.found.count = 1;
	target.found.segment[0] = *segment;
	target.sample[0] = *sample;
	target.sample[0].segment = &target.found.segment[0];
	stat_report_metrics(&target, 1, &settings, stream);
	fclose(stream);
	check_metrics(text);
	free(text);
}

/* ---- the target ---------------------------------------------------------- */

static void check_open(const struct stat_segment *segment)
{
	struct stat_sample sample;

	FUZZ_CHECK(segment->bytes <= file.size, "%u bytes of %zu",
		   segment->bytes, file.size);
	check_rows(segment);
	stat_sample_init(&sample, segment);
	for (int i = 0; i < 2; i++) {
		if (stat_sample_take(&sample) != STAT_FINE)
			continue;
		check_parts(segment, &sample.now);
		if (!file.changes && !sample.now.is_torn)
			check_sums(segment, &sample.now);
	}
	for (size_t i = 0; sample.now.total && i < stat_field_count(segment);
	     i++) {
		struct stat_field field = stat_field_at(segment, i);

		for (size_t j = 0; j < sample.now.parts; j++)
			(void)stat_field_number(&field, &sample,
						&sample.now.part[j]);
	}
	if (sample.now.total)
		try_metrics(segment, &sample);
	stat_sample_free(&sample);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, data + size };
	struct stat_segment segment;
	struct stat_source source = { .read = read_it, .fd = -1 };

	take_changes(&input);
	source.bytes = file.size;
	if (stat_segment_open(&segment, &source) == STAT_FINE) {
		check_open(&segment);
		stat_segment_close(&segment);
	}
	free(file.bytes);
	return 0;
}
