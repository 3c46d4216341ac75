/* SPDX-License-Identifier: MIT */
/*
 * A host that loads the library late, when it has used up what it had: it is
 * not linked with it.  As limits.c for the rest.
 */
#include "child.h"
#include "demand.h"
#include "limits.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])
#define ARENAS 40

struct magpool_arena;

static struct {
	struct magpool_arena *(*get)(void);
	void *(*zalloc)(struct magpool_arena *arena, size_t size);
	void (*give_back)(struct magpool_arena *arena);
} library;

/* A function's address out of dlsym(), which ISO C has no cast for. */
static void find(void *handle, const char *name, void *function)
{
	void *address = dlsym(handle, name);

	demand(address != NULL, "%s: %s", name, dlerror());
	memcpy(function, &address, sizeof address);
}

static void *load(const char *path)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	demand(handle != NULL, "%s", dlerror());
	return handle;
}

static void load_library(void)
{
	void *handle = load(LIBRARY);

	find(handle, "magpool_get", &library.get);
	find(handle, "magpool_zalloc", &library.zalloc);
	find(handle, "magpool_return", &library.give_back);
}

/* More arenas than a magazine has. */
static void *use(void *argument)
{
	struct magpool_arena *arenas[ARENAS];

	for (size_t i = 0; i < ARENAS; i++) {
		arenas[i] = library.get();
		demand(arenas[i] && library.zalloc(arenas[i], 5000),
		       "no arena");
	}
	for (size_t i = 0; i < ARENAS; i++)
		library.give_back(arenas[i]);
	return argument;
}

static void use_all(void)
{
	pthread_t thread;

	use(NULL);
	demand(pthread_create(&thread, NULL, use, NULL) == 0, "no thread");
	pthread_join(thread, NULL);
	use(NULL);
}

/* ---- the cases ----------------------------------------------------------- */

/* liburcu has its key. */
static void without_keys_for_us(void)
{
	load(LIBURCU);
	limits_keys();
	load_library();
	use_all();
}

static void without_keys_at_all(void)
{
	limits_keys();
	load_library();
	use_all();
}

static void filtered_between(void)
{
	load(LIBURCU);
	limits_forbid_membarrier(EPERM);
	load_library();
	use_all();
}

static const struct test {
	const char *name;
	void (*run)(void);
	bool may_abort; /* in liburcu's constructor: the one exception */
} tests[] = {
	{ "no-key-for-us", without_keys_for_us, false },
	{ "no-key-for-liburcu", without_keys_at_all, true },
	{ "filter-between", filtered_between, false },
};

static int run(const char *name)
{
	const struct test *test = tests;

	while (strcmp(test->name, name) != 0)
		test++;
	snprintf(demand_label, sizeof demand_label, "%s", name);
	demand_end_within(25);
	test->run();
	return EXIT_SUCCESS;
}

static bool passes(const struct test *test)
{
	static const char *const environment[] = { NULL };
	const char *arguments[] = { "/proc/self/exe", "--run", test->name,
				    NULL };
	struct child child;
	bool aborted, passed;

	child_run(&child, arguments, environment);
	aborted = WIFSIGNALED(child.status) &&
		  WTERMSIG(child.status) == SIGABRT;
	passed = child.status == 0 || (aborted && test->may_abort);
	printf("%-20s %s\n", test->name,
	       aborted ? "aborted in liburcu's constructor" : "");
	if (!passed)
		printf("FAILED, status %#x: %s\n", (unsigned)child.status,
		       child.errors);
	child_free(&child);
	return passed;
}

int main(int argc, char **argv)
{
	unsigned failed = 0;

	if (argc == 3)
		return run(argv[2]);
	for (size_t i = 0; i < LENGTH(tests); i++)
		failed += !passes(&tests[i]);
	printf("%s: %zu late loads, %u failed\n", failed ? "NOT ok" : "ok",
	       LENGTH(tests), failed);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
