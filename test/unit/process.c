/* SPDX-License-Identifier: MIT */
/* The ends of a process and of the library in it. */
#include "unit.h"

/* The paths come from the build. */
static const char *const busy[] = { SUBJECT, "busy", NULL };
static const char *const loader[] = { LOADER, LIBRARY, NULL };
static const char *const plain[] = { NULL };
static const char *const with_stats[] = { "MAGPOOL_STATS=exit", NULL };

static void run(const char *const *arguments, const char *const *environment)
{
	struct child child;

	child_run(&child, arguments, environment);
	cr_assert_eq(child.status, 0, "status %#x: %s", child.status,
		     child.errors);
	if (environment == plain)
		cr_assert_str_empty(child.errors);
	else
		cr_assert_not_null(strstr(child.errors, "gets"), "%s",
				   child.errors);
	child_free(&child);
}

Test(process, exit_with_busy_threads, .timeout = 60)
{
	for (size_t i = 0; i < 150; i++)
		run(busy, plain);
}

Test(process, statistics_at_exit_with_busy_threads, .timeout = 60)
{
	for (size_t i = 0; i < 50; i++)
		run(busy, with_stats);
}

Test(process, dlopen_and_dlclose, .timeout = 60)
{
	for (size_t i = 0; i < 10; i++)
		run(loader, plain);
}
