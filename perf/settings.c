/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <magpool/magpool.h>

#include "argument.h"
#include "peer.h"
#include "util.h"
#include "workload.h"

enum { KEY_CSV = 0x100, KEY_SERVE, KEY_TARGETS, KEY_PROCESSES, KEY_PART };
enum {
	MOST_THREADS = 1024,
	MOST_REPEATS = 1001,
	MOST_SECONDS = 3600,
	MOST_PROCESSES = 99
};

static const struct argp_option options[] = {
	{ "time", 't', "SECONDS", 0,
	  "time to measure for (default 10; --targets 60)", 0 },
	{ "repeats", 'r', "N", 0,
	  "repeats of each figure (default 31; --targets 21)", 0 },
	{ "threads", 'T', "N,...", 0,
	  "numbers of threads (default: as many as there are cores)", 0 },
	{ "peers", 'p', "PEER,...", 0,
	  "what to measure (default: the usual; `all': all that are there)",
	  0 },
	{ "baseline", 'b', "PEER", 0,
	  "what the others are compared to (default malloc)", 0 },
	{ "shapes", 's', "FILE", 0,
	  "call shapes to use: CSV with the columns call,weight,sizes", 0 },
	{ "mix", 'm', "PREFIX,...", 0,
	  "only the calls whose name begins so (default vk,db; all of a FILE)",
	  0 },
	{ "list", 'l', NULL, 0, "list the workloads and peers", 0 },
	{ "json", 'j', NULL, 0, "print JSON, with every repeat", 0 },
	{ "csv", KEY_CSV, NULL, 0, "print CSV", 0 },
	{ "plot", 'P', "FILE", 0,
	  "also draw FILE, .svg or .png, through gnuplot", 0 },
	{ "watch", 'w', NULL, 0,
	  "show the depot on stderr, twice a second, while measuring", 0 },
	{ "compare", 'c', NULL, 0,
	  "compare two results of --json: magpool-perf --compare A B", 0 },
	{ "targets", KEY_TARGETS, NULL, 0,
	  "measure what the library should reach, in a minute, and say if it "
	  "does",
	  0 },
	{ "processes", KEY_PROCESSES, "N", 0,
	  "processes of --targets (default 5)", 0 },
	{ "part", KEY_PART, NULL, OPTION_HIDDEN, NULL, 0 },
	{ "serve", KEY_SERVE, "PEER", OPTION_HIDDEN, NULL, 0 },
	{ 0 },
};

static const char text[] =
	"Measures the pool beside other ways to get memory for the parameters "
	"of native calls, and shows the statistics of its depot.\v"
	"Without a WORKLOAD: the usual ones; --list shows all.";

static const struct perf_peer *peer(struct argp_state *state,
				    const char *option, const char *word)
{
	const struct perf_peer *found = perf_peer_find(word);
	char *names = NULL;

	if (found)
		return found;
	for (size_t i = 0; perf_peers[i]; i++)
		tool_add_name(&names, perf_peers[i]->name);
	argp_error(state, "%s: `%s': expected one of %s", option, word, names);
	return NULL;
}

static const struct perf_workload *workload(struct argp_state *state,
					    const char *word)
{
	const struct perf_workload *found = perf_workload_find(word);
	char *names = NULL;

	if (found)
		return found;
	for (size_t i = 0; perf_workloads[i]; i++)
		tool_add_name(&names, perf_workloads[i]->name);
	argp_error(state, "`%s': expected a workload, one of %s", word, names);
	return NULL;
}

static void parse_threads(struct argp_state *state, char *list)
{
	struct perf_settings *settings = state->input;
	const char *words[PERF_MOST_NAMES - 1];
	size_t count = tool_split(list, words, PERF_MOST_NAMES - 1);

	if (count == 0)
		argp_error(state,
			   "--threads: `%s': expected numbers with "
			   "commas between them, at most %d",
			   list, PERF_MOST_NAMES - 1);
	for (size_t i = 0; i < count; i++)
		settings->threads[i] = tool_whole(state, "--threads", words[i],
						  1, MOST_THREADS);
	settings->threads[count] = 0;
}

/* A peer that is named twice would be measured twice, for nothing. */
static void add_peer(struct perf_settings *settings,
		     const struct perf_peer *added)
{
	size_t count = 0;

	for (; settings->peers[count]; count++)
		if (settings->peers[count] == added)
			return;
	settings->peers[count] = added;
}

static void add_all_peers(struct perf_settings *settings, bool only_usual)
{
	for (size_t i = 0; perf_peers[i]; i++)
		if (!only_usual || perf_peers[i]->is_usual)
			add_peer(settings, perf_peers[i]);
}

static void parse_peers(struct argp_state *state, char *list)
{
	struct perf_settings *settings = state->input;
	const char *words[PERF_MOST_NAMES - 2];
	size_t count;

	memset(settings->peers, 0, sizeof(settings->peers));
	settings->is_picky = strcmp(list, "all") != 0;
	if (!settings->is_picky) {
		add_all_peers(settings, false);
		return;
	}
	count = tool_split(list, words, PERF_MOST_NAMES - 2);
	if (count == 0)
		argp_error(state,
			   "--peers: `%s': expected names with commas between "
			   "them",
			   list);
	for (size_t i = 0; i < count; i++)
		add_peer(settings, peer(state, "--peers", words[i]));
}

static void parse_mixes(struct argp_state *state, char *list)
{
	struct perf_settings *settings = state->input;
	size_t count = tool_split(list, settings->mixes, PERF_MOST_NAMES - 1);

	if (count == 0)
		argp_error(state,
			   "--mix: `%s': expected prefixes of calls with "
			   "commas between them",
			   list);
	settings->mixes[count] = NULL;
}

static void parse_plot(struct argp_state *state, const char *file)
{
	struct perf_settings *settings = state->input;
	const char *end = strrchr(file, '.');

	if (!end || (strcmp(end, ".svg") != 0 && strcmp(end, ".png") != 0))
		argp_error(state,
			   "--plot: `%s': expected a name that ends in .svg "
			   "or .png",
			   file);
	settings->plot = file;
}

static void add_workload(struct argp_state *state, const char *word)
{
	struct perf_settings *settings = state->input;
	size_t count = 0;

	while (settings->workloads[count])
		count++;
	if (count == PERF_MOST_NAMES - 1)
		argp_error(state, "`%s': expected at most %d workloads", word,
			   PERF_MOST_NAMES - 1);
	settings->workloads[count] = workload(state, word);
}

/* A word that is no option: a workload, or a file of --compare. */
static void parse_word(struct argp_state *state, const char *word)
{
	struct perf_settings *settings = state->input;
	unsigned number = state->arg_num;

	if (settings->task != PERF_COMPARE)
		add_workload(state, word);
	else if (number < 2)
		settings->compared[number] = word;
	else
		argp_error(state, "--compare: `%s': expected two files", word);
}

static void serve(struct argp_state *state, const char *word)
{
	struct perf_settings *settings = state->input;

	settings->task = PERF_SERVE;
	settings->served = peer(state, "--serve", word);
}

/* A server has one peer, whatever the arguments after --serve say. */
static void fill_in_peers(struct perf_settings *settings)
{
	if (settings->task == PERF_SERVE) {
		memset(settings->peers, 0, sizeof(settings->peers));
		settings->peers[0] = settings->served;
		return;
	}
	if (!settings->peers[0])
		add_all_peers(settings, true);
	add_peer(settings, settings->baseline);
}

/* The targets say themselves what they need. */
static void check_targets(struct argp_state *state)
{
	const struct perf_settings *settings = state->input;

	if (settings->workloads[0] || settings->is_picky ||
	    settings->peers[0] || settings->threads[0] || settings->mixes[0] ||
	    settings->shapes || settings->plot || settings->watches ||
	    settings->output == PERF_JSON || settings->task == PERF_COMPARE)
		argp_error(state, "--targets: expected no other options than "
				  "--time, --repeats, --processes and --csv");
}

static void fill_in_targets(struct perf_settings *settings)
{
	if (settings->task != PERF_SERVE) {
		settings->task = settings->is_part ? PERF_PART : PERF_TARGETS;
		add_all_peers(settings, false);
	}
	if (settings->seconds == 0)
		settings->seconds = 60;
	if (settings->repeats == 0)
		settings->repeats = 21;
}

static void fill_in(struct perf_settings *settings)
{
	size_t count = 0;

	if (settings->has_targets)
		fill_in_targets(settings);
	if (settings->seconds == 0)
		settings->seconds = 10;
	if (settings->repeats == 0)
		settings->repeats = 31;
	settings->is_usual = !settings->workloads[0];
	for (size_t i = 0; settings->is_usual && perf_workloads[i]; i++)
		if (perf_workloads[i]->is_usual)
			settings->workloads[count++] = perf_workloads[i];
	fill_in_peers(settings);
	if (!settings->mixes[0]) {
		settings->mixes[0] = settings->shapes ? "" : "vk";
		settings->mixes[1] = settings->shapes ? NULL : "db";
	}
}

static error_t parse_flag(int key, struct perf_settings *settings)
{
	switch (key) {
	case 'l':
		settings->task = PERF_LIST;
		break;
	case 'c':
		settings->task = PERF_COMPARE;
		break;
	case 'w':
		settings->watches = true;
		break;
	case 'j':
		settings->output = PERF_JSON;
		break;
	case KEY_CSV:
		settings->output = PERF_CSV;
		break;
	case KEY_TARGETS:
		settings->has_targets = true;
		break;
	case KEY_PART:
		settings->is_part = true;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static error_t parse(int key, char *word, struct argp_state *state)
{
	struct perf_settings *settings = state->input;

	switch (key) {
	case 't':
		settings->seconds =
			tool_number(state, "--time", word, 0.1, MOST_SECONDS);
		break;
	case 'r':
		settings->repeats =
			tool_whole(state, "--repeats", word, 3, MOST_REPEATS);
		break;
	case KEY_PROCESSES:
		settings->processes = tool_whole(state, "--processes", word, 1,
						 MOST_PROCESSES);
		break;
	case 'T':
		parse_threads(state, word);
		break;
	case 'p':
		parse_peers(state, word);
		break;
	case 'b':
		settings->baseline = peer(state, "--baseline", word);
		break;
	case 's':
		settings->shapes = word;
		break;
	case 'm':
		parse_mixes(state, word);
		break;
	case 'P':
		parse_plot(state, word);
		break;
	case ARGP_KEY_ARG:
		parse_word(state, word);
		break;
	case ARGP_KEY_END:
		if (settings->task == PERF_COMPARE && !settings->compared[1])
			argp_error(state, "--compare: expected two files");
		if (settings->has_targets)
			check_targets(state);
		fill_in(settings);
		break;
	case KEY_SERVE:
		serve(state, word);
		break;
	default:
		return parse_flag(key, settings);
	}
	return 0;
}

static void print_version(FILE *stream, struct argp_state *state)
{
	(void)state;
	fprintf(stream, "magpool-perf %s, library %s\n", MAGPOOL_VERSION,
		magpool_version());
}

void perf_settings_parse(struct perf_settings *settings, int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "[WORKLOAD...]",
		.doc = text,
	};

	argp_program_version_hook = print_version;
	argp_err_exit_status = TOOL_EXIT_USAGE;
	*settings = (struct perf_settings){
		.processes = 5,
		.baseline = &perf_peer_malloc,
	};
	argp_parse(&argp, argc, argv, 0, NULL, settings);
}

void perf_settings_list(void)
{
	puts("Workloads (* = usual):");
	for (size_t i = 0; perf_workloads[i]; i++)
		printf("  %-17s %c %s\n", perf_workloads[i]->name,
		       perf_workloads[i]->is_usual ? '*' : ' ',
		       perf_workloads[i]->text);
	puts("Peers (* = usual):");
	for (size_t i = 0; perf_peers[i]; i++)
		printf("  %-17s %c %s\n", perf_peers[i]->name,
		       perf_peers[i]->is_usual ? '*' : ' ',
		       perf_peers[i]->text);
}
