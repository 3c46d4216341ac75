/* SPDX-License-Identifier: MIT */
/* The table of settings is sound, and options are merged as promised. */
#include "config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct mp_settings settings;

Test(config, rows_are_sound)
{
	for (int i = 0; i < MP_OPTION_COUNT; i++) {
		const struct mp_option_row *row = &mp_option_rows[i];

		cr_assert_eq(strncmp(row->name, "MAGPOOL_", 8), 0);
		cr_assert_leq(row->minimum, row->maximum);
		cr_assert_leq(row->initial, row->maximum);
		cr_assert_gt(strlen(row->text), 20);
		for (int j = 0; j < i; j++)
			cr_assert_neq(strcmp(row->name, mp_option_rows[j].name),
				      0);
	}
}

static void read_with(const char *name, const char *value)
{
	clearenv();
	setenv("MAGPOOL_QUIET", "1", 1);
	setenv(name, value, 1);
	mp_config_read(&settings);
}

Test(config, sizes_have_suffixes)
{
	static const struct {
		const char *text;
		size_t value;
	} good[] = {
		{ "512", 512 },     { "1k", 1024 },    { "64K", 65536 },
		{ "64KiB", 65536 }, { "64kb", 65536 }, { "1M", 1048576 },
	};

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		read_with("MAGPOOL_PAGE_SIZE", good[i].text);
		cr_assert_eq(settings.value[MP_OPTION_page_size], good[i].value,
			     "%s", good[i].text);
		cr_assert_eq(settings.source[MP_OPTION_page_size],
			     MP_SOURCE_ENVIRONMENT);
	}
}

Test(config, times_have_units)
{
	static const struct {
		const char *text;
		size_t value;
	} times[] = {
		{ "10", 10000 },
		{ "250ms", 250 },
		{ "3s", 3000 },
		{ "2min", 120000 },
		{ "1H", 3600000 },
		{ "off", 0 },
		{ "OFF", 0 },
		{ "1ms", 1 },
		{ "24h", 86400000 },
		/* The default. */
		{ "0", 10000 },
		{ "25h", 10000 },
		{ "s", 10000 },
		{ "10 s", 10000 },
		{ "5m", 10000 },
		{ "1.5s", 10000 },
		{ "99999999999999999999", 10000 },
		{ "18446744073709551615h", 10000 },
	};

	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		read_with("MAGPOOL_TRIM_INTERVAL", times[i].text);
		cr_assert_eq(settings.value[MP_OPTION_trim_interval],
			     times[i].value, "%s", times[i].text);
	}
}

Test(config, nonsense_leaves_the_default)
{
	static const char *const bad[] = {
		"",
		"x",
		"12x",
		"-1",
		"+4096",
		" 4096",
		"4096 ",
		"0x1000",
		"1KB2",
		"4096.0",
		"2M",
		"255",
		"99999999999999999999",
		"18446744073709551616",
		"1T",
		"K",
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		read_with("MAGPOOL_PAGE_SIZE", bad[i]);
		cr_assert_eq(settings.value[MP_OPTION_page_size], 4096, "%s",
			     bad[i]);
		cr_assert_eq(settings.source[MP_OPTION_page_size],
			     MP_SOURCE_DEFAULT);
	}
}

static size_t words_of(const char *text)
{
	read_with("MAGPOOL_STATS", text);
	return settings.value[MP_OPTION_stats];
}

Test(config, words_may_have_a_path)
{
	char longest[MP_CONFIG_PATH + 5] = "json:";

	cr_assert_eq(words_of("json:/a"), MP_STATS_LIVE | MP_STATS_JSON);
	cr_assert_str_eq(mp_config_stats_path(), "/a");
	cr_assert_eq(words_of("off,JSON:b%p%%:c,exit"),
		     MP_STATS_EXIT | MP_STATS_JSON);
	cr_assert_str_eq(mp_config_stats_path(), "b%p%%:c");
	cr_assert_eq(words_of("json:first,json:last"),
		     MP_STATS_LIVE | MP_STATS_JSON);
	cr_assert_str_eq(mp_config_stats_path(), "last");
	memset(longest + 5, 'x', MP_CONFIG_PATH - 1);
	cr_assert(words_of(longest) & MP_STATS_JSON);
	cr_assert_str_eq(mp_config_stats_path(), longest + 5);
}

Test(config, words_with_a_path_have_one)
{
	static const char *const bad[] = {
		"json",        "json:",  "json:,exit", "json:a%", "json:%d",
		"json:a%,b%p", "exit:a", "xjson:a",    "jso:a",   "json;a",
	};
	char longer[MP_CONFIG_PATH + 6] = "json:";

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		cr_assert_eq(words_of(bad[i]), MP_STATS_LIVE, "%s", bad[i]);
	memset(longer + 5, 'x', MP_CONFIG_PATH);
	cr_assert_eq(words_of(longer), MP_STATS_LIVE);
}

Test(config, a_choice_is_one_of_its_words)
{
	static const struct {
		const char *text;
		size_t value;
	} choices[] = {
		{ "never", 0 },
		{ "madvise", 1 },
		{ "ALWAYS", 2 },
		/* The default. */
		{ "", 0 },
		{ "1", 0 },
		{ "alway", 0 },
		{ "alwayss", 0 },
		{ "madvise,always", 0 },
		{ "off", 0 },
	};

	for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
		read_with("MAGPOOL_HUGEPAGES", choices[i].text);
		cr_assert_eq(settings.value[MP_OPTION_hugepages],
			     choices[i].value, "%s", choices[i].text);
		cr_assert_eq(settings.source[MP_OPTION_hugepages],
			     i < 3 ? MP_SOURCE_ENVIRONMENT : MP_SOURCE_DEFAULT);
	}
}

Test(config, none_is_a_limit_only_where_there_can_be_none)
{
	read_with("MAGPOOL_MAX_BYTES", "none");
	cr_assert_eq(settings.value[MP_OPTION_max_bytes], SIZE_MAX);
	cr_assert_eq(settings.source[MP_OPTION_max_bytes],
		     MP_SOURCE_ENVIRONMENT);
	read_with("MAGPOOL_PAGE_SIZE", "none");
	cr_assert_eq(settings.value[MP_OPTION_page_size], 4096);
}

Test(config, environment_beats_option_beats_default)
{
	read_with("MAGPOOL_PAGE_SIZE", "8192");
	cr_assert(mp_config_apply(&settings, MP_OPTION_page_size, 512));
	cr_assert_eq(settings.value[MP_OPTION_page_size], 8192);
	cr_assert(mp_config_apply(&settings, MP_OPTION_magazine_rounds, 4));
	cr_assert_eq(settings.value[MP_OPTION_magazine_rounds], 4);
	cr_assert(mp_config_apply(&settings, MP_OPTION_magazine_rounds, 0));
	cr_assert_eq(settings.value[MP_OPTION_magazine_rounds], 4);
	cr_assert_not(
		mp_config_apply(&settings, MP_OPTION_magazine_rounds, 257));
	cr_assert_eq(settings.value[MP_OPTION_magazine_rounds], 4);
}

Test(config, of_two_limits_the_smaller_holds)
{
	read_with("MAGPOOL_MAX_BYTES", "1M");
	cr_assert(mp_config_apply(&settings, MP_OPTION_max_bytes, 2 << 20));
	cr_assert_eq(settings.value[MP_OPTION_max_bytes], 1 << 20);
	cr_assert(mp_config_apply(&settings, MP_OPTION_max_bytes, 1 << 16));
	cr_assert_eq(settings.value[MP_OPTION_max_bytes], 1 << 16);
}

/* Bit 0 is `exit`, bit 1 is `live`, which is the default. */
Test(config, words_add_to_the_default)
{
	static const struct {
		const char *text;
		size_t value;
	} words[] = {
		{ "exit", 3 },
		{ "live", 2 },
		{ "off", 0 },
		{ "OFF,Exit", 1 },
		{ "exit,off", 0 },
		{ "off,exit,live", 3 },
		/* The default. */
		{ "", 2 },
		{ "lie", 2 },
		{ "lime", 2 },
		{ "exits", 2 },
		{ "exit,", 2 },
		{ "exit,no", 2 },
		{ "exit live", 2 },
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		read_with("MAGPOOL_STATS", words[i].text);
		cr_assert_eq(settings.value[MP_OPTION_stats], words[i].value,
			     "%s", words[i].text);
	}
}

/* ---- what is said -------------------------------------------------------- */

/* All that is said about those settings, or about the environment. */
static const char *said(bool of_environment)
{
	static char text[8192];
	FILE *file = tmpfile();
	int before = dup(STDERR_FILENO);

	cr_assert_not_null(file);
	dup2(fileno(file), STDERR_FILENO);
	if (of_environment)
		mp_config_warn(&settings);
	else
		mp_config_show(&settings, "it");
	dup2(before, STDERR_FILENO);
	close(before);
	rewind(file);
	text[fread(text, 1, sizeof text - 1, file)] = '\0';
	fclose(file);
	return text;
}

/* As it is understood again. */
Test(config, values_are_shown_as_they_are_written)
{
	static const struct {
		const char *name, *text, *shown;
	} shown[] = {
		{ "MAGPOOL_TRIM_INTERVAL", "off", "off" },
		{ "MAGPOOL_TRIM_INTERVAL", "90s", "90s" },
		{ "MAGPOOL_TRIM_INTERVAL", "60", "1min" },
		{ "MAGPOOL_TRIM_INTERVAL", "2h", "2h" },
		{ "MAGPOOL_TRIM_INTERVAL", "1500ms", "1500ms" },
		{ "MAGPOOL_STATS", "off", "off" },
		{ "MAGPOOL_STATS", "live", "live" },
		{ "MAGPOOL_STATS", "exit", "exit,live" },
		{ "MAGPOOL_DEPOT_BYTES", "3072G", "3072G" },
		{ "MAGPOOL_DEPOT_BYTES", "1023", "1023" },
		{ "MAGPOOL_RETAIN_BYTES", "0", "0" },
		{ "MAGPOOL_MAX_BYTES", "none", "none" },
		{ "MAGPOOL_SHARDS", "7", "7" },
		{ "MAGPOOL_ZERO_ON_RETURN", "yes", "on" },
	};

	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
		char line[128];
		const char *all;

		clearenv();
		setenv(shown[i].name, shown[i].text, 1);
		mp_config_read(&settings);
		snprintf(line, sizeof line, "magpool: it: %s=%s (environment)",
			 shown[i].name, shown[i].shown);
		all = said(false);
		cr_assert_not_null(strstr(all, line), "%s in %s", line, all);
	}
}

/* Longer than any line of ours: cut, and still one line. */
Test(config, a_long_name_is_cut)
{
	char name[200] = "MAGPOOL_";
	const char *all;

	memset(name + 8, 'X', sizeof name - 9);
	clearenv();
	setenv(name, "1", 1);
	mp_config_read(&settings);
	all = said(true);
	cr_assert_eq(strncmp(all, "magpool: MAGPOOL_XXX", 20), 0, "%s", all);
	cr_assert_not_null(strstr(all, "X: no such variable"), "%s", all);
	cr_assert_eq(strchr(all, '\n'), all + strlen(all) - 1);
	cr_assert_lt(strlen(all), 220);
}

/* getenv() does not see it, so nobody is told that it is wrong. */
Test(config, what_has_no_value_is_no_variable)
{
	static char nothing[] = "MAGPOOL_PAGE_SIZE";
	char *strings[] = { nothing, NULL };
	char **before = environ;

	environ = strings;
	mp_config_read(&settings);
	cr_assert_str_empty(said(true));
	cr_assert_eq(settings.source[MP_OPTION_page_size], MP_SOURCE_DEFAULT);
	environ = before;
}
