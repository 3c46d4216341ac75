/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "distance.h"
#include "platform.h"
#include "report.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PREFIX "MAGPOOL_"

const struct mp_option_row mp_option_rows[MP_OPTION_COUNT] = {
#define MP_OPTION(field, name, type, minimum, maximum, initial, unit, text) \
	{ name, MP_TYPE_##type, minimum, maximum, initial, unit, text },
#include "config.def"
#undef MP_OPTION
};

/* ---- printing a value ---------------------------------------------------- */

#define VALUE_LENGTH 32

/* The next one of a list, and how long it is; NULL after the last. */
static const char *next_word(const char *list, size_t *length)
{
	list += *length;
	list += *list == ',';
	*length = strcspn(list, ",");
	return *list ? list : NULL;
}

/* Of a word with a path only that, without the colon. */
static size_t head_of(const char *word)
{
	return strcspn(word, ":,");
}

static const char *show_words(char *out, const struct mp_option_row *row,
			      size_t value)
{
	const char *word = row->unit;
	size_t length = 0;
	size_t at = 0;

	for (; (word = next_word(word, &length)); value >>= 1) {
		if (!(value & 1))
			continue;
		/* The rows' words are short enough, all together. */
		if (at)
			out[at++] = ',';
		memcpy(out + at, word, head_of(word));
		at += head_of(word);
	}
	out[at] = '\0';
	return at ? out : "off";
}

/* The units of time, the largest first, in milliseconds. */
static const struct {
	const char *name;
	size_t length;
} times[] = { { "h", 3600000 }, { "min", 60000 }, { "s", 1000 }, { "ms", 1 } };

#define TIMES (sizeof times / sizeof *times)

static const char *show_time(char *out, size_t value)
{
	size_t i = 0;

	if (value == 0)
		return "off";
	while (value % times[i].length)
		i++;
	snprintf(out, VALUE_LENGTH, "%zu%s", value / times[i].length,
		 times[i].name);
	return out;
}

static const char *show_value(char *out, const struct mp_option_row *row,
			      size_t value)
{
	static const char units[] = "KMG";
	int unit = -1;

	if (row->type == MP_TYPE_BYTES && value == SIZE_MAX)
		return "none";
	if (row->type == MP_TYPE_COUNT && value < row->minimum)
		return "auto";
	if (row->type == MP_TYPE_BOOL)
		return value ? "on" : "off";
	if (row->type == MP_TYPE_WORDS)
		return show_words(out, row, value);
	if (row->type == MP_TYPE_CHOICE)
		return show_words(out, row, (size_t)1 << value);
	if (row->type == MP_TYPE_TIME)
		return show_time(out, value);
	while (row->type == MP_TYPE_BYTES && unit < 2 && value &&
	       value % 1024 == 0) {
		value /= 1024;
		unit++;
	}
	if (unit >= 0)
		snprintf(out, VALUE_LENGTH, "%zu%c", value, units[unit]);
	else
		snprintf(out, VALUE_LENGTH, "%zu", value);
	return out;
}

/* ---- parsing a value ----------------------------------------------------- */

static bool parse_bool(const char *text, size_t *value)
{
	static const char *const words[] = {
		"0", "1", "no", "yes", "off", "on"
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcasecmp(text, words[i]) == 0) {
			*value = i & 1;
			return true;
		}
	}
	return false;
}

/* Digits only: strtoul() would take blanks, signs and the host's locale. */
static const char *parse_digits(const char *text, size_t *value)
{
	const char *at = text;
	size_t sum = 0;

	for (; *at >= '0' && *at <= '9'; at++) {
		if (__builtin_mul_overflow(sum, (size_t)10, &sum) ||
		    __builtin_add_overflow(sum, (size_t)(*at - '0'), &sum))
			return NULL;
	}
	*value = sum;
	return at == text ? NULL : at;
}

/* What follows the digits of a size: nothing, or K, M, G with or without B. */
static bool parse_suffix(const char *text, size_t *value)
{
	static const char units[] = "KMG";
	const char *unit;
	size_t shift;

	if (!*text)
		return true;
	unit = strchr(units, *text & ~0x20);
	if (!unit || !*unit)
		return false;
	if (text[1] && strcasecmp(text + 1, "B") != 0 &&
	    strcasecmp(text + 1, "iB") != 0)
		return false;
	shift = 10 * (size_t)(unit - units + 1);
	if (*value > SIZE_MAX >> shift)
		return false;
	*value <<= shift;
	return true;
}

static bool parse_number(const struct mp_option_row *row, const char *text,
			 size_t *value)
{
	const char *rest;

	if (row->type == MP_TYPE_BYTES && row->maximum == SIZE_MAX &&
	    (strcasecmp(text, "none") == 0 ||
	     strcasecmp(text, "unlimited") == 0)) {
		*value = SIZE_MAX;
		return true;
	}
	rest = parse_digits(text, value);
	if (!rest)
		return false;
	return row->type == MP_TYPE_BYTES ? parse_suffix(rest, value) : !*rest;
}

/* "10s"; seconds, if nothing follows the digits. */
static bool parse_time(const struct mp_option_row *row, const char *text,
		       size_t *value)
{
	const char *unit;

	*value = 0;
	if (strcasecmp(text, "off") == 0)
		return true;
	unit = parse_digits(text, value);
	if (!unit)
		return false;
	for (size_t i = 0; i < TIMES; i++) {
		if (strcasecmp(*unit ? unit : "s", times[i].name) == 0)
			return !__builtin_mul_overflow(*value, times[i].length,
						       value) &&
			       *value >= row->minimum && *value <= row->maximum;
	}
	return false;
}

/* A path that fits; behind a % there is a p, or another one. */
static bool is_path(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] != '%')
			continue;
		if (++i == length || (text[i] != 'p' && text[i] != '%'))
			return false;
	}
	return length && length < MP_CONFIG_PATH;
}

/* Is it that word, which is so long in the row? */
static bool is_word(const char *word, size_t known, const char *text,
		    size_t length)
{
	size_t head = head_of(word) + 1;

	if (head > known)
		return known == length && strncasecmp(text, word, known) == 0;
	return length >= head && strncasecmp(text, word, head) == 0 &&
	       is_path(text + head, length - head);
}

/* The bit of a word of the row; 0: there is none like it. */
static size_t bit_of(const struct mp_option_row *row, const char *text,
		     size_t length)
{
	const char *word = row->unit;
	size_t known = 0;
	size_t bit = 1;

	for (; (word = next_word(word, &known)); bit <<= 1) {
		if (is_word(word, known, text, length))
			return bit;
	}
	return 0;
}

/*
 * "off,exit": each word adds its bit to the default, `off` clears them.  A path
 * ends at a comma, too.
 */
static bool parse_words(const struct mp_option_row *row, const char *text,
			size_t *value)
{
	*value = row->initial;
	for (;;) {
		size_t length = strcspn(text, ",");
		size_t bit = bit_of(row, text, length);

		if (length == 3 && strncasecmp(text, "off", length) == 0)
			*value = 0;
		else if (bit)
			*value |= bit;
		else
			return false;
		if (!text[length])
			return true;
		text += length + 1;
	}
}

static bool parse_choice(const struct mp_option_row *row, const char *text,
			 size_t *value)
{
	size_t bit = bit_of(row, text, strlen(text));

	*value = bit ? (size_t)__builtin_ctzl(bit) : 0;
	return bit;
}

static bool parse(const struct mp_option_row *row, const char *text,
		  size_t *value)
{
	switch (row->type) {
	case MP_TYPE_BOOL:
		return parse_bool(text, value);
	case MP_TYPE_WORDS:
		return parse_words(row, text, value);
	case MP_TYPE_CHOICE:
		return parse_choice(row, text, value);
	case MP_TYPE_TIME:
		return parse_time(row, text, value);
	default:
		return parse_number(row, text, value) &&
		       *value >= row->minimum && *value <= row->maximum;
	}
}

static void show_expected(char *out, size_t size,
			  const struct mp_option_row *row)
{
	char minimum[VALUE_LENGTH];
	char maximum[VALUE_LENGTH];

	if (row->type == MP_TYPE_BOOL) {
		snprintf(out, size, "0, 1, no, yes, off or on");
	} else if (row->type == MP_TYPE_WORDS) {
		snprintf(out, size, "off or a list of %s", row->unit);
	} else if (row->type == MP_TYPE_CHOICE) {
		snprintf(out, size, "one of %s", row->unit);
	} else if (row->type == MP_TYPE_TIME) {
		snprintf(out, size,
			 "%s from %s to %s (ms, s, min or h), or off",
			 row->unit, show_value(minimum, row, row->minimum),
			 show_value(maximum, row, row->maximum));
	} else if (row->maximum == SIZE_MAX) {
		snprintf(out, size,
			 "%s, at least %s (suffix K, M or G), or none",
			 row->unit, show_value(minimum, row, row->minimum));
	} else {
		/* The minimum of a count is a number, never "auto". */
		snprintf(out, size, "%s, from %zu to %s%s", row->unit,
			 row->minimum, show_value(maximum, row, row->maximum),
			 row->type == MP_TYPE_BYTES ? " (suffix K, M or G)"
						    : "");
	}
}

/* ---- the environment ----------------------------------------------------- */

static const char *nearest_name(const char *name)
{
	size_t best = SIZE_MAX;
	const char *found = mp_option_rows[0].name;

	for (size_t i = 0; i < MP_OPTION_COUNT; i++) {
		size_t d = mp_distance(name, mp_option_rows[i].name);

		if (d < best) {
			best = d;
			found = mp_option_rows[i].name;
		}
	}
	return found;
}

static const struct mp_option_row *find_row(const char *name, size_t length)
{
	for (size_t i = 0; i < MP_OPTION_COUNT; i++) {
		const char *known = mp_option_rows[i].name;

		if (strlen(known) == length && !memcmp(known, name, length))
			return &mp_option_rows[i];
	}
	return NULL;
}

static void warn_of_name(const char *entry, size_t length)
{
	char name[128];
	bool fits = length < sizeof name;

	mp_report_printable(name, fits ? length + 1 : sizeof name, entry);
	mp_warn("%s: no such variable; the nearest is %s", name,
		nearest_name(name));
}

static void warn_of_value(const struct mp_option_row *row, const char *value)
{
	char text[64];
	char expected[128];
	char initial[VALUE_LENGTH];

	mp_report_printable(text, sizeof text, value);
	show_expected(expected, sizeof expected, row);
	mp_warn("%s=%s: expected %s; the default %s stays", row->name, text,
		expected, show_value(initial, row, row->initial));
}

static char stats_path[MP_CONFIG_PATH];

const char *mp_config_stats_path(void)
{
	return stats_path;
}

/* The last one that is named, as of each word the last one counts. */
static void read_stats_path(const char *text)
{
	size_t length = 0;

	while ((text = next_word(text, &length))) {
		size_t head = strcspn(text, ":") + 1;

		if (head > length)
			continue;
		memcpy(stats_path, text + head, length - head);
		stats_path[length - head] = '\0';
	}
}

static void read_row(struct mp_settings *settings, size_t i)
{
	const char *text = mp_platform_getenv(mp_option_rows[i].name);
	size_t value;

	settings->value[i] = mp_option_rows[i].initial;
	settings->source[i] = MP_SOURCE_DEFAULT;
	if (text && parse(&mp_option_rows[i], text, &value)) {
		settings->value[i] = value;
		settings->source[i] = MP_SOURCE_ENVIRONMENT;
		if (i == MP_OPTION_stats)
			read_stats_path(text);
	}
}

/* After all rows are read: quiet and strict hold for these warnings too. */
static void warn_of_mistakes(void)
{
	for (char **entry = mp_platform_environment(); *entry; entry++) {
		size_t length = strcspn(*entry, "=");
		const struct mp_option_row *row;
		size_t value;

		/* Without a value it is none: getenv() skips it too. */
		if (strncmp(*entry, PREFIX, sizeof PREFIX - 1) != 0 ||
		    !(*entry)[length])
			continue;
		row = find_row(*entry, length);
		if (!row)
			warn_of_name(*entry, length);
		else if (!parse(row, *entry + length + 1, &value))
			warn_of_value(row, *entry + length + 1);
	}
}

void mp_config_read(struct mp_settings *settings)
{
	for (size_t i = 0; i < MP_OPTION_COUNT; i++)
		read_row(settings, i);
	mp_report_configure(settings->value[MP_OPTION_quiet],
			    settings->value[MP_OPTION_strict]);
}

void mp_config_warn(const struct mp_settings *settings)
{
	warn_of_mistakes();
	if (settings->value[MP_OPTION_verbose])
		mp_config_show(settings, "process");
}

/* ---- a pool's options ---------------------------------------------------- */

/* Does the option hold though the environment says something else? */
static bool is_stricter(const struct mp_settings *settings,
			enum mp_option option, size_t value)
{
	switch (option) {
	case MP_OPTION_max_bytes:
		return value < settings->value[option];
	case MP_OPTION_zero_on_return:
		return value > settings->value[option];
	default:
		return false;
	}
}

bool mp_config_apply(struct mp_settings *settings, enum mp_option option,
		     size_t value)
{
	const struct mp_option_row *row = &mp_option_rows[option];

	if (value == 0)
		return true;
	if (value < row->minimum || value > row->maximum)
		return false;
	if (settings->source[option] == MP_SOURCE_ENVIRONMENT &&
	    !is_stricter(settings, option, value))
		return true;
	settings->value[option] = value;
	settings->source[option] = MP_SOURCE_OPTION;
	return true;
}

void mp_config_show(const struct mp_settings *settings, const char *title)
{
	static const char *const sources[] = {
		[MP_SOURCE_DEFAULT] = "default",
		[MP_SOURCE_OPTION] = "option",
		[MP_SOURCE_ENVIRONMENT] = "environment",
	};

	for (size_t i = 0; i < MP_OPTION_COUNT; i++) {
		const struct mp_option_row *row = &mp_option_rows[i];
		char value[VALUE_LENGTH];

		mp_inform("%s: %s=%s (%s)", title, row->name,
			  show_value(value, row, settings->value[i]),
			  sources[settings->source[i]]);
	}
}
