/* SPDX-License-Identifier: MIT */
/*
 * Makes the lists of the manual out of the tables of the library, so that
 * nothing about an option or a counter is written twice.
 *
 *     tables --markdown          the options as a table, for the README
 *     tables TEMPLATE [VERBATIM] the template of a manual page, with its lines
 *                                @OPTIONS@, @COUNTERS@, @GAUGES@,
 *                                @VERBATIM@ (a file) and those of
 *                                magpool-stat, @STAT_...@, replaced
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "option.h"

enum kind { COUNTER, GAUGE };

static const struct stat {
	const char *name;
	enum kind kind;
	const char *unit;
	const char *line;
	const char *text;
} stats[] = {
#define MP_STAT(name, kind, unit, level, line, text) \
	{ #name, kind, unit, line, text },
#include "stats.def"
#undef MP_STAT
};

#define LENGTH(array) (sizeof(array) / sizeof *(array))
#define LINE_LENGTH 1024

/* ---- roff ---------------------------------------------------------------- */

/* `word` is set in bold; what roff would take for its own is escaped. */
static void put_roff(const char *text)
{
	bool bold = false;

	for (; *text; text++) {
		if (*text == '`')
			fputs((bold = !bold) ? "\\fB" : "\\fP", stdout);
		else if (*text == '\\' || *text == '-')
			printf("\\%c", *text == '\\' ? 'e' : '-');
		else
			putchar(*text);
	}
	putchar('\n');
}

static void put_options(void)
{
	char range[TOOL_RANGE_ROOM];
	char initial[TOOL_VALUE_ROOM];

	for (size_t i = 0; i < tool_option_count; i++) {
		printf(".TP\n.B %s\n", tool_options[i].name);
		put_roff(tool_options[i].text);
		printf("Values: %s; default %s.\n",
		       tool_option_range(range, &tool_options[i]),
		       tool_option_default(initial, &tool_options[i]));
	}
}

static void put_stats(enum kind kind)
{
	for (size_t i = 0; i < LENGTH(stats); i++) {
		if (stats[i].kind != kind)
			continue;
		printf(".TP\n.BR %s \" (%s)\"\n", stats[i].name, stats[i].unit);
		put_roff(stats[i].line);
		printf(".br\n");
		put_roff(stats[i].text);
	}
}

/* ---- magpool-stat -------------------------------------------------------- */

/* As argp(3) has them; the keys of options without a letter do not matter. */
enum { OPTION_ARG_OPTIONAL = 1, KEY_PROMETHEUS = 0x100 };

static const struct {
	int key;
	const char *name;
	const char *argument;
	int flags;
	const char *text;
} stat_options[] = {
#define STAT_OPTION(key, name, argument, flags, text) \
	{ key, name, argument, flags, text },
#include "options.def"
#undef STAT_OPTION
};

/* A word before a text: a key, a field, an exit status. */
struct entry {
	const char *word;
	const char *text;
};

static const struct entry stat_keys[] = {
#define STAT_KEY(key, other, shown, text, function) { shown, text },
#include "keys.def"
#undef STAT_KEY
};

static const struct entry stat_fields[] = {
#define STAT_FIELD(name, unit, line, text, function) \
	{ #name " (" unit ")", line ". " text },
#include "fields.def"
#undef STAT_FIELD
};

static const struct entry stat_exits[] = {
#define STAT_EXIT(name, number, text) { #number, text },
#include "exits.def"
#undef STAT_EXIT
};

static void put_stat_options(void)
{
	for (size_t i = 0; i < LENGTH(stat_options); i++) {
		bool may_be_left = stat_options[i].flags & OPTION_ARG_OPTIONAL;
		const char *argument = stat_options[i].argument;

		printf(".TP\n");
		if (stat_options[i].key < KEY_PROMETHEUS)
			printf(".BR \\-%c \", \" ", stat_options[i].key);
		else
			printf(".BR ");
		printf("\\-\\-%s", stat_options[i].name);
		if (argument)
			printf("%s=\\fI%s\\fR%s", may_be_left ? "\\fR[" : "",
			       argument, may_be_left ? "]" : "");
		putchar('\n');
		put_roff(stat_options[i].text);
	}
}

static void put_entries(const struct entry *entry, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		printf(".TP\n.B ");
		put_roff(entry[i].word);
		put_roff(entry[i].text);
	}
}

/* False: the line is none of these. */
static bool put_stat_list(const char *line)
{
	if (strcmp(line, "@STAT_OPTIONS@") == 0)
		put_stat_options();
	else if (strcmp(line, "@STAT_KEYS@") == 0)
		put_entries(stat_keys, LENGTH(stat_keys));
	else if (strcmp(line, "@STAT_FIELDS@") == 0)
		put_entries(stat_fields, LENGTH(stat_fields));
	else if (strcmp(line, "@STAT_EXITS@") == 0)
		put_entries(stat_exits, LENGTH(stat_exits));
	else
		return false;
	return true;
}

/* ---- templates ----------------------------------------------------------- */

/* The next line, without its end; false at the end of the file. */
static bool next_line(FILE *file, char *line, int size)
{
	if (!fgets(line, size, file))
		return false;
	line[strcspn(line, "\n")] = 0;
	return true;
}

/* False: something went wrong on the way. */
static bool close_file(FILE *file)
{
	bool good = !ferror(file);

	return fclose(file) == 0 && good;
}

static bool put_verbatim(const char *path)
{
	FILE *file = path ? fopen(path, "r") : NULL;
	char line[LINE_LENGTH];

	if (!file)
		return false;
	puts(".PP\n.nf\n.ft CW");
	while (next_line(file, line, sizeof line))
		put_roff(line);
	puts(".ft\n.fi");
	return close_file(file);
}

static bool expand(const char *template, const char *verbatim)
{
	FILE *file = fopen(template, "r");
	char line[LINE_LENGTH];
	bool good = true;

	if (!file)
		return false;
	while (next_line(file, line, sizeof line)) {
		if (strcmp(line, "@OPTIONS@") == 0)
			put_options();
		else if (strcmp(line, "@COUNTERS@") == 0)
			put_stats(COUNTER);
		else if (strcmp(line, "@GAUGES@") == 0)
			put_stats(GAUGE);
		else if (strcmp(line, "@VERBATIM@") == 0)
			good = put_verbatim(verbatim) && good;
		else if (!put_stat_list(line))
			puts(line);
	}
	return close_file(file) && good;
}

/* ---- markdown ------------------------------------------------------------ */

static void put_markdown(void)
{
	char range[TOOL_RANGE_ROOM];
	char initial[TOOL_VALUE_ROOM];

	puts("| Variable | Values | Default | Meaning |");
	puts("|---|---|---|---|");
	for (size_t i = 0; i < tool_option_count; i++)
		printf("| `%s` | %s | %s | %s |\n", tool_options[i].name,
		       tool_option_range(range, &tool_options[i]),
		       tool_option_default(initial, &tool_options[i]),
		       tool_options[i].text);
}

int main(int argc, char **argv)
{
	bool good = true;

	if (argc != 2 && argc != 3) {
		fputs("usage: tables --markdown | TEMPLATE [VERBATIM]\n",
		      stderr);
		return 2;
	}
	if (strcmp(argv[1], "--markdown") == 0)
		put_markdown();
	else
		good = expand(argv[1], argv[2]);
	if (!good || fflush(stdout)) {
		perror("tables");
		return 1;
	}
	return 0;
}
