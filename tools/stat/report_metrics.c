/* SPDX-License-Identifier: MIT */
/*
 * For scrapers: a family for each row, once of the process (magpool_ROW) and
 * once of its pools (magpool_pool_ROW), so that neither is summed twice, and
 * what a pool counted is not lost with it.
 *
 * The two formats differ in what a counter's family is called, in the type of
 * magpool_info and in the end.
 */
#include "report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "settings.h"
#include "tool.h"

struct writer {
	const struct stat_target *targets;
	size_t count;
	bool is_open; /* OpenMetrics */
	FILE *out;
};

/* Label values: backslash, quote and newline are escaped. */
static void put_text(FILE *out, const char *text, bool is_label)
{
	for (; *text; text++) {
		if (*text == '\\' || (is_label && *text == '"'))
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void put_label(FILE *out, const char *name, const char *text)
{
	fprintf(out, "%s=\"", name);
	put_text(out, text, true);
	fputc('"', out);
}

static void put_process(FILE *out, const struct stat_target *target, size_t at)
{
	fprintf(out, "pid=\"%d\",", (int)target->pid);
	put_label(out, "command", target->command);
	/* Which of several libraries. */
	if (target->found.count > 1)
		fprintf(out, ",copy=\"%zu\"", at);
}

static void put_head(const struct writer *writer, const char *name,
		     const char *suffix, const char *type, const char *help)
{
	/* There a family is called as its samples, here not. */
	const char *end = writer->is_open ? "" : suffix;

	fprintf(writer->out, "# TYPE %s%s %s\n# HELP %s%s ", name, end, type,
		name, end);
	put_text(writer->out, help, writer->is_open);
	fputc('\n', writer->out);
}

static void put_info(const struct writer *writer)
{
	put_head(writer, "magpool", "_info", writer->is_open ? "info" : "gauge",
		 "processes that use magpool, and the library in them");
	for (size_t i = 0; i < writer->count; i++) {
		const struct stat_target *target = &writer->targets[i];

		for (size_t j = 0; j < target->found.count; j++) {
			fputs("magpool_info{", writer->out);
			put_process(writer->out, target, j);
			fputc(',', writer->out);
			put_label(writer->out, "library",
				  target->found.segment[j].library);
			fputs("} 1\n", writer->out);
		}
	}
}

/* ---- rows ---------------------------------------------------------------- */

static bool has_row(const struct stat_segment *segment, const char *name,
		    size_t length)
{
	for (size_t i = 0; i < segment->rows; i++)
		if (strlen(segment->row[i].name) == length &&
		    strncmp(segment->row[i].name, name, length) == 0)
			return true;
	return false;
}

/* Would its family be called as something of another one? */
static bool is_taken(const struct stat_segment *segment, const char *name)
{
	const char *end = strrchr(name, '_');

	if (strcmp(name, "info") == 0 || strncmp(name, "pool_", 5) == 0)
		return true;
	if (!end ||
	    (strcmp(end, "_total") != 0 && strcmp(end, "_created") != 0))
		return false;
	return has_row(segment, name, (size_t)(end - name));
}

static const struct stat_row *row_of(const struct stat_segment *segment,
				     const struct stat_row *like)
{
	for (size_t i = 0; i < segment->rows; i++)
		if (strcmp(segment->row[i].name, like->name) == 0)
			/* Another library may think otherwise. */
			return segment->row[i].is_counter == like->is_counter
				       ? &segment->row[i]
				       : NULL;
	return NULL;
}

static void put_pools(const struct writer *writer,
		      const struct stat_target *target, size_t at,
		      const struct stat_row *row, const char *suffix)
{
	const struct stat_sample *sample = &target->sample[at];
	size_t column = (size_t)(row - sample->segment->row);

	for (size_t i = 0; i < sample->now.parts; i++) {
		const struct stat_part *part = &sample->now.part[i];

		if (part->type != MP_LIVE_POOL)
			continue;
		fprintf(writer->out, "magpool_pool_%s%s{", row->name, suffix);
		put_process(writer->out, target, at);
		fputc(',', writer->out);
		put_label(writer->out, "pool", part->name);
		fprintf(writer->out, ",number=\"%" PRIu32 "\"} %" PRIu64 "\n",
			part->pool, part->value[column]);
	}
}

static void put_total(const struct writer *writer,
		      const struct stat_target *target, size_t at,
		      const struct stat_row *row, const char *suffix)
{
	const struct stat_sample *sample = &target->sample[at];

	fprintf(writer->out, "magpool_%s%s{", row->name, suffix);
	put_process(writer->out, target, at);
	fprintf(writer->out, "} %" PRIu64 "\n",
		sample->now.total[row - sample->segment->row]);
}

static void put_samples(const struct writer *writer,
			const struct stat_row *like, const char *suffix,
			bool is_of_pools)
{
	for (size_t i = 0; i < writer->count; i++) {
		const struct stat_target *target = &writer->targets[i];

		for (size_t j = 0; j < target->found.count; j++) {
			const struct stat_row *row =
				row_of(&target->found.segment[j], like);

			if (row && is_of_pools)
				put_pools(writer, target, j, row, suffix);
			else if (row)
				put_total(writer, target, j, row, suffix);
		}
	}
}

static void put_row(const struct writer *writer,
		    const struct stat_segment *segment,
		    const struct stat_row *row)
{
	const char *suffix = row->is_counter ? "_total" : "";
	const char *type = row->is_counter ? "counter" : "gauge";
	char name[96], help[256];

	if (is_taken(segment, row->name))
		return;
	snprintf(name, sizeof(name), "magpool_%s", row->name);
	snprintf(help, sizeof(help), "%.200s, all pools", row->line);
	put_head(writer, name, suffix, type, help);
	put_samples(writer, row, suffix, false);
	snprintf(name, sizeof(name), "magpool_pool_%s", row->name);
	snprintf(help, sizeof(help), "%.200s", row->line);
	put_head(writer, name, suffix, type, help);
	put_samples(writer, row, suffix, true);
}

/* ---- all of it ----------------------------------------------------------- */

static bool is_wanted(const struct stat_settings *settings, const char *name)
{
	for (size_t i = 0; settings->fields[i]; i++)
		if (strcmp(settings->fields[i], name) == 0)
			return true;
	return !settings->fields[0];
}

/* Was it in the table of an earlier segment? */
static bool was_there(const struct writer *writer,
		      const struct stat_segment *until, const char *name)
{
	for (size_t i = 0; i < writer->count; i++) {
		const struct stat_found *found = &writer->targets[i].found;

		for (size_t j = 0; j < found->count; j++) {
			const struct stat_segment *segment = &found->segment[j];

			if (segment == until)
				return false;
			for (size_t k = 0; k < segment->rows; k++)
				if (strcmp(segment->row[k].name, name) == 0)
					return true;
		}
	}
	return false;
}

static void put_table(const struct writer *writer,
		      const struct stat_settings *settings,
		      const struct stat_segment *segment)
{
	for (size_t i = 0; i < segment->rows; i++) {
		const struct stat_row *row = &segment->row[i];

		if (is_wanted(settings, row->name) &&
		    !was_there(writer, segment, row->name))
			put_row(writer, segment, row);
	}
}

void stat_report_metrics(const struct stat_target *targets, size_t count,
			 const struct stat_settings *settings, FILE *out)
{
	const struct writer writer = {
		.targets = targets,
		.count = count,
		.is_open = settings->task == STAT_OPENMETRICS,
		.out = out,
	};

	put_info(&writer);
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < targets[i].found.count; j++)
			put_table(&writer, settings,
				  &targets[i].found.segment[j]);
	if (writer.is_open)
		fputs("# EOF\n", out);
}
