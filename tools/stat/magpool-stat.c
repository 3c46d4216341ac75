/* SPDX-License-Identifier: MIT */
/*
 * magpool-stat: looks into processes that use magpool.  It reads their live
 * segments (src/live_format.h) and what /proc says; it never writes to them,
 * stops them or asks them for anything.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "report.h"
#include "screen.h"
#include "settings.h"
#include "tool.h"

/* Of the list, which is waited for. */
static const double list_interval = 0.25;

static void wait_for(double seconds)
{
	struct timespec time = {
		.tv_sec = (time_t)seconds,
		.tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9),
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &time, &time) != 0)
		;
}

static void print(const struct stat_target *targets, size_t count,
		  const struct stat_settings *settings)
{
	switch (settings->task) {
	case STAT_JSON:
		stat_report_json(targets, count, settings, stdout);
		break;
	case STAT_OPENMETRICS:
	case STAT_PROMETHEUS:
		stat_report_metrics(targets, count, settings, stdout);
		break;
	default:
		if (settings->pid)
			stat_report_tables(targets, settings, stdout);
		else
			stat_report_list(targets, count, settings, stdout);
		break;
	}
	/* Each of them when it is due, also into a pipe. */
	tool_finish_output();
}

/* ---- one process --------------------------------------------------------- */

static enum stat_exit open_one(const struct stat_settings *settings,
			       struct stat_target *target)
{
	enum stat_exit status = stat_target_open(target, settings->pid);

	if (status != STAT_EXIT_DONE)
		stat_find_complain(settings->pid, status, &target->found);
	return status;
}

static enum stat_exit show_one(const struct stat_settings *settings)
{
	double interval = settings->interval > 0 ? settings->interval : 1;
	static struct stat_target target;
	enum stat_exit status = open_one(settings, &target);

	/* Without an interval the first rates are those since the first use. */
	if (status == STAT_EXIT_DONE && settings->interval > 0) {
		wait_for(interval);
		status = stat_target_take(&target);
	}
	for (unsigned i = 0; status == STAT_EXIT_DONE; i++) {
		if (i && settings->task == STAT_ONCE)
			putchar('\n');
		print(&target, 1, settings);
		if (settings->count && i + 1 == settings->count)
			break;
		wait_for(interval);
		status = stat_target_take(&target);
	}
	if (status != STAT_EXIT_DONE && target.found.count)
		stat_find_complain(settings->pid, status, &target.found);
	stat_target_close(&target);
	return status;
}

static enum stat_exit show_screen(const struct stat_settings *settings)
{
	static struct stat_target target;
	enum stat_exit status = open_one(settings, &target);

	if (status != STAT_EXIT_DONE)
		return status;
	status = stat_screen_run(&target, settings);
	if (status != STAT_EXIT_DONE)
		stat_find_complain(settings->pid, status, &target.found);
	stat_target_close(&target);
	return status;
}

/* ---- all of them --------------------------------------------------------- */

static void close_all(struct stat_target *targets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		stat_target_close(&targets[i]);
	free(targets);
}

/* Those that ended meanwhile are left out. */
static size_t take_all(struct stat_target *targets, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (stat_target_take(&targets[i]) != STAT_EXIT_DONE)
			stat_target_close(&targets[i]);
		else
			stat_target_move(&targets[kept++], &targets[i]);
	}
	return kept;
}

/* The processes are looked for each time. */
static enum stat_exit show_all(const struct stat_settings *settings)
{
	bool has_rates = settings->task != STAT_OPENMETRICS &&
			 settings->task != STAT_PROMETHEUS;
	double interval = settings->interval > 0 ? settings->interval
						 : list_interval;

	for (unsigned i = 0; !settings->count || i < settings->count; i++) {
		struct stat_target *targets;
		size_t count = stat_targets_open(&targets);

		if (i && settings->task == STAT_ONCE)
			putchar('\n');
		if (count && (has_rates || settings->count != 1)) {
			wait_for(interval);
			count = take_all(targets, count);
		}
		if (count || settings->task != STAT_ONCE || settings->fields[0])
			print(targets, count, settings);
		close_all(targets, count);
		if (!count && settings->count == 1) {
			fprintf(stderr,
				"%s: no process that uses magpool, of "
				"those that may be looked at\n",
				program_invocation_short_name);
			return STAT_EXIT_NONE;
		}
	}
	return STAT_EXIT_DONE;
}

/* ---- texts --------------------------------------------------------------- */

/* Of the table in that process, or of the one that was built in. */
static enum stat_exit show_texts(const struct stat_settings *settings)
{
	static struct stat_target target;
	const struct stat_segment *segment = NULL;

	if (settings->pid) {
		enum stat_exit status = open_one(settings, &target);

		if (status != STAT_EXIT_DONE)
			return status;
		segment = &target.found.segment[0];
	}
	if (settings->task == STAT_FIELDS)
		stat_report_fields(segment, stdout);
	else
		stat_report_explain(segment, settings->explained, stdout);
	stat_target_close(&target);
	return STAT_EXIT_DONE;
}

static enum stat_exit run(const struct stat_settings *settings)
{
	switch (settings->task) {
	case STAT_CONFIG:
		stat_report_config(stdout);
		return STAT_EXIT_DONE;
	case STAT_FIELDS:
	case STAT_EXPLAIN:
		return show_texts(settings);
	case STAT_VIEW:
		return show_screen(settings);
	default:
		return settings->pid ? show_one(settings) : show_all(settings);
	}
}

int main(int argc, char **argv)
{
	struct stat_settings settings;
	enum stat_exit status;

	stat_settings_parse(&settings, argc, argv);
	status = run(&settings);
	tool_finish_output();
	return (int)status;
}
