/* SPDX-License-Identifier: MIT */
#include "field.h"

#include <math.h>
#include <string.h>

/* ---- worked out ---------------------------------------------------------- */

/* What was added to the rows of these names; one that is not there: nothing. */
static double added(const struct stat_sample *sample,
		    const struct stat_part *part, const char *const *names)
{
	const struct stat_segment *segment = sample->segment;
	double sum = 0;

	for (; *names; names++) {
		for (size_t i = 0; i < segment->rows; i++) {
			uint64_t some;

			if (strcmp(segment->row[i].name, *names) != 0)
				continue;
			if (!stat_sample_added(sample, part, i, &some))
				return NAN;
			sum += (double)some;
		}
	}
	return sum;
}

static double hit_rate(const struct stat_sample *sample,
		       const struct stat_part *part)
{
	static const char *const all[] = { "gets", "returns", "chained",
					   "unchained", NULL };
	static const char *const misses[] = { "underflows", "overflows",
					      "direct_gets", "direct_returns",
					      NULL };
	double moved = added(sample, part, all);
	double missed = added(sample, part, misses);

	if (!(moved > 0))
		return NAN;
	return missed < moved ? 100 - 100 * missed / moved : 0;
}

static double contention(const struct stat_sample *sample,
			 const struct stat_part *part)
{
	static const char *const exchanges[] = { "exchanges", NULL };
	static const char *const failures[] = { "cas_failures", NULL };
	double moved = added(sample, part, exchanges);

	return moved > 0 ? added(sample, part, failures) / moved : NAN;
}

static const struct stat_field worked_out[] = {
#define STAT_FIELD(name, unit, line, text, function) \
	{ #name, unit, line, text, STAT_RATIO, STAT_NO_ROW, function },
#include "fields.def"
#undef STAT_FIELD
};

/* ---- all fields ---------------------------------------------------------- */

static const struct stat_field built_in[] = {
#define MP_STAT(name, kind, unit, level, line, text) \
	{ #name, unit, line, text, STAT_##kind, STAT_NO_ROW, NULL },
#include "stats.def"
#undef MP_STAT
};

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

static size_t row_count(const struct stat_segment *segment)
{
	return segment ? segment->rows : LENGTH(built_in);
}

size_t stat_field_count(const struct stat_segment *segment)
{
	return row_count(segment) + LENGTH(worked_out);
}

struct stat_field stat_field_at(const struct stat_segment *segment, size_t n)
{
	const struct stat_row *row;

	if (n >= row_count(segment))
		return worked_out[n - row_count(segment)];
	if (!segment)
		return built_in[n];
	row = &segment->row[n];
	return (struct stat_field){
		.name = row->name,
		.unit = row->unit,
		.line = row->line,
		.text = row->text,
		.kind = row->is_counter ? STAT_COUNTER : STAT_GAUGE,
		.row = (int)n,
	};
}

bool stat_field_find(const struct stat_segment *segment, const char *name,
		     struct stat_field *field)
{
	for (size_t i = 0; i < stat_field_count(segment); i++) {
		*field = stat_field_at(segment, i);
		if (strcmp(field->name, name) == 0)
			return true;
	}
	return false;
}

/* ---- numbers ------------------------------------------------------------- */

bool stat_field_value(const struct stat_field *field,
		      const struct stat_sample *sample,
		      const struct stat_part *part, uint64_t *value)
{
	if (field->row == STAT_NO_ROW)
		return false;
	if (!part) {
		*value = sample->now.total[field->row];
		return true;
	}
	if (!stat_part_has(part, &sample->segment->row[field->row]))
		return false;
	*value = part->value[field->row];
	return true;
}

/* What was added since the sample before, a second. */
static double rate_of(const struct stat_sample *sample, uint64_t now,
		      uint64_t before)
{
	return now > before ? (double)(now - before) / sample->seconds : 0;
}

/* Rows have what caches do; a shard has some of that as its own. */
static double shard_number(const struct stat_field *field,
			   const struct stat_sample *sample,
			   const struct stat_part *part)
{
	static const struct stat_part none;
	const struct stat_part *old = stat_sample_before(sample, part);
	double exchanges, failures;

	if (!(sample->seconds > 0) || (sample->has_before && !old))
		return NAN;
	if (!old)
		old = &none;
	exchanges = rate_of(sample, part->exchanges, old->exchanges);
	failures = rate_of(sample, part->cas_failures, old->cas_failures);
	if (strcmp(field->name, "exchanges") == 0)
		return exchanges;
	if (strcmp(field->name, "cas_failures") == 0)
		return failures;
	return strcmp(field->name, "contention") == 0 && exchanges > 0
		       ? failures / exchanges
		       : NAN;
}

static double counter_number(const struct stat_field *field,
			     const struct stat_sample *sample,
			     const struct stat_part *part)
{
	uint64_t some, value;

	if (!stat_field_value(field, sample, part, &value) ||
	    !stat_sample_added(sample, part, (size_t)field->row, &some) ||
	    !(sample->seconds > 0))
		return NAN;
	return (double)some / sample->seconds;
}

double stat_field_number(const struct stat_field *field,
			 const struct stat_sample *sample,
			 const struct stat_part *part)
{
	bool of_shard = part && part->type == MP_LIVE_SHARD;
	uint64_t value;

	if (of_shard && field->kind != STAT_GAUGE)
		return shard_number(field, sample, part);
	if (field->kind == STAT_COUNTER)
		return counter_number(field, sample, part);
	if (field->kind == STAT_RATIO)
		return field->work_out(sample, part);
	return stat_field_value(field, sample, part, &value) ? (double)value
							     : NAN;
}
