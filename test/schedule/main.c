/* SPDX-License-Identifier: MIT */
/*
 * Schedules of the real library: each is a seed, or a list of choices, and
 * replays exactly.  See scenario.h for what is checked, strategy.h for how
 * schedules are chosen, CONTRIBUTING.md for how to use it.
 *
 * Only sequentially consistent executions are seen here.  Orders of weak
 * memory are checked by others.
 */
#include "scenario.h"
#include "strategy.h"
#include "system.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	FOUND = 1,      /* the exit status of a violation */
	LEARNING = 200, /* schedules, from which the points are learned */
	SILENCE = 60,   /* seconds without the end of a schedule */
	LINE = 16384,
};

static struct options {
	const struct scenario *scenario;
	uint64_t seed, seeds;
	bool has_seed, has_seeds;
	bool exhaustive;
	bool trace;
	bool expect;
	unsigned int depth, preemptions;
	unsigned int faults;
	const char *choices;
} options = { .scenario = depot_scenarios, .depth = 4, .preemptions = 2 };

static const char *program;
static bool learning;
static uint64_t schedules;
static double started;
static char choices[LINE / 2];

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* ---- failures ------------------------------------------------------------ */

static const char *const fault_names[] = { "mutex", "rcu", "cas" };

static void print_replay(void)
{
	printf("replay: %s --scenario=%s", program, options.scenario->name);
	for (size_t i = 0; i < sizeof fault_names / sizeof *fault_names; i++) {
		if (options.faults >> i & 1)
			printf(" --break=%s", fault_names[i]);
	}
	if (learning)
		printf(" --seeds=0");
	else if (options.exhaustive)
		printf(" --preemptions=%u --choices=%s", options.preemptions,
		       choices[0] ? choices : "0:0");
	else
		printf(" --depth=%u --seed=%" PRIu64, options.depth,
		       options.seed);
	printf(" --trace\n");
}

static _Noreturn void end_with_failure(const char *message)
{
	if (options.exhaustive)
		strategy_choices(choices, sizeof choices);
	printf("failure: %s: %s (thread %u, step %" PRIu64 ")\n",
	       options.scenario->name, message, schedule_self(),
	       schedule_steps());
	print_replay();
	printf("schedules before it: %" PRIu64 ", %.2f s\n", schedules,
	       now() - started);
	fflush(stdout);
	_exit(FOUND);
}

void schedule_violation(const char *format, ...)
{
	char message[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	end_with_failure(message);
}

/* A crash of what is tested: all signals here are caused by an instruction. */
static void on_signal(int number)
{
	if (number == SIGALRM)
		end_with_failure("no step for too long");
	end_with_failure(sigdescr_np(number));
}

static void catch_signals(void)
{
	static const int numbers[] = { SIGSEGV, SIGBUS,  SIGILL,
				       SIGFPE,  SIGABRT, SIGALRM };
	static char stack[1 << 16];
	stack_t alternate = { .ss_sp = stack, .ss_size = sizeof stack };
	struct sigaction action = { .sa_handler = on_signal,
				    .sa_flags = SA_ONSTACK };

	sigaltstack(&alternate, NULL);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		sigaction(numbers[i], &action, NULL);
}

/* ---- schedules ----------------------------------------------------------- */

static void run_one(void)
{
	if (schedules % 1024 == 0)
		alarm(SILENCE);
	scenario_run(options.scenario);
	schedules++;
}

/* The most points in a schedule; from fixed seeds, for a replay. */
static uint64_t learn(unsigned int rounds)
{
	unsigned int threads = options.scenario->bodies.threads;
	uint64_t length = 1000;
	uint64_t most = 0;

	for (unsigned int i = 0; i < rounds; i++) {
		strategy_by_seed(~(uint64_t)i, threads, 1 + i % options.depth,
				 length);
		run_one();
		if (points_met() > most)
			most = points_met();
		length = most;
	}
	return most;
}

static uint64_t learn_points(void)
{
	uint64_t length;

	learning = true;
	learn(LEARNING);
	points_settle();
	length = learn(LEARNING / 4);
	learning = false;
	return length;
}

static void run_seeds(uint64_t length)
{
	for (uint64_t n = options.seeds; n; n--, options.seed++) {
		strategy_by_seed(options.seed, options.scenario->bodies.threads,
				 options.depth, length);
		run_one();
	}
}

/* All with up to that many; again when a word turned out to be shared. */
static void run_all(unsigned int preemptions)
{
	uint64_t before;

	do {
		before = schedules;
		strategy_first(preemptions);
		do {
			run_one();
		} while (strategy_next());
	} while (points_settle());
	printf("%s: all %" PRIu64 " schedules with up to %u preemptions\n",
	       options.scenario->name, schedules - before, preemptions);
	fflush(stdout);
}

static void run_exhaustive(void)
{
	unsigned int most = options.preemptions;

	for (options.preemptions = 0; options.preemptions < most;
	     options.preemptions++)
		run_all(options.preemptions);
	run_all(most);
}

static void run(void)
{
	uint64_t length;

	started = now();
	/* The library's first use is no part of a schedule. */
	magpool_return(NULL);
	if (!magpool_default())
		schedule_violation("no default pool");
	system_keep();
	schedule_trace(options.trace && options.has_seeds && !options.seeds);
	length = learn_points();
	schedule_trace(options.trace);
	if (options.choices) {
		if (!strategy_from_text(options.preemptions, options.choices))
			schedule_violation("--choices: not understood");
		run_one();
	} else if (options.exhaustive) {
		run_exhaustive();
	} else {
		run_seeds(length);
	}
	printf("%s: ok, %" PRIu64 " schedules, %" PRIu64 " steps, %" PRIu64
	       " operations, %u shared words, up to %" PRIu64
	       " points, %.2f s\n",
	       options.scenario->name, schedules, schedule_all_steps(),
	       scenario_operations(), points_shared(), length, now() - started);
}

/* ---- a build or a system that is broken on purpose ----------------------- */

struct output {
	int status;
	char failure[LINE], replay[LINE];
};

static void keep_line(const char *line, const char *start, char *out)
{
	if (strncmp(line, start, strlen(start)) != 0)
		return;
	fputs(line, stdout);
	snprintf(out, LINE, "%s", line + strlen(start));
}

static void run_command(const char *command, struct output *output)
{
	static char line[LINE];
	/* Our own commands.  NOLINTNEXTLINE(cert-env33-c) */
	FILE *file = popen(command, "r");

	output->failure[0] = '\0';
	output->replay[0] = '\0';
	if (!file)
		schedule_violation("cannot run %s", command);
	while (fgets(line, sizeof line, file)) {
		keep_line(line, "failure: ", output->failure);
		keep_line(line, "replay: ", output->replay);
	}
	output->status = pclose(file);
}

static void search_command(char *out, size_t size)
{
	int n = snprintf(out, size, "%s --scenario=%s --depth=%u", program,
			 options.scenario->name, options.depth);

	for (size_t i = 0; i < sizeof fault_names / sizeof *fault_names; i++) {
		if (options.faults >> i & 1)
			n += snprintf(out + n, size - (size_t)n, " --break=%s",
				      fault_names[i]);
	}
	if (options.exhaustive)
		snprintf(out + n, size - (size_t)n,
			 " --exhaustive --preemptions=%u", options.preemptions);
	else
		snprintf(out + n, size - (size_t)n,
			 " --seed=%" PRIu64 " --seeds=%" PRIu64, options.seed,
			 options.seeds);
}

/* Searches, and runs the command that the failure prints: the same again? */
static int run_expecting(void)
{
	static struct output found, again;
	char command[512];
	bool same;

	search_command(command, sizeof command);
	run_command(command, &found);
	if (!found.failure[0]) {
		printf("no failure, but one was expected\n");
		return EXIT_FAILURE;
	}
	run_command(found.replay, &again);
	same = !strcmp(found.failure, again.failure);
	printf("%s\n", same ? "found, and replayed" : "NOT the same again");
	return same ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- options ------------------------------------------------------------- */

enum {
	KEY_SEEDS = 0x100,
	KEY_EXHAUSTIVE,
	KEY_CHOICES,
	KEY_BREAK,
	KEY_EXPECT,
	KEY_LIST,
};

static const struct argp_option option_table[] = {
	{ "scenario", 's', "NAME", 0, "Which calls (default: cycle1)", 0 },
	{ "seed", 'i', "N", 0, "The first seed (default: 1)", 0 },
	{ "seeds", KEY_SEEDS, "N", 0,
	  "How many (default: 1 with --seed, else 1000)", 0 },
	{ "depth", 'd', "N", 0, "Orderings that a seed chooses (default: 4)",
	  0 },
	{ "exhaustive", KEY_EXHAUSTIVE, NULL, 0,
	  "All schedules with a bounded number of preemptions", 0 },
	{ "preemptions", 'p', "N", 0, "That number (default: 2)", 0 },
	{ "choices", KEY_CHOICES, "LIST", 0,
	  "Replay one of them: what a failure printed", 0 },
	{ "break", KEY_BREAK, "WHAT", 0,
	  "Break the mutex, rcu or cas, to see that it is noticed", 0 },
	{ "expect-failure", KEY_EXPECT, NULL, 0,
	  "Succeed only with a failure that replays", 0 },
	{ "trace", 't', NULL, 0, "Print each step", 0 },
	{ "list", KEY_LIST, NULL, 0, "List the scenarios", 0 },
	{ 0 }
};

static uint64_t number(struct argp_state *state, const char *text, uint64_t max)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || end == text || *end || *text == '-' || value > max)
		argp_error(state,
			   "%s: a number from 0 to %" PRIu64 " is wanted", text,
			   max);
	return value;
}

static unsigned int fault_of(struct argp_state *state, const char *text)
{
	for (unsigned int i = 0; i < sizeof fault_names / sizeof *fault_names;
	     i++) {
		if (!strcmp(fault_names[i], text))
			return 1u << i;
	}
	argp_error(state, "%s cannot be broken", text);
	return 0;
}

static void list_scenarios(void)
{
	scenario_list();
	exit(EXIT_SUCCESS); /* NOLINT(concurrency-mt-unsafe): one thread */
}

static error_t parse_search(int key, char *text, struct argp_state *state)
{
	switch (key) {
	case 'i':
		options.seed = number(state, text, UINT64_MAX);
		options.has_seed = true;
		return 0;
	case KEY_SEEDS:
		options.seeds = number(state, text, UINT64_MAX);
		options.has_seeds = true;
		return 0;
	case 'd':
		options.depth = (unsigned int)number(state, text, 16);
		return options.depth ? 0 : EINVAL;
	case KEY_EXHAUSTIVE:
		options.exhaustive = true;
		return 0;
	case 'p':
		options.preemptions = (unsigned int)number(state, text, 8);
		return 0;
	case KEY_CHOICES:
		options.choices = text;
		options.exhaustive = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	const struct scenario *scenario;

	switch (key) {
	case 's':
		scenario = scenario_find(text);
		if (scenario)
			options.scenario = scenario;
		else
			argp_error(state, "no scenario %s: see --list", text);
		return 0;
	case KEY_BREAK:
		options.faults |= fault_of(state, text);
		return 0;
	case KEY_EXPECT:
		options.expect = true;
		return 0;
	case 't':
		options.trace = true;
		return 0;
	case KEY_LIST:
		list_scenarios();
		return 0;
	default:
		return parse_search(key, text, state);
	}
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		option_table,
		parse,
		NULL,
		"Runs the library under a deterministic scheduler.",
		NULL,
		NULL,
		NULL
	};

	program = argv[0];
	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	if (!options.has_seed)
		options.seed = 1;
	if (!options.has_seeds)
		options.seeds = options.has_seed ? 1 : 1000;
	if (options.expect)
		return run_expecting();
	catch_signals();
	system_break(options.faults);
	run();
	return EXIT_SUCCESS;
}
