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

enum type { BYTES, COUNT, BOOL, WORDS };
enum kind { COUNTER, GAUGE };

static const struct option {
	const char *name;
	enum type type;
	size_t minimum;
	size_t maximum;
	size_t initial;
	const char *unit;
	const char *text;
} options[] = {
#define MP_OPTION(field, name, type, minimum, maximum, initial, unit, text) \
	{ name, type, minimum, maximum, initial, unit, text },
#include "config.def"
#undef MP_OPTION
};

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
#define VALUE_LENGTH 32
#define RANGE_LENGTH 80
#define LINE_LENGTH 1024

/* ---- values -------------------------------------------------------------- */

static const char *show_bytes(char *out, size_t value)
{
	static const char units[] = "KMG";
	size_t unit = 0;

	for (; unit < 3 && value && value % 1024 == 0; unit++)
		value /= 1024;
	if (unit)
		snprintf(out, VALUE_LENGTH, "%zu%c", value, units[unit - 1]);
	else
		snprintf(out, VALUE_LENGTH, "%zu", value);
	return out;
}

static const char *show_range(char *out, const struct option *option)
{
	char minimum[VALUE_LENGTH];
	char maximum[VALUE_LENGTH];

	switch (option->type) {
	case BOOL:
		return "0, 1, no, yes, off, on";
	case WORDS:
		snprintf(out, RANGE_LENGTH, "%.50s, off", option->unit);
		return out;
	case COUNT:
		snprintf(out, RANGE_LENGTH, "%zu to %zu", option->minimum,
			 option->maximum);
		return out;
	case BYTES:
		break;
	}
	show_bytes(minimum, option->minimum);
	if (option->maximum == SIZE_MAX)
		snprintf(out, RANGE_LENGTH, "from %s, or none", minimum);
	else
		snprintf(out, RANGE_LENGTH, "%s to %s", minimum,
			 show_bytes(maximum, option->maximum));
	return out;
}

static const char *show_default(char *out, const struct option *option)
{
	switch (option->type) {
	case BOOL:
	case WORDS:
		return "off";
	case COUNT:
		if (option->initial < option->minimum)
			return "automatic";
		break;
	case BYTES:
		if (option->initial == SIZE_MAX)
			return "none";
		break;
	}
	return show_bytes(out, option->initial);
}

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
	char range[RANGE_LENGTH];
	char initial[VALUE_LENGTH];

	for (size_t i = 0; i < LENGTH(options); i++) {
		printf(".TP\n.B %s\n", options[i].name);
		put_roff(options[i].text);
		printf("Values: %s; default %s.\n",
		       show_range(range, &options[i]),
		       show_default(initial, &options[i]));
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
	char range[RANGE_LENGTH];
	char initial[VALUE_LENGTH];

	puts("| Variable | Values | Default | Meaning |");
	puts("|---|---|---|---|");
	for (size_t i = 0; i < LENGTH(options); i++)
		printf("| `%s` | %s | %s | %s |\n", options[i].name,
		       show_range(range, &options[i]),
		       show_default(initial, &options[i]), options[i].text);
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
