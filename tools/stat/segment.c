/* SPDX-License-Identifier: MIT */
#include "segment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

void stat_printable(char *to, size_t room, const char *from, size_t length)
{
	size_t n = 0;

	for (; n < length && n + 1 < room && from[n]; n++) {
		to[n] = from[n];
		if (from[n] < ' ' || from[n] > '~')
			to[n] = '?';
	}
	to[n] = '\0';
}

bool stat_source_read(const struct stat_source *source, void *to, size_t bytes,
		      uint64_t at)
{
	char *next = to;

	while (bytes) {
		ssize_t done = source->read(source, next, bytes, at);

		if (done <= 0 && !(done < 0 && errno == EINTR))
			return false;
		if (done > 0) {
			next += done;
			at += (uint64_t)done;
			bytes -= (size_t)done;
		}
	}
	return true;
}

static void *copy_of(const struct stat_source *source, size_t bytes,
		     uint64_t at)
{
	void *copy = tool_zalloc(bytes, 1);

	if (stat_source_read(source, copy, bytes, at))
		return copy;
	free(copy);
	return NULL;
}

/* ---- the header ---------------------------------------------------------- */

/* Is [at, at + bytes) behind `least` and inside of the segment? */
static bool fits(const struct mp_live_header *header, uint64_t at,
		 uint64_t bytes, uint64_t least)
{
	return at >= least && at + bytes <= header->bytes;
}

static bool is_sound(const struct mp_live_header *header,
		     const struct stat_source *source)
{
	uint64_t least = sizeof(*header);
	uint64_t rows = (uint64_t)header->row_count * header->row_bytes;

	return header->header_bytes >= least && header->bytes >= least &&
	       header->bytes <= source->bytes &&
	       header->bytes <= STAT_MOST_BYTES && header->row_count > 0 &&
	       header->row_count <= STAT_MOST_ROWS &&
	       header->row_bytes >= sizeof(struct mp_live_row) &&
	       fits(header, header->rows_at, rows, least) &&
	       header->texts_bytes > 0 &&
	       fits(header, header->texts_at, header->texts_bytes, least) &&
	       header->changes_at % 8 == 0 && header->blocks_at % 8 == 0 &&
	       header->unit >= sizeof(struct mp_live_block) &&
	       header->unit % 8 == 0 &&
	       fits(header, header->changes_at, sizeof(struct mp_live_changes),
		    least) &&
	       fits(header, header->blocks_at, 0,
		    header->changes_at + sizeof(struct mp_live_changes));
}

static void take_header(struct stat_segment *segment,
			const struct mp_live_header *header)
{
	segment->pid = header->pid;
	segment->default_pool = header->default_pool;
	segment->address = header->address;
	segment->started = header->started;
	segment->is_forked = header->flags & MP_LIVE_FORKED;
	segment->rows = header->row_count;
	segment->bytes = header->bytes;
	segment->changes_at = header->changes_at;
	segment->blocks_at = header->blocks_at;
	segment->unit = header->unit;
}

/* ---- the table ----------------------------------------------------------- */

static bool is_name(const char *text)
{
	return *text >= 'a' && *text <= 'z' && strlen(text) < 64 &&
	       !text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_")];
}

/* Of the segment's first reading; the last byte ends them all. */
static bool take_texts(struct stat_segment *segment,
		       const struct mp_live_header *header)
{
	size_t bytes = header->texts_bytes;

	segment->texts = copy_of(&segment->source, bytes, header->texts_at);
	if (!segment->texts)
		return false;
	for (size_t i = 0; i < bytes; i++) {
		char c = segment->texts[i];

		if (c && (c < ' ' || c > '~'))
			segment->texts[i] = '?';
	}
	return !segment->texts[bytes - 1];
}

/* Offsets of texts count from the start of the segment. */
static const char *text_of(const struct stat_segment *segment,
			   const struct mp_live_header *header, uint32_t at)
{
	if (at < header->texts_at ||
	    at - header->texts_at >= header->texts_bytes)
		return NULL;
	return segment->texts + (at - header->texts_at);
}

static bool take_terms(struct stat_row *row, const char *raw, size_t row_bytes,
		       size_t terms)
{
	size_t start = offsetof(struct mp_live_row, term);

	if (terms > STAT_MOST_TERMS ||
	    terms > (row_bytes - start) / sizeof(*row->term))
		return false;
	row->terms = terms;
	memcpy(row->term, raw + start, terms * sizeof(*row->term));
	for (size_t i = 0; i < terms; i++) {
		const struct mp_live_term *term = &row->term[i];

		if (term->at % 8 != 0 || term->bits < 1 || term->bits > 64 ||
		    term->shift > 63)
			return false;
	}
	return true;
}

static bool take_row(struct stat_segment *segment,
		     const struct mp_live_header *header, const char *bytes,
		     struct stat_row *row)
{
	struct mp_live_row raw;

	memcpy(&raw, bytes, sizeof(raw));
	row->name = text_of(segment, header, raw.name);
	row->unit = text_of(segment, header, raw.unit);
	row->line = text_of(segment, header, raw.line);
	row->text = text_of(segment, header, raw.text);
	row->is_counter = raw.kind == MP_LIVE_COUNTER;
	row->level = raw.level;
	row->total = raw.total;
	row->total_at = raw.total_at;
	row->retired_at = raw.retired_at;
	return row->name && row->unit && row->line && row->text &&
	       is_name(row->name) && raw.total_at % 8 == 0 &&
	       raw.retired_at % 8 == 0 &&
	       take_terms(row, bytes, header->row_bytes, raw.terms);
}

static bool is_known(const struct stat_segment *segment, size_t count,
		     const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(segment->row[i].name, name) == 0)
			return true;
	return false;
}

static bool take_rows(struct stat_segment *segment,
		      const struct mp_live_header *header)
{
	size_t step = header->row_bytes;
	char *raw = copy_of(&segment->source, header->row_count * step,
			    header->rows_at);
	bool good = raw;

	segment->row = tool_zalloc(segment->rows, sizeof(*segment->row));
	for (size_t i = 0; good && i < segment->rows; i++) {
		struct stat_row *row = &segment->row[i];

		good = take_row(segment, header, raw + i * step, row) &&
		       !is_known(segment, i, row->name);
	}
	free(raw);
	return good;
}

static enum stat_fault take_all(struct stat_segment *segment)
{
	struct mp_live_header header;

	if (segment->source.bytes < sizeof(header))
		return STAT_FOREIGN;
	if (!stat_source_read(&segment->source, &header, sizeof(header), 0))
		return STAT_GONE;
	if (memcmp(header.magic, MP_LIVE_MAGIC, sizeof(header.magic)) != 0)
		return STAT_FOREIGN;
	segment->format = header.format;
	segment->pid = header.pid;
	stat_printable(segment->library, sizeof(segment->library),
		       header.library, sizeof(header.library));
	if (header.format != MP_LIVE_FORMAT)
		return STAT_OTHER_FORMAT;
	if (!is_sound(&header, &segment->source))
		return STAT_DAMAGED;
	take_header(segment, &header);
	return take_texts(segment, &header) && take_rows(segment, &header)
		       ? STAT_FINE
		       : STAT_DAMAGED;
}

enum stat_fault stat_segment_open(struct stat_segment *segment,
				  const struct stat_source *source)
{
	enum stat_fault fault;

	*segment = (struct stat_segment){ .source = *source };
	fault = take_all(segment);
	if (fault != STAT_FINE)
		stat_segment_close(segment);
	return fault;
}

void stat_segment_close(struct stat_segment *segment)
{
	free(segment->texts);
	free(segment->row);
	segment->texts = NULL;
	segment->row = NULL;
}
