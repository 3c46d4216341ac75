/* SPDX-License-Identifier: MIT */
#include "show.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "process.h"

/* Three digits that count, and a letter. */
static void show_short(char *to, double number, double step)
{
	static const char letters[] = " kMGTPE";
	size_t letter = 0;

	/* What would be rounded up to four digits is the next letter's. */
	while (number >= 999.5 && letter + 2 < sizeof(letters)) {
		number /= step;
		letter++;
	}
	snprintf(to, STAT_NUMBER_ROOM, "%.*f%.*s",
		 number < 9.995   ? 2
		 : number < 99.95 ? 1
				  : 0,
		 number, letter > 0, &letters[letter]);
}

static bool is_bytes(const struct stat_field *field)
{
	return strcmp(field->unit, "bytes") == 0;
}

const char *stat_show(char *to, const struct stat_field *field, double number,
		      enum stat_units units)
{
	if (isnan(number))
		*to = '\0';
	else if (field->kind == STAT_RATIO)
		snprintf(to, STAT_NUMBER_ROOM, "%.*f",
			 strcmp(field->unit, "percent") == 0 ? 2 : 3, number);
	else if (units == STAT_EXACT || number < 1000)
		snprintf(to, STAT_NUMBER_ROOM, "%.*f",
			 field->kind == STAT_COUNTER && number < 10 &&
					 number > 0
				 ? 1
				 : 0,
			 number);
	else
		show_short(to, number, is_bytes(field) ? 1024 : 1000);
	return to;
}

const char *stat_show_time(char *to, double seconds)
{
	double whole = floor(fmin(seconds, 1e12));
	unsigned long long s = (unsigned long long)whole;

	if (s < 60)
		snprintf(to, STAT_NUMBER_ROOM, "%llu s", s);
	else if (s < 3600)
		snprintf(to, STAT_NUMBER_ROOM, "%llu min %llu s", s / 60,
			 s % 60);
	else if (s < 86400)
		snprintf(to, STAT_NUMBER_ROOM, "%llu h %llu min", s / 3600,
			 s / 60 % 60);
	else
		snprintf(to, STAT_NUMBER_ROOM, "%llu d %llu h", s / 86400,
			 s / 3600 % 24);
	return to;
}

const char *stat_show_head(char *to, const struct stat_field *field)
{
	static const struct {
		const char *name, *head;
	} heads[] = {
		{ "gets", "calls/s" },
		{ "hit_rate", "hits %" },
		{ "exchanges", "exch/s" },
		{ "contention", "CAS/exch" },
		{ "arenas_out", "out" },
		{ "pages_cached", "cached" },
		{ "pages_depot", "depot" },
		{ "pages_loose", "loose" },
		{ "bytes_mapped", "bytes" },
		{ "bytes_peak", "peak" },
		{ "magazines_full", "full" },
		{ "magazines_empty", "empty" },
		{ "pages_created", "created/s" },
		{ "pages_given_back", "back/s" },
	};

	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		if (strcmp(heads[i].name, field->name) == 0)
			return heads[i].head;
	snprintf(to, STAT_NUMBER_ROOM, "%.20s%s", field->name,
		 field->kind == STAT_COUNTER ? "/s" : "");
	return to;
}

static void show_cache(char *to, size_t room, pid_t pid,
		       const struct stat_part *part)
{
	pid_t thread = (pid_t)(uint32_t)part->owner;
	char name[STAT_COMMAND_ROOM];

	if (part->owner & MP_LIVE_OWNER_EXPLICIT)
		snprintf(to, room, "cache %" PRIu32, part->serial);
	else if (thread == 0)
		snprintf(to, room, "(no thread)");
	else if (stat_process_thread(pid, thread, name, sizeof(name)))
		snprintf(to, room, "%d %s", (int)thread, name);
	else
		snprintf(to, room, "%d", (int)thread);
}

void stat_show_part(char *to, size_t room, pid_t pid,
		    const struct stat_part *part)
{
	switch (part ? part->type : MP_LIVE_FREE) {
	case MP_LIVE_FREE:
		snprintf(to, room, "all pools");
		break;
	case MP_LIVE_POOL:
		snprintf(to, room, "%s",
			 *part->name ? part->name : "(no name)");
		break;
	case MP_LIVE_DIRECT:
		snprintf(to, room, "without cache");
		break;
	case MP_LIVE_SHARD:
		snprintf(to, room, "shard %" PRIu32, part->index);
		break;
	default:
		show_cache(to, room, pid, part);
		break;
	}
}
