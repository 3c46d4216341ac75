/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <argp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <magpool/magpool.h>

#include "argument.h"
#include "tool.h"

enum { KEY_PROMETHEUS = 0x100 };

static const struct argp_option options[] = {
#define STAT_OPTION(key, name, argument, flags, text) \
	{ name, key, argument, flags, text, 0 },
#include "options.def"
#undef STAT_OPTION
	{ 0 },
};

/* Was --count named? */
static bool has_count;

static const char text[] =
	"Looks into processes that use magpool, without stopping them: their "
	"pools, and what threads, depots and the system do for them.  Without "
	"a PID: lists the processes.  With one: shows it on the full screen; h "
	"is help there."
	"\vExit status:\n"
#define STAT_EXIT(name, number, text) "  " #number "  " text "\n"
#include "exits.def"
#undef STAT_EXIT
	;

static const struct {
	int key;
	enum stat_task task;
} tasks[] = {
	{ '1', STAT_ONCE },        { 'j', STAT_JSON },
	{ 'm', STAT_OPENMETRICS }, { KEY_PROMETHEUS, STAT_PROMETHEUS },
	{ 'c', STAT_CONFIG },
};

static void set_task(struct argp_state *state, enum stat_task task)
{
	struct stat_settings *settings = state->input;

	if (settings->task != STAT_VIEW && settings->task != task)
		argp_error(state, "expected one of --once, --json, "
				  "--openmetrics, --prometheus, --fields, "
				  "--explain and --config");
	settings->task = task;
}

static void parse_fields(struct argp_state *state, char *list)
{
	struct stat_settings *settings = state->input;

	if (!list) {
		set_task(state, STAT_FIELDS);
		return;
	}
	if (tool_split(list, settings->fields, STAT_MOST_FIELDS) == 0)
		argp_error(state,
			   "--fields: `%s': expected names with commas between "
			   "them, at most %d",
			   list, STAT_MOST_FIELDS);
}

static void parse_pid(struct argp_state *state, const char *word)
{
	struct stat_settings *settings = state->input;

	if (settings->pid)
		argp_error(state, "`%s': expected one PID", word);
	settings->pid = (pid_t)tool_whole(state, "PID", word, 1, INT_MAX);
}

static error_t parse(int key, char *word, struct argp_state *state)
{
	struct stat_settings *settings = state->input;

	for (size_t i = 0; i < sizeof(tasks) / sizeof(*tasks); i++) {
		if (tasks[i].key == key) {
			set_task(state, tasks[i].task);
			return 0;
		}
	}
	switch (key) {
	case 'i':
		settings->interval =
			tool_number(state, "--interval", word, 0.05, 3600);
		return 0;
	case 'n':
		settings->count =
			tool_whole(state, "--count", word, 0, INT_MAX);
		has_count = true;
		return 0;
	case 'f':
		parse_fields(state, word);
		return 0;
	case 'e':
		set_task(state, STAT_EXPLAIN);
		settings->explained = word;
		return 0;
	case ARGP_KEY_ARG:
		parse_pid(state, word);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void print_version(FILE *stream, struct argp_state *state)
{
	(void)state;
	fprintf(stream, "magpool-stat %s, live format %d\n", MAGPOOL_VERSION,
		MP_LIVE_FORMAT);
}

void stat_settings_parse(struct stat_settings *settings, int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "[PID]",
		.doc = text,
	};

	argp_program_version_hook = print_version;
	argp_err_exit_status = STAT_EXIT_USAGE;
	*settings = (struct stat_settings){ .task = STAT_VIEW };
	argp_parse(&argp, argc, argv, 0, NULL, settings);
	/* Into a file or a pipe go tables. */
	if (settings->task == STAT_VIEW &&
	    (!settings->pid || !isatty(STDOUT_FILENO)))
		settings->task = STAT_ONCE;
	if (!has_count)
		settings->count = settings->task != STAT_VIEW;
}

void stat_settings_columns(const struct stat_settings *settings,
			   const struct stat_segment *segment,
			   struct stat_columns *columns)
{
	const char *missing = stat_columns_choose(
		columns, segment,
		settings->fields[0] ? settings->fields : NULL);

	if (missing && settings->fields[0])
		tool_die(STAT_EXIT_USAGE,
			 "--fields: `%s': no such field; --fields lists them",
			 missing);
}
