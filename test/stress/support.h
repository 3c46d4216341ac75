/* SPDX-License-Identifier: MIT */
/*
 * What all stress programs share: options, a seeded random generator, a team
 * of threads with a budget, a watchdog, and the one way to report a violation.
 *
 * Nothing here orders memory between the threads while they work (all atomics
 * are relaxed, the barrier is passed once): a missing order in the library
 * must stay visible to ThreadSanitizer.
 */
#ifndef STRESS_SUPPORT_H
#define STRESS_SUPPORT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#if defined __SANITIZE_THREAD__
#define STRESS_TSAN 1
#elif defined __has_feature
#if __has_feature(thread_sanitizer)
#define STRESS_TSAN 1
#endif
#endif
#ifndef STRESS_TSAN
#define STRESS_TSAN 0
#endif

struct stress_options {
	uint64_t seed;
	double seconds; /* the run stops after this time... */
	uint64_t ops;   /* ...or after so many gets and returns; 0 = off */
	unsigned threads;
	size_t rounds;    /* of a magazine; 0 = the library's choice */
	bool grow;        /* magazines may get larger */
	size_t depot_kib; /* limit of the depot; 0 = the library's choice */
	bool light;       /* tiny allocations only: more depot trips */
	bool expect_violation; /* the build is wrong on purpose */
};

struct stress_scenario {
	const char *name;
	const char *text;               /* for --help */
	struct stress_options defaults; /* seed 0 = a new one each run */
	void (*run)(void);
};

/** What the owner words and the stamps carry, and what a thread has done. */
struct stress_worker {
	uint64_t id; /* never 0, never used twice in a process */
	uint64_t random;
	uint64_t sequence;
	uint64_t gets, returns;
	unsigned index;
	void *context;
};

/** Sums over all workers that have ended, and figures for the last line. */
struct stress_totals {
	_Atomic uint64_t gets, returns;
	uint64_t exchanges, cas_failures;
};

extern struct stress_options stress_options;
extern struct stress_totals stress_totals;

/** The main() of every program: 0 = all checks held, 1 = not. */
int stress_main(const struct stress_scenario *scenario, int argc, char **argv);

/** Prints what was found and ends the process. */
_Noreturn void stress_violation(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/** Violation unless `condition`; the text says what was expected. */
#define stress_check(condition, ...)                   \
	do {                                           \
		if (__builtin_expect(!(condition), 0)) \
			stress_violation(__VA_ARGS__); \
	} while (0)

/** Ends the process: the machine, not the library, is at fault. */
_Noreturn void stress_unable(const char *what, int error);

/** Aborts the process, with a line, if it still runs after that time. */
void stress_watchdog(double seconds);

/** Runs options.threads threads until the budget is used up; joins them. */
void stress_team(void (*body)(struct stress_worker *), void *context);

/** Whether a worker of the team has budget left. */
bool stress_running(const struct stress_worker *worker);

/** For threads and children beside the team: an id, a seed; then the sums. */
void stress_worker_init(struct stress_worker *worker, void *context);
void stress_worker_fini(struct stress_worker *worker);

double stress_now(void);
void stress_sleep(double seconds);

uint64_t stress_random(struct stress_worker *worker);
/** A number from 0 to bound - 1. */
unsigned stress_below(struct stress_worker *worker, unsigned bound);
/** True once in `odds` calls. */
bool stress_one_in(struct stress_worker *worker, unsigned odds);

/**
 * Waits for a child.  One that fails or crashes fails us; one that hangs, with
 * all signals blocked where its own alarm would not reach it, is killed.
 */
void stress_wait(pid_t child);

void *stress_allocate(size_t count, size_t size);
void stress_thread(pthread_t *thread, void *(*body)(void *), void *argument);

#endif
