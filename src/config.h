/* SPDX-License-Identifier: MIT */
/*
 * Settings: read from the environment once, at first use, immutable after.
 *
 * The environment beats a pool's options, options beat defaults; of two byte
 * limits the smaller one holds, and a flag can only be switched on.
 */
#ifndef MP_CONFIG_H
#define MP_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mp_option {
#define MP_OPTION(field, ...) MP_OPTION_##field,
#include "config.def"
#undef MP_OPTION
	MP_OPTION_COUNT
};

enum mp_source {
	MP_SOURCE_DEFAULT,
	MP_SOURCE_OPTION,
	MP_SOURCE_ENVIRONMENT,
};

enum mp_option_type {
	MP_TYPE_BYTES,
	MP_TYPE_COUNT,
	MP_TYPE_BOOL,
	MP_TYPE_WORDS,
	MP_TYPE_CHOICE,
	MP_TYPE_TIME,
};

/* The bits of MAGPOOL_STATS: its words, from the first one. */
enum mp_stats_word {
	MP_STATS_EXIT = 1,
	MP_STATS_LIVE = 2,
	MP_STATS_JSON = 4, /* see mp_config_stats_path() */
};

/* The longest path that a word may have, with the 0 behind it. */
#define MP_CONFIG_PATH 1024

/* A row of config.def. */
struct mp_option_row {
	const char *name;
	enum mp_option_type type;
	size_t minimum;
	size_t maximum;
	size_t initial;
	const char *unit;
	const char *text;
};

extern const struct mp_option_row mp_option_rows[MP_OPTION_COUNT];

/* A value for each row, and where it came from. */
struct mp_settings {
	size_t value[MP_OPTION_COUNT];
	unsigned char source[MP_OPTION_COUNT];
};

/*
 * Reads the environment and sets up report.h.  What does not parse, is out of
 * range or empty leaves the default.  Called once, under the registry's mutex.
 */
void mp_config_read(struct mp_settings *settings);

/* The path of MP_STATS_JSON as it was read, with its `%p` and `%%`. */
const char *mp_config_stats_path(void);

/*
 * Says what was wrong with the environment, and unknown MAGPOOL_ names; under
 * MAGPOOL_VERBOSE also the settings.
 */
void mp_config_warn(const struct mp_settings *settings);

/*
 * A pool's option on top of the process's settings: 0 changes nothing.  False:
 * out of range.
 */
bool mp_config_apply(struct mp_settings *settings, enum mp_option option,
		     size_t value);

/* Prints the settings and their sources, for MAGPOOL_VERBOSE. */
void mp_config_show(const struct mp_settings *settings, const char *title);

#endif
