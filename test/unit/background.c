/* SPDX-License-Identifier: MIT */
/* The thread that looks after memory in a process that makes no calls. */
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

enum { PAGES = 1000 };

static struct magpool_arena *arenas[PAGES];

static void set_background(void)
{
	setenv("MAGPOOL_BACKGROUND", "1", 1);
	setenv("MAGPOOL_TRIM_INTERVAL", "30ms", 1);
}

TestSuite(background, .init = set_background, .timeout = 60);

/* Not unit_end(): the sums it looks at may change in the middle. */
static void end(struct magpool *pool)
{
	cr_assert_eq(magpool_destroy(&pool), 0);
}

static void burst(struct magpool *pool)
{
	for (size_t i = 0; i < PAGES; i++) {
		arenas[i] = unit_get(pool);
		memset(magpool_alloc(arenas[i], 4000), 1, 4000);
	}
	for (size_t i = 0; i < PAGES; i++)
		magpool_return(arenas[i]);
}

static void sleep_a_while(void)
{
	struct timespec time = { 0, 10000000 };

	nanosleep(&time, NULL);
}

/* Without a call that would do it: within ten seconds. */
static bool all_went(struct magpool *pool)
{
	for (int i = 0; i < 1000; i++) {
		struct magpool_stats stats = sums_read(pool);

		if (stats.pages_created == stats.pages_given_back)
			return true;
		sleep_a_while();
	}
	return false;
}

/* What /proc says of a thread, from behind that word; "": nothing. */
static void read_status(const char *task, const char *word, char *out,
			size_t size)
{
	char path[300], line[200];
	FILE *file;

	*out = '\0';
	snprintf(path, sizeof path, "/proc/self/task/%s/status", task);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof line, file)) {
		if (strncmp(line, word, strlen(word)) == 0)
			snprintf(out, size, "%.*s",
				 (int)strcspn(line + strlen(word), "\n"),
				 line + strlen(word));
	}
	if (file)
		fclose(file);
}

/* How many threads have that name; what signals the last one blocks. */
static unsigned threads_called(const char *name, char *blocked, size_t size)
{
	DIR *directory = opendir("/proc/self/task");
	struct dirent *entry;
	unsigned count = 0;
	char found[100];

	while (directory && (entry = readdir(directory))) {
		read_status(entry->d_name, "Name:\t", found, sizeof found);
		if (strcmp(found, name) != 0)
			continue;
		count++;
		read_status(entry->d_name, "SigBlk:\t", blocked, size);
	}
	if (directory)
		closedir(directory);
	return count;
}

/* It names itself when it runs. */
static bool is_there(char *blocked, size_t size)
{
	unsigned count = 0;

	for (int i = 0; i < 1000 && !count; i++) {
		count = threads_called("magpool", blocked, size);
		sleep_a_while();
	}
	return count == 1;
}

Test(background, gives_back_what_no_call_asks_for)
{
	struct magpool *pool = unit_pool(0);

	burst(pool);
	cr_assert(all_went(pool));
	cr_assert_geq(sums_read(pool).drains, 1, "this thread's cache too");
	burst(pool);
	cr_assert(all_went(pool));
	end(pool);
}

/* Their records, too, which only statistics read. */
Test(background, frees_what_is_left_of_pools_that_ended)
{
	struct magpool *pool = unit_pool(0), *other = unit_pool(0);
	uint64_t before = sums_read(NULL).grace_periods;
	uint64_t after = before;

	magpool_abandon(&other);
	for (int i = 0; i < 1000 && after == before; i++) {
		sleep_a_while();
		after = sums_read(NULL).grace_periods;
	}
	cr_assert_eq(after, before + 1);
	end(pool);
}

/* All signals but the two that the C library keeps for itself. */
Test(background, blocks_all_signals)
{
	struct magpool *pool = unit_pool(0);
	char blocked[100] = "";

	cr_assert(is_there(blocked, sizeof blocked));
	cr_assert_str_eq(blocked, "fffffffe7ffbfeff", "these are blocked: %s",
			 blocked);
	end(pool);
}

static int child_without_then_with(void *pool)
{
	char blocked[100];

	if (threads_called("magpool", blocked, sizeof blocked) != 0)
		return 1;
	/* A miss. */
	burst(pool);
	if (!is_there(blocked, sizeof blocked))
		return 2;
	return all_went(pool) ? 0 : 3;
}

Test(background, after_a_fork)
{
	struct magpool *pool = unit_pool(0);

	burst(pool);
	cr_assert_eq(child_fork(child_without_then_with, pool), 0);
	cr_assert(all_went(pool), "the parent has it as before");
	end(pool);
}

/* It is at work on one of them, or about to be, when that ends. */
Test(background, pools_come_and_go)
{
	for (int i = 0; i < 200; i++) {
		struct magpool *pool = unit_pool(0);

		burst(pool);
		if (i % 8 == 0)
			sleep_a_while();
		end(pool);
	}
}

static int exit_at_once(void *pool)
{
	burst(pool);
	exit(0);
}

Test(background, does_not_keep_the_process)
{
	struct magpool *pool = unit_pool(0);

	for (int i = 0; i < 50; i++)
		cr_assert_eq(child_fork(exit_at_once, pool), 0);
	end(pool);
}

static void set_no_time(void)
{
	setenv("MAGPOOL_TRIM_INTERVAL", "off", 1);
}

Test(background, has_nothing_to_do_without_intervals, .init = set_no_time)
{
	struct magpool *pool = unit_pool(0);
	char blocked[100];

	burst(pool);
	sleep_a_while();
	cr_assert_eq(threads_called("magpool", blocked, sizeof blocked), 0);
	end(pool);
}
