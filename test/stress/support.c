/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How a child of --expect-violation says why it ended. */
enum { FOUND = 42, HUNG = 43 };

enum {
	THREADS_MAX = 256,
	SECONDS_MAX = 7 * 24 * 3600,
	ROUNDS_MAX = 4096,
	LONG_FACTOR = 10,
	CHILD_SECONDS = 20,
	/* Sanitizers and valgrind are slow to start and to join 64 threads. */
	GRACE_SECONDS = 60
};

struct stress_options stress_options;
struct stress_totals stress_totals;

static const char *scenario_name;
static pid_t process; /* that runs the scenario */
static atomic_bool stopped;
static _Atomic uint64_t worker_count;

/* ---- reports ------------------------------------------------------------- */

/* One write(2): usable in a signal handler and in a child of fork. */
__attribute__((format(printf, 2, 0))) static void
say(const char *kind, const char *format, va_list arguments)
{
	char line[512];
	int size =
		snprintf(line, sizeof(line), "%s: %s: ", scenario_name, kind);

	size += vsnprintf(line + size, sizeof(line) - (size_t)size - 1, format,
			  arguments);
	if (size > (int)sizeof(line) - 2)
		size = (int)sizeof(line) - 2;
	line[size] = '\n';
	if (write(STDERR_FILENO, line, (size_t)size + 1) < 0)
		_exit(EXIT_FAILURE);
}

_Noreturn void stress_violation(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("VIOLATION", format, arguments);
	va_end(arguments);
	_exit(stress_options.expect_violation ? FOUND : EXIT_FAILURE);
}

__attribute__((format(printf, 2, 3))) static void
say_line(const char *kind, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(kind, format, arguments);
	va_end(arguments);
}

_Noreturn void stress_unable(const char *what, int error)
{
	say_line("cannot run", "%s: %s", what, strerrordesc_np(error));
	_exit(EXIT_FAILURE);
}

static void hung(int number)
{
	(void)number;
	say_line("HUNG", "still running after its time, seed %#" PRIx64,
		 stress_options.seed);
	if (stress_options.expect_violation)
		_exit(HUNG);
	abort();
}

void stress_watchdog(double seconds)
{
	struct sigaction action = { .sa_handler = hung };

	sigaction(SIGALRM, &action, NULL);
	alarm((unsigned)(2 * seconds) + GRACE_SECONDS);
}

/* ---- time, chance, memory ------------------------------------------------ */

double stress_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void stress_sleep(double seconds)
{
	struct timespec time = { .tv_sec = (time_t)seconds };

	time.tv_nsec = (long)((seconds - (double)time.tv_sec) * 1e9);
	nanosleep(&time, NULL);
}

/* splitmix64: any seed is good, also those of two workers side by side. */
uint64_t stress_random(struct stress_worker *worker)
{
	uint64_t mixed = worker->random += UINT64_C(0x9e3779b97f4a7c15);

	mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
	return mixed ^ (mixed >> 31);
}

unsigned stress_below(struct stress_worker *worker, unsigned bound)
{
	return (unsigned)(((stress_random(worker) >> 32) * bound) >> 32);
}

bool stress_one_in(struct stress_worker *worker, unsigned odds)
{
	return stress_below(worker, odds) == 0;
}

void *stress_allocate(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (!memory)
		stress_unable("calloc", ENOMEM);
	return memory;
}

void stress_thread(pthread_t *thread, void *(*body)(void *), void *argument)
{
	int error = pthread_create(thread, NULL, body, argument);

	if (error)
		stress_unable("pthread_create", error);
}

/* ---- the team ------------------------------------------------------------ */

struct member {
	struct stress_worker worker;
	void (*body)(struct stress_worker *);
	pthread_barrier_t *start;
	_Atomic unsigned *active;
	pthread_t thread;
};

void stress_worker_init(struct stress_worker *worker, void *context)
{
	uint64_t number = atomic_fetch_add_explicit(&worker_count, 1,
						    memory_order_relaxed);

	*worker =
		(struct stress_worker){ .id = number + 1, .context = context };
	worker->random = stress_options.seed ^ (worker->id << 40);
}

void stress_worker_fini(struct stress_worker *worker)
{
	atomic_fetch_add_explicit(&stress_totals.gets, worker->gets,
				  memory_order_relaxed);
	atomic_fetch_add_explicit(&stress_totals.returns, worker->returns,
				  memory_order_relaxed);
}

bool stress_running(const struct stress_worker *worker)
{
	uint64_t share = stress_options.ops / stress_options.threads + 1;

	if (stress_options.ops && worker->gets + worker->returns >= share)
		return false;
	return !atomic_load_explicit(&stopped, memory_order_relaxed);
}

static void *member_run(void *argument)
{
	struct member *member = argument;

	pthread_barrier_wait(member->start);
	member->body(&member->worker);
	stress_worker_fini(&member->worker);
	atomic_fetch_sub_explicit(member->active, 1, memory_order_relaxed);
	return NULL;
}

/* Sleeps: a coordinator that spins would take one of two cores. */
static void wait_for_budget(_Atomic unsigned *active)
{
	double end = stress_now() + stress_options.seconds;

	while (stress_now() < end &&
	       atomic_load_explicit(active, memory_order_relaxed))
		stress_sleep(0.01);
	atomic_store_explicit(&stopped, true, memory_order_relaxed);
}

void stress_team(void (*body)(struct stress_worker *), void *context)
{
	unsigned count = stress_options.threads;
	struct member *members = stress_allocate(count, sizeof(*members));
	_Atomic unsigned active = count;
	pthread_barrier_t start;

	atomic_store_explicit(&stopped, false, memory_order_relaxed);
	pthread_barrier_init(&start, NULL, count);
	for (unsigned i = 0; i < count; i++) {
		members[i].body = body;
		members[i].start = &start;
		members[i].active = &active;
		stress_worker_init(&members[i].worker, context);
		members[i].worker.index = i;
		stress_thread(&members[i].thread, member_run, &members[i]);
	}
	wait_for_budget(&active);
	for (unsigned i = 0; i < count; i++)
		pthread_join(members[i].thread, NULL);
	pthread_barrier_destroy(&start);
	free(members);
}

void stress_wait(pid_t child)
{
	double end = stress_now() + CHILD_SECONDS;
	int status;
	pid_t ended;

	while ((ended = waitpid(child, &status, WNOHANG)) == 0) {
		if (stress_now() > end) {
			kill(child, SIGKILL);
			stress_violation("a child hangs after fork");
		}
		stress_sleep(0.0005);
	}
	if (ended < 0)
		stress_unable("waitpid", errno);
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		_exit(WEXITSTATUS(status)); /* it has said why */
	stress_check(WIFEXITED(status), "a child was ended by signal %d: %s",
		     WTERMSIG(status), sigdescr_np(WTERMSIG(status)));
}

/* ---- options ------------------------------------------------------------- */

/* The options are read before the first thread is made.
 * NOLINTBEGIN(concurrency-mt-unsafe) */

enum {
	KEY_LIGHT = 0x100,
	KEY_LONG,
	KEY_EXPECT,
	KEY_GROW,
	KEY_DEBUG,
	KEY_HUGE,
};

static const struct argp_option option_table[] = {
	{ "seed", 's', "NUMBER", 0, "Start of all random choices", 0 },
	{ "seconds", 't', "TIME", 0, "Stop after this time", 0 },
	{ "ops", 'o', "COUNT", 0, "Stop after so many gets and returns", 0 },
	{ "threads", 'j', "COUNT", 0, "Threads of the team", 0 },
	{ "rounds", 'r', "COUNT", 0, "Arenas in a magazine", 0 },
	{ "grow", KEY_GROW, NULL, 0, "Magazines may get larger", 0 },
	{ "depot-kib", 'd', "KIB", 0, "Limit of the depot", 0 },
	{ "light", KEY_LIGHT, NULL, 0, "Tiny allocations only", 0 },
	{ "long", KEY_LONG, NULL, 0, "Ten times the time and operations", 0 },
	{ "debug", KEY_DEBUG, "LEVEL", 0, "Debug arenas: MAGPOOL_DEBUG", 0 },
	{ "hugepages", KEY_HUGE, "MODE", 0, "MAGPOOL_HUGEPAGES", 0 },
	{ "expect-violation", KEY_EXPECT, NULL, 0,
	  "Succeed only if a check reports a violation, or on a crash", 0 },
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

static double duration(struct argp_state *state, const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || !(value > 0 && value <= SECONDS_MAX))
		argp_error(state, "%s: seconds up to %d are wanted", text,
			   SECONDS_MAX);
	return value;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct stress_options *options = &stress_options;

	switch (key) {
	case 's':
		options->seed = number(state, text, UINT64_MAX);
		return 0;
	case 't':
		options->seconds = duration(state, text);
		return 0;
	case 'o':
		options->ops = number(state, text, UINT64_MAX / LONG_FACTOR);
		return 0;
	case 'j':
		options->threads = (unsigned)number(state, text, THREADS_MAX);
		if (!options->threads)
			argp_error(state, "one thread at least is wanted");
		return 0;
	case 'r':
		options->rounds = (size_t)number(state, text, ROUNDS_MAX);
		return 0;
	case 'd':
		options->depot_kib =
			(size_t)number(state, text, SIZE_MAX >> 10);
		return 0;
	case KEY_LIGHT:
		options->light = true;
		return 0;
	case KEY_GROW:
		options->grow = true;
		return 0;
	case KEY_HUGE:
		setenv("MAGPOOL_HUGEPAGES", text, true);
		return 0;
	case KEY_DEBUG:
		/* Before the library's first use. */
		setenv("MAGPOOL_DEBUG", text, true);
		return 0;
	case KEY_LONG:
		*(bool *)state->input = true;
		return 0;
	case KEY_EXPECT:
		options->expect_violation = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- main ---------------------------------------------------------------- */

static uint64_t new_seed(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return ((uint64_t)now.tv_sec << 30 ^ (uint64_t)now.tv_nsec) |
	       (uint64_t)1;
}

static void run(const struct stress_scenario *scenario)
{
	double start = stress_now();

	process = getpid();
	stress_watchdog(stress_options.seconds);
	scenario->run();
	alarm(0);
	printf("%s: ok, %" PRIu64 " operations, %u threads, rounds %zu, "
	       "%.2f s, %" PRIu64 " exchanges, %" PRIu64 " cas failures\n",
	       scenario->name, stress_totals.gets + stress_totals.returns,
	       stress_options.threads, stress_options.rounds,
	       stress_now() - start, stress_totals.exchanges,
	       stress_totals.cas_failures);
}

/* What ThreadSanitizer ends with: two owners race for what they own. */
#define RACE_FOUND 66

/* The crash of a build that is wrong on purpose is as good as a report. */
static bool is_violation(int status)
{
	if (WIFEXITED(status))
		return WEXITSTATUS(status) == FOUND ||
		       WEXITSTATUS(status) == RACE_FOUND;
	return WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGBUS ||
	       WTERMSIG(status) == SIGABRT;
}

static int run_expecting(const struct stress_scenario *scenario)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		stress_unable("fork", errno);
	if (child == 0) {
		run(scenario);
		fflush(stdout);
		_exit(EXIT_SUCCESS);
	}
	if (waitpid(child, &status, 0) < 0)
		stress_unable("waitpid", errno);
	printf("%s: status %#x of the run: %s\n", scenario->name,
	       (unsigned)status,
	       is_violation(status) ? "a violation, as expected"
				    : "NO violation, but one was expected");
	return is_violation(status) ? EXIT_SUCCESS : EXIT_FAILURE;
}

int stress_main(const struct stress_scenario *scenario, int argc, char **argv)
{
	struct argp argp = { option_table, parse, NULL, scenario->text,
			     NULL,         NULL,  NULL };
	bool lengthen = false;

	scenario_name = scenario->name;
	stress_options = scenario->defaults;
	argp_parse(&argp, argc, argv, 0, NULL, &lengthen);
	if (lengthen) {
		stress_options.seconds *= LONG_FACTOR;
		stress_options.ops *= LONG_FACTOR;
	}
	if (!stress_options.seed)
		stress_options.seed = new_seed();
	printf("%s: --seed %#" PRIx64 "\n", scenario->name,
	       stress_options.seed);
	fflush(stdout);
	if (stress_options.expect_violation)
		return run_expecting(scenario);
	run(scenario);
	return EXIT_SUCCESS;
}

/* NOLINTEND(concurrency-mt-unsafe) */
