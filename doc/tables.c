/* SPDX-License-Identifier: MIT */
/*
 * Makes the lists of the manual out of the tables of the library, so that
 * nothing about an option or a counter is written twice.
 *
 *     tables --markdown          the options as a table, for the README
 *     tables TEMPLATE [VERBATIM] the template of a manual page, with its lines
 *                                @OPTIONS@, @COUNTERS@, @GAUGES@ and
 *                                @VERBATIM@ (a file) replaced
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
		else
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
