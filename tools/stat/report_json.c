/* SPDX-License-Identifier: MIT */
/* For programs: all values and rates, in the order of the table. */
#include "report.h"

#include <jansson.h>
#include <math.h>
#include <time.h>

#include "settings.h"
#include "tool.h"

/* jansson gives NULL when memory ends. */
static json_t *checked(json_t *json)
{
	if (!json)
		tool_out_of_memory();
	return json;
}

static json_t *number(uint64_t value)
{
	return checked(json_integer((json_int_t)value));
}

static void set(json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new(object, name, checked(value)) != 0)
		tool_out_of_memory();
}

static void append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, checked(value)) != 0)
		tool_out_of_memory();
}

/* The numbers of a part (NULL: of all pools) that were asked for. */
static void add_numbers(json_t *object, const struct stat_columns *columns,
			const struct stat_sample *sample,
			const struct stat_part *part)
{
	json_t *values = checked(json_object());
	json_t *rates = checked(json_object());

	for (size_t i = 0; i < columns->count; i++) {
		const struct stat_field *field = &columns->field[i];
		double rate = stat_field_number(field, sample, part);
		uint64_t value;

		if (stat_field_value(field, sample, part, &value))
			set(values, field->name, number(value));
		if (field->kind != STAT_GAUGE && isfinite(rate))
			set(rates, field->name, json_real(rate));
	}
	set(object, "values", values);
	set(object, "rates", rates);
}

static json_t *make_shard(const struct stat_part *part)
{
	return checked(json_pack("{s:i, s:o, s:o}", "shard", (int)part->index,
				 "exchanges", number(part->exchanges),
				 "cas_failures", number(part->cas_failures)));
}

static json_t *make_cache(const struct stat_part *part)
{
	bool is_explicit = part->owner & MP_LIVE_OWNER_EXPLICIT;

	return checked(json_pack("{s:i, s:b, s:o}", "serial", (int)part->serial,
				 "explicit", is_explicit, "thread",
				 number((uint32_t)part->owner)));
}

/* The parts of a pool of one type. */
static json_t *make_parts(const struct stat_columns *columns,
			  const struct stat_sample *sample, uint32_t pool,
			  uint16_t type)
{
	json_t *parts = checked(json_array());

	for (size_t i = 0; i < sample->now.parts; i++) {
		const struct stat_part *part = &sample->now.part[i];
		json_t *object;

		if (part->pool != pool || part->type != type ||
		    (type == MP_LIVE_CACHE && !part->owner))
			continue;
		object = type == MP_LIVE_SHARD ? make_shard(part)
					       : make_cache(part);
		add_numbers(object, columns, sample, part);
		append(parts, object);
	}
	return parts;
}

static json_t *make_pool(const struct stat_columns *columns,
			 const struct stat_sample *sample,
			 const struct stat_part *pool)
{
	const char *state = pool->state == MP_LIVE_STATE_ABANDONED ? "abandoned"
								   : "open";
	json_t *object =
		checked(json_pack("{s:s, s:o, s:s, s:o}", "name", pool->name,
				  "number", number(pool->pool), "state", state,
				  "hidden_caches", number(pool->hidden)));

	add_numbers(object, columns, sample, pool);
	set(object, "shards",
	    make_parts(columns, sample, pool->pool, MP_LIVE_SHARD));
	set(object, "caches",
	    make_parts(columns, sample, pool->pool, MP_LIVE_CACHE));
	return object;
}

static json_t *make_library(const struct stat_columns *columns,
			    const struct stat_sample *sample)
{
	const struct stat_snapshot *now = &sample->now;
	json_t *pools = checked(json_array());
	json_t *all = checked(json_object());

	add_numbers(all, columns, sample, NULL);
	for (size_t i = 0; i < now->parts; i++)
		if (now->part[i].type == MP_LIVE_POOL)
			append(pools,
			       make_pool(columns, sample, &now->part[i]));
	return checked(json_pack(
		"{s:s, s:i, s:f, s:b, s:f, s:b, s:o, s:o, s:o, s:o}", "library",
		sample->segment->library, "format",
		(int)sample->segment->format, "started",
		(double)sample->segment->started / 1e9, "forked",
		(int)sample->segment->is_forked, "seconds", sample->seconds,
		"consistent", !now->is_torn, "hidden_pools",
		number(now->hidden_pools), "hidden_caches",
		number(now->hidden_caches), "all_pools", all, "pools", pools));
}

/* Those that were named, or all. */
static void choose(const struct stat_settings *settings,
		   const struct stat_segment *segment,
		   struct stat_columns *columns)
{
	if (settings->fields[0]) {
		stat_settings_columns(settings, segment, columns);
		return;
	}
	columns->count = 0;
	for (size_t i = 0; i < stat_field_count(segment); i++)
		if (columns->count < STAT_MOST_FIELDS)
			columns->field[columns->count++] =
				stat_field_at(segment, i);
}

static json_t *make_process(const struct stat_target *target,
			    const struct stat_settings *settings)
{
	json_t *libraries = checked(json_array());

	for (size_t i = 0; i < target->found.count; i++) {
		struct stat_columns columns;

		choose(settings, &target->found.segment[i], &columns);
		append(libraries, make_library(&columns, &target->sample[i]));
	}
	return checked(json_pack("{s:i, s:s, s:o}", "pid", (int)target->pid,
				 "command", target->command, "libraries",
				 libraries));
}

void stat_report_json(const struct stat_target *targets, size_t count,
		      const struct stat_settings *settings, FILE *out)
{
	size_t flags = JSON_REAL_PRECISION(15) |
		       (settings->count == 1 ? JSON_INDENT(1) : JSON_COMPACT);
	json_t *processes = checked(json_array());
	struct timespec now;
	json_t *all;

	clock_gettime(CLOCK_REALTIME, &now);
	for (size_t i = 0; i < count; i++)
		append(processes, make_process(&targets[i], settings));
	all = checked(json_pack("{s:f, s:o}", "time",
				(double)now.tv_sec + (double)now.tv_nsec / 1e9,
				"processes", processes));
	if (json_dumpf(all, out, flags) != 0)
		tool_die(TOOL_EXIT_FAILED, "JSON: cannot be written");
	fputc('\n', out);
	json_decref(all);
}
