/* SPDX-License-Identifier: MIT */
/*
 * The terminal, the clock and the signals of the full screen.
 *
 * Signals come only while we wait, so that none is missed between a look at
 * `caught` and the waiting.
 */
#include "screen.h"

#include <curses.h>
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "settings.h"
#include "tool.h"
#include "view.h"

/* How often we look whether the process still has the same segments. */
static const uint64_t search_ns = 2000000000;

static volatile sig_atomic_t caught;

static void catch (int number)
{
	caught = number;
}

static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

/* ---- the terminal -------------------------------------------------------- */

static struct {
	SCREEN *screen;
	FILE *keys; /* NULL: there are none */
	sigset_t outside;
} terminal;

/* Also when the program ends by itself (tool_die). */
static void restore_terminal(void)
{
	if (!terminal.screen)
		return;
	endwin();
	delscreen(terminal.screen);
	terminal.screen = NULL;
}

static void set_signals(void)
{
	struct sigaction action = { .sa_handler = catch };
	sigset_t blocked;

	sigemptyset(&blocked);
	/* ncurses has a handler for this one. */
	sigaddset(&blocked, SIGWINCH);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		sigaction(ends[i], &action, NULL);
		sigaddset(&blocked, ends[i]);
	}
	sigprocmask(SIG_BLOCK, &blocked, &terminal.outside);
}

static void open_terminal(void)
{
	setlocale(LC_CTYPE, "");
	terminal.keys = isatty(STDIN_FILENO) ? stdin : fopen("/dev/tty", "r+e");
	terminal.screen =
		newterm(NULL, stdout, terminal.keys ? terminal.keys : stdin);
	if (!terminal.screen)
		tool_die(TOOL_EXIT_FAILED,
			 "TERM=%s: no terminal for the full screen; try --once",
			 getenv("TERM") ? getenv("TERM") : "");
	atexit(restore_terminal);
	set_signals();
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	/* A lone Escape is not waited for. */
	set_escdelay(25);
}

/* ---- waiting ------------------------------------------------------------- */

struct waits {
	int process; /* readable when it ends; -1: unknown */
	uint64_t due, search_due;
	unsigned looks;
};

static void wait_for_something(const struct waits *waits)
{
	struct pollfd sources[] = {
		{ .fd = waits->process, .events = POLLIN },
		{ .fd = terminal.keys ? fileno(terminal.keys) : -1,
		  .events = POLLIN },
	};
	uint64_t now = tool_now();
	uint64_t left = waits->due > now ? waits->due - now : 0;
	struct timespec time = {
		.tv_sec = (time_t)(left / 1000000000),
		.tv_nsec = (long)(left % 1000000000),
	};

	if (ppoll(sources, 2, &time, &terminal.outside) < 0)
		return;
	/* The terminal is gone. */
	if (sources[1].revents & (POLLHUP | POLLERR | POLLNVAL))
		caught = SIGHUP;
}

static bool has_ended(const struct waits *waits)
{
	struct pollfd source = { .fd = waits->process, .events = POLLIN };

	return waits->process >= 0 && poll(&source, 1, 0) > 0;
}

/* ---- looking ------------------------------------------------------------- */

/* After exec, or when another library was loaded. */
static enum stat_exit reopen(struct stat_view *view)
{
	struct stat_target *target = view->target;

	stat_target_close(target);
	view->copy = 0;
	view->history.count = 0;
	return stat_target_open(target, target->pid);
}

static enum stat_exit look(struct stat_view *view, struct waits *waits,
			   const struct stat_settings *settings)
{
	enum stat_exit status;

	if (tool_now() >= waits->search_due) {
		waits->search_due = tool_now() + search_ns;
		if (!stat_found_holds(view->target->pid,
				      &view->target->found)) {
			status = reopen(view);
			if (status != STAT_EXIT_DONE)
				return status;
		}
	}
	status = stat_target_take(view->target);
	if (status != STAT_EXIT_DONE)
		return status;
	stat_settings_columns(settings,
			      &view->target->found.segment[view->copy],
			      &view->columns);
	waits->looks++;
	stat_history_add(&view->history, &view->target->sample[view->copy]);
	return STAT_EXIT_DONE;
}

static void read_keys(struct stat_view *view)
{
	int key;

	while ((key = getch()) != ERR)
		stat_view_key(view, key);
}

static void set_due(struct waits *waits, double interval)
{
	waits->due = tool_now() + (uint64_t)(interval * 1e9);
}

/* What is drawn first are the rates since the first use. */
static enum stat_exit step(struct stat_view *view, struct waits *waits,
			   const struct stat_settings *settings)
{
	double interval = view->interval;

	stat_view_draw(view);
	wait_for_something(waits);
	read_keys(view);
	if (view->interval < interval)
		set_due(waits, view->interval);
	if (has_ended(waits))
		return STAT_EXIT_GONE;
	if (tool_now() < waits->due)
		return STAT_EXIT_DONE;
	set_due(waits, view->interval);
	return view->is_paused ? STAT_EXIT_DONE : look(view, waits, settings);
}

static bool is_over(const struct stat_view *view, const struct waits *waits,
		    const struct stat_settings *settings)
{
	return caught || view->is_left ||
	       (settings->count && waits->looks >= settings->count);
}

static enum stat_exit watch(struct stat_view *view,
			    const struct stat_settings *settings)
{
	struct waits waits = {
		.process = stat_process_open(view->target->pid),
		.search_due = tool_now() + search_ns,
	};
	enum stat_exit status = STAT_EXIT_DONE;

	set_due(&waits, view->interval);
	while (status == STAT_EXIT_DONE && !is_over(view, &waits, settings))
		status = step(view, &waits, settings);
	if (waits.process >= 0)
		close(waits.process);
	return status;
}

enum stat_exit stat_screen_run(struct stat_target *target,
			       const struct stat_settings *settings)
{
	static struct stat_view view;
	enum stat_exit status;

	view = (struct stat_view){
		.target = target,
		.interval = settings->interval > 0 ? settings->interval : 1,
		.has_shards = true,
	};
	stat_settings_columns(settings, &target->found.segment[0],
			      &view.columns);
	open_terminal();
	status = watch(&view, settings);
	restore_terminal();
	if (caught) {
		/* Whoever sent it learns that it was heeded. */
		signal(caught, SIG_DFL);
		sigprocmask(SIG_SETMASK, &terminal.outside, NULL);
		raise(caught);
	}
	return status;
}
