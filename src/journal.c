/* SPDX-License-Identifier: MIT */
#include "journal.h"

#include "json.h"
#include "registry.h"
#include "report.h"
#include "stats.h"
#include "trim.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the file, and of a line: pools that do not fit are counted. */
#define FILE_BYTES ((size_t)16 << 20)
#define LINE_BYTES ((size_t)32 << 10)
#define TAIL_BYTES 4096 /* of that for what comes after the pools */

#define LOOKS_AT_EXIT 1000

/* What all our files start with. */
static const char start[] = "{\"magpool\":\"";

enum event {
	EVENT_START,
	EVENT_INTERVAL,
	EVENT_EXIT,
};

_Atomic bool mp_journal_due;

static _Atomic uint64_t interval_end;

/* Of who is at it, first of all of the first use: `busy` keeps others away. */
static _Atomic bool busy = true;
static char line[LINE_BYTES];
/* Each %p is ten digits at the most. */
static char path[MP_CONFIG_PATH * 5];
static uint64_t lines;
static uint64_t lost;
static bool told;
static uint64_t left_out; /* pools, of this line */

/* ---- the text ------------------------------------------------------------ */

static void put_values(struct mp_json *json, const struct magpool_stats *stats)
{
	const uint64_t *word = (const void *)stats;

	mp_json_put(json, "{");
	for (size_t i = 0; magpool_stats_name(i); i++) {
		mp_json_put(json, i ? ",\"" : "\"");
		mp_json_put(json, magpool_stats_name(i));
		mp_json_put(json, "\":");
		mp_json_number(json, word[i]);
	}
	mp_json_put(json, "}");
}

static void put_field(struct mp_json *json, const char *name, uint64_t value)
{
	mp_json_put(json, name);
	mp_json_number(json, value);
}

static void put_pool(void *context, struct magpool *pool,
		     const struct magpool_stats *stats)
{
	bool abandoned = mp_load_relaxed(&pool->state) == MP_POOL_ABANDONED;
	struct mp_json *json = context;
	struct mp_json before = *json;

	mp_json_put(json, json->text[json->length - 1] == '[' ? "" : ",");
	mp_json_put(json, "{\"name\":");
	mp_json_string(json, pool->name);
	put_field(json, ",\"number\":", pool->number);
	mp_json_put(json, ",\"state\":");
	mp_json_string(json, abandoned ? "abandoned" : "open");
	mp_json_put(json, ",\"values\":");
	put_values(json, stats);
	mp_json_put(json, "}");
	if (json->full) {
		*json = before;
		left_out++;
	}
}

/* In seconds, to the millisecond. */
static void put_time(struct mp_json *json)
{
	uint64_t now = mp_platform_now() / 1000000;
	char fraction[5] = { '.', (char)('0' + now % 1000 / 100),
			     (char)('0' + now % 100 / 10),
			     (char)('0' + now % 10), '\0' };

	put_field(json, ",\"time\":", now / 1000);
	mp_json_put(json, fraction);
}

/* All but the numbers of pools. */
static void put_head(struct mp_json *json, enum event event)
{
	static const char *const events[] = {
		[EVENT_START] = "start",
		[EVENT_INTERVAL] = "interval",
		[EVENT_EXIT] = "exit",
	};

	mp_json_put(json, "\n");
	mp_json_put(json, start);
	mp_json_put(json, magpool_version());
	mp_json_put(json, "\",\"event\":");
	mp_json_string(json, events[event]);
	put_time(json);
	put_field(json, ",\"pid\":", mp_platform_process_id());
	put_field(json, ",\"line\":", ++lines);
	put_field(json, ",\"lost\":", lost);
}

/* Its length; 0: the statistics cannot be read now. */
static size_t write_text(enum event event)
{
	struct mp_json json = { .text = line, .size = LINE_BYTES - TAIL_BYTES };
	struct magpool_stats all;

	/* LCOV_EXCL_BR_LINE: takes somebody at the mutex at that moment. */
	if (event == EVENT_INTERVAL ? !mp_registry_try_lock()
				    : !mp_registry_lock())
		return 0; /* LCOV_EXCL_LINE: as above */
	put_head(&json, event);
	mp_json_put(&json, ",\"pools\":[");
	left_out = 0;
	mp_stats_all(&all, put_pool, &json);
	mp_registry_unlock();
	json.size = LINE_BYTES;
	put_field(&json, "],\"hidden_pools\":", left_out);
	mp_json_put(&json, ",\"all_pools\":{\"values\":");
	put_values(&json, &all);
	mp_json_put(&json, "}}\n");
	return json.length;
}

_Static_assert(TAIL_BYTES > 200 + sizeof(struct magpool_stats) / 8 * 44,
	       "a name of 20 letters and a number of 20 digits");

/* ---- the file ------------------------------------------------------------ */

/* The path with the number of the process. */
static void make_path(void)
{
	struct mp_json out = { .text = path, .size = sizeof path - 1 };
	char letter[2] = "";

	for (const char *at = mp_config_stats_path(); *at; at++) {
		letter[0] = *at;
		if (*at == '%' && *++at == 'p')
			mp_json_number(&out, mp_platform_process_id());
		else
			mp_json_put(&out, letter);
	}
	path[out.length] = '\0';
}

static const char *reason(char *out, size_t size, int error)
{
	static const struct {
		int error;
		const char *text;
	} reasons[] = {
		{ EEXIST, "it is there and has something else in it" },
		{ EINVAL, "not a regular file" },
		{ EISDIR, "a directory" },
		{ ELOOP, "a symbolic link" },
		{ ENOENT, "no such directory" },
		{ ENOTDIR, "no such directory" },
		{ EACCES, "permission denied" },
		{ EROFS, "the file system is read-only" },
		{ ENOSPC, "no space" },
		{ EFBIG, "the limit on the size of files" },
		{ ENAMETOOLONG, "too long" },
	};

	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
		if (reasons[i].error == error)
			return reasons[i].text;
	}
	snprintf(out, size, "errno %d", error);
	return out;
}

/* Told once. */
static void lose(int error)
{
	char text[32];
	char shown[MP_REPORT_LINE / 2];

	lost++;
	if (told)
		return;
	told = true;
	mp_report_printable(shown, sizeof shown, path);
	mp_warn("MAGPOOL_STATS: %s: a line is lost: %s", shown,
		reason(text, sizeof text, error));
}

/* False: not now. */
static bool write_line(enum event event)
{
	size_t length = write_text(event);
	int error;

	if (!length)          /* LCOV_EXCL_BR_LINE: as above */
		return false; /* LCOV_EXCL_LINE: as above */
	make_path();
	error = mp_platform_append(path, start, line, length, FILE_BYTES);
	if (error)
		lose(error);
	return true;
}

/* ---- when ---------------------------------------------------------------- */

void mp_journal_write(void)
{
	int saved = errno;

	/* Acquire: what the one before did with the buffers. */
	if (mp_exchange_acquire(&busy, true))
		return;
	mp_store_relaxed(&mp_journal_due, false);
	if (!write_line(EVENT_INTERVAL)) /* LCOV_EXCL_BR_LINE: as above */
		mp_store_relaxed(&mp_journal_due, true); /* LCOV_EXCL_LINE */
	mp_store_release(&busy, false);
	errno = saved;
}

/* Another thread may be writing a line; or this one, if a handler exits. */
static void write_last(void)
{
	int looks = 0;

	/* LCOV_EXCL_BR_LINE: as said. */
	while (mp_exchange_acquire(&busy, true)) {
		if (++looks == LOOKS_AT_EXIT) /* LCOV_EXCL_LINE: as above */
			return;               /* LCOV_EXCL_LINE: as above */
		sched_yield();                /* LCOV_EXCL_LINE: as above */
	}
	mp_trim_look();
	write_line(EVENT_EXIT);
	/* Busy for ever: of threads that still run none writes after it. */
}

/* 0: none ends, or there is no journal. */
static size_t interval_length(void)
{
	const size_t *value = mp_registry_settings()->value;

	return value[MP_OPTION_stats] & MP_STATS_JSON
		       ? value[MP_OPTION_trim_interval]
		       : 0;
}

void mp_journal_pass_time(uint64_t now)
{
	size_t interval = interval_length();
	uint64_t end = mp_load_relaxed(&interval_end);

	if (!interval || now < end)
		return;
	/* Relaxed: it only chooses who notes it. */
	/* LCOV_EXCL_BR_LINE: of two at once one is late. */
	if (mp_cas_relaxed(&interval_end, &end, now + interval))
		mp_store_relaxed(&mp_journal_due, true);
}

void mp_journal_start(void)
{
	mp_store_relaxed(&interval_end,
			 mp_platform_milliseconds() + interval_length());
	write_line(EVENT_START);
	mp_store_release(&busy, false);
	atexit(write_last);
}

void mp_journal_after_fork(void)
{
	mp_store_relaxed(&busy, false);
	/* Of this process. */
	lines = 0;
	lost = 0;
}
