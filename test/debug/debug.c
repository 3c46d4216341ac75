/* SPDX-License-Identifier: MIT */
/*
 * MAGPOOL_DEBUG, sanitizers and valgrind: each mistake is made by a program of
 * its own (host.c), and what is said of it is checked.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "child.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* How the host is run. */
struct way {
	const char *host;
	const char *level; /* an entry of the environment, or NULL */
	bool valgrind;
	const char *more; /* another one */
};

#define LEVEL_1 "MAGPOOL_DEBUG=1"
#define LEVEL_2 "MAGPOOL_DEBUG=2"

static const struct way off = { .host = HOST };
static const struct way level_1 = { .host = HOST, .level = LEVEL_1 };
static const struct way level_2 = { .host = HOST, .level = LEVEL_2 };

static void run(struct child *child, const struct way *way, const char *verb)
{
	const char *plain[] = { way->host, verb, NULL };
	const char *watched[] = {
		VALGRIND,
		"--quiet",
		"--error-exitcode=99",
		"--leak-check=full",
		"--errors-for-leak-kinds=definite",
		way->host,
		verb,
		NULL,
	};
	const char *environment[] = { way->level, way->more, NULL };

	child_run(child, way->valgrind ? watched : plain, environment);
}

static bool ended_well(const struct child *child)
{
	return WIFEXITED(child->status) && WEXITSTATUS(child->status) == 0;
}

static void expect_silence(const struct way *way, const char *verb)
{
	struct child child;

	run(&child, way, verb);
	cr_expect(ended_well(&child), "%s: status %#x\n%s", verb, child.status,
		  child.errors);
	cr_expect_str_empty(child.errors, "%s: %s", verb, child.errors);
	child_free(&child);
}

/* The host goes on, and ends well. */
static void run_reporting(struct child *child, const struct way *way,
			  const char *verb, const char *text)
{
	run(child, way, verb);
	cr_expect(ended_well(child), "%s: status %#x\n%s", verb, child->status,
		  child->errors);
	cr_expect(strstr(child->errors, text), "%s: no '%s' in\n%s", verb, text,
		  child->errors);
}

/* The report names pool, label and thread. */
static void expect_report(const struct way *way, const char *verb,
			  const char *text)
{
	struct child child;

	run_reporting(&child, way, verb, text);
	cr_expect(strstr(child.errors, "magpool: pool default: ") &&
			  strstr(child.errors, "\"host.c:get\"") &&
			  strstr(child.errors, "got by thread "),
		  "%s: no pool, label or thread in\n%s", verb, child.errors);
	child_free(&child);
}

static void expect_signal(const struct way *way, const char *verb, int signal)
{
	struct child child;

	run(&child, way, verb);
	cr_expect(WIFSIGNALED(child.status) && WTERMSIG(child.status) == signal,
		  "%s: status %#x\n%s", verb, child.status, child.errors);
	child_free(&child);
}

/* The tool ends the host, or makes its status one of failure. */
static void expect_tool(const struct way *way, const char *verb,
			const char *text)
{
	struct child child;

	run(&child, way, verb);
	cr_expect(!ended_well(&child), "%s: nothing was found", verb);
	cr_expect(strstr(child.errors, text), "%s: no '%s' in\n%s", verb, text,
		  child.errors);
	child_free(&child);
}

/* ---- what is wrong, and how it is called --------------------------------- */

static const struct mistake {
	const char *verb;
	const char *text;
} writes[] = {
	{ "past_small", "written past the end of the 13 bytes" },
	{ "past_rounded", "written past the end of the 64 bytes" },
	{ "past_empty", "written past the end of the 0 bytes" },
	{ "past_large", "written past the end of the 100000 bytes" },
	{ "past_reserved", "written past the end of the 13 bytes" },
	{ "past_rewound", "written past the end of the 13 bytes" },
	{ "past_deep", "written past the end of the 1000 bytes" },
	{ "past_in_a_batch", "written past the end of the 13 bytes" },
	{ "before_second", "written before the 13 bytes" },
	{ "before_first", "written before the 13 bytes" },
	{ "before_large", "written before the 100000 bytes" },
	{ "shape_lost", "written outside of allocations, near " },
	{ "shape_lost_below", "written before the 13 bytes" },
	{ "two_faults", "written past the end of the 20 bytes" },
};

static const char *const late[] = {
	"write_late",
	"read_late",
	"read_late_far",
	"read_late_large",
};

static void expect_all_reported(const struct way *way)
{
	struct child child;

	for (size_t i = 0; i < LENGTH(writes); i++)
		expect_report(way, writes[i].verb, writes[i].text);
	expect_report(way, "twice", "but it is not out: ");
	expect_report(way, "racing", "magpool_return by thread ");
	expect_report(way, "foreign_label", "magpool_set_label: ");
	/* Nobody got it, and it has no label. */
	run_reporting(&child, way, "further", "but it is not out: arena 0x");
	cr_expect(!strstr(child.errors, "got by"), "%s", child.errors);
	child_free(&child);
}

static unsigned count_of(const char *text, const char *part)
{
	unsigned count = 0;

	while ((text = strstr(text, part))) {
		text++;
		count++;
	}
	return count;
}

/* ---- levels -------------------------------------------------------------- */

/* What only works differently: the same with both levels. */
static void expect_correct(const char *level)
{
	static const char *const limits[] = { "MAGPOOL_MAX_BYTES=100K",
					      "MAGPOOL_MAX_BYTES=1M" };
	struct way way = { .host = HOST, .level = level };

	expect_silence(&way, "fine");
	expect_silence(&way, "own_memory");
	expect_silence(&way, "junk");
	expect_silence(&way, "no_malloc");
	expect_silence(&way, "sizes");
	expect_silence(&way, "handler");
	for (size_t i = 0; i < LENGTH(limits); i++) {
		way.more = limits[i];
		expect_silence(&way, "limit");
		expect_silence(&way, "refused");
	}
	way.more = "MAGPOOL_ZERO_ON_RETURN=1";
	expect_silence(&way, "zero");
}

/* The counterpart: without it nothing of all this is noticed, or costs. */
Test(debug, off)
{
	struct child child;

	expect_silence(&off, "fine");
	run(&child, &off, "guarded");
	cr_expect(!strstr(child.output, "room 0\nroom 0\nroom 0\n"), "%s",
		  child.output);
	child_free(&child);
	run(&child, &off, "past_small");
	cr_expect(!strstr(child.errors, "magpool:"), "%s", child.errors);
	child_free(&child);
	run(&child, &off, "leak");
	cr_expect(ended_well(&child));
	cr_expect_str_empty(child.errors);
	child_free(&child);
}

static void expect_guarded(const struct way *way)
{
	struct child child;

	run(&child, way, "guarded");
	cr_expect_eq(count_of(child.output, "room 0\n"), 200, "%s",
		     child.output);
	child_free(&child);
}

Test(debug, level_1_is_silent)
{
	expect_correct(LEVEL_1);
	expect_silence(&level_1, "many");
	expect_silence(&level_1, "leak");
	expect_guarded(&level_1);
}

Test(debug, level_1_reports)
{
	expect_all_reported(&level_1);
	expect_report(&level_1, "write_late", "written to after it was ret");
	expect_report(&level_1, "write_late_first", "written to after it was");
}

/* Who reads what was returned finds that it is gone. */
Test(debug, level_1_overwrites)
{
	expect_silence(&level_1, "read_late");
	expect_silence(&level_1, "read_late_far");
	expect_silence(&level_1, "read_rewound");
}

Test(debug, level_2_is_silent)
{
	struct child child;

	expect_correct(LEVEL_2);
	expect_guarded(&level_2);
	/* The oldest come back: 16 MiB of pages of 8 KiB. */
	run(&child, &level_2, "many");
	cr_expect(ended_well(&child), "%s", child.errors);
	cr_expect_str_eq(child.output, "quarantined 2048\n");
	child_free(&child);
}

Test(debug, level_2_reports)
{
	expect_all_reported(&level_2);
}

Test(debug, level_2_faults)
{
	for (size_t i = 0; i < LENGTH(late); i++)
		expect_signal(&level_2, late[i], SIGSEGV);
	expect_signal(&level_2, "fence", SIGSEGV);
	expect_silence(&level_2, "read_rewound");
}

/* on_error may go anywhere: what it leaves behind is whole. */
Test(debug, on_error_may_jump)
{
	expect_silence(&level_1, "jumps");
	expect_silence(&level_2, "jumps");
}

Test(debug, level_2_leaves_maps)
{
	struct child child;
	unsigned maps = 0;

	run(&child, &level_2, "maps");
	cr_expect(ended_well(&child), "%s", child.errors);
	/* 2 x 6144 regions, one map more for each, twice at the most. */
	cr_expect(sscanf(child.output, "%u maps", &maps) == 1 && maps > 10000 &&
			  maps < 25000,
		  "%s", child.output);
	child_free(&child);
	expect_signal(&level_2, "late_pools", SIGSEGV);
}

Test(debug, level_2_leaks)
{
	static const struct way quiet = { .host = HOST,
					  .level = LEVEL_2,
					  .more = "MAGPOOL_QUIET=1" };
	struct child child;

	expect_silence(&quiet, "leak_many");

	run(&child, &level_2, "leak");
	cr_expect(ended_well(&child), "status %#x", child.status);
	cr_expect_eq(count_of(child.errors, "not returned: arena "), 1, "%s",
		     child.errors);
	cr_expect(strstr(child.errors, "\"the one that leaks\""), "%s",
		  child.errors);
	cr_expect(strstr(child.errors, "1 arenas were not returned"), "%s",
		  child.errors);
	/* The stack of the get: the host's frames are in it. */
	cr_expect(strstr(child.errors, "debug-host("), "%s", child.errors);
	child_free(&child);
	run(&child, &level_2, "leak_many");
	cr_expect_eq(count_of(child.errors, "not returned: arena "), 20);
	cr_expect(strstr(child.errors, "30 arenas were not returned"), "%s",
		  child.errors);
	child_free(&child);
	run(&child, &level_2, "leak_in_a_child");
	cr_expect(ended_well(&child), "%s", child.errors);
	cr_expect_eq(count_of(child.errors, "not returned: arena "), 1, "%s",
		     child.errors);
	cr_expect(strstr(child.errors, "\"the one that leaks\""), "%s",
		  child.errors);
	child_free(&child);
}

/* ---- sanitizers ---------------------------------------------------------- */

/* The library is the ordinary one; only the host is made for the tool. */
static const struct way address = { .host = HOST_ADDRESS };
static const struct way memory = { .host = HOST_MEMORY };

Test(debug, address_sanitizer)
{
	if (!*HOST_ADDRESS)
		cr_skip_test("clang has no -fsanitize=address");
	expect_silence(&address, "fine");
	expect_silence(&address, "own_memory");
	expect_guarded(&address);
	for (size_t i = 0; i < LENGTH(writes); i++)
		expect_tool(&address, writes[i].verb, "use-after-poison");
	for (size_t i = 0; i < LENGTH(late); i++)
		expect_tool(&address, late[i], "use-after-poison");
	expect_tool(&address, "read_rewound", "use-after-poison");
	expect_report(&address, "twice", "but it is not out: ");
}

/* An explicit 0 is 0 there too. */
Test(debug, address_sanitizer_can_be_left_out)
{
	static const struct way way = { .host = HOST_ADDRESS,
					.level = "MAGPOOL_DEBUG=0" };
	struct child child;

	if (!*HOST_ADDRESS)
		cr_skip_test("clang has no -fsanitize=address");
	run(&child, &way, "past_rounded");
	cr_expect(!strstr(child.errors, "AddressSanitizer"), "%s",
		  child.errors);
	child_free(&child);
	expect_silence(&way, "hold");
}

Test(debug, leak_sanitizer)
{
	if (!*HOST_ADDRESS)
		cr_skip_test("clang has no -fsanitize=address");
	expect_silence(&address, "hold");
	expect_tool(&address, "drop", "100 byte(s) leaked");
}

Test(debug, memory_sanitizer)
{
	if (!*HOST_MEMORY)
		cr_skip_test("clang has no -fsanitize=memory");
	expect_silence(&memory, "fine");
	expect_tool(&memory, "unwritten", "use-of-uninitialized-value");
	expect_tool(&memory, "read_late", "use-of-uninitialized-value");
	expect_tool(&memory, "read_rewound", "use-of-uninitialized-value");
}

/* ---- valgrind ------------------------------------------------------------ */

#define NO_VALGRIND "no valgrind, or not its header, or not gcc"

static const struct way valgrind = { .host = HOST, .valgrind = true };

Test(debug, valgrind_finds)
{
	static const struct mistake mistakes[] = {
		{ "past_small", "Invalid write of size 1" },
		{ "past_large", "Invalid write of size 1" },
		{ "before_second", "Invalid write of size 1" },
		{ "write_late", "Invalid write of size 1" },
		{ "read_late", "Invalid read of size 1" },
		{ "unwritten", "uninitialised" },
		{ "drop", "definitely lost" },
	};

	if (!*VALGRIND)
		cr_skip_test(NO_VALGRIND);
	for (size_t i = 0; i < LENGTH(mistakes); i++)
		expect_tool(&valgrind, mistakes[i].verb, mistakes[i].text);
}

Test(debug, valgrind_is_silent)
{
	if (!*VALGRIND)
		cr_skip_test(NO_VALGRIND);
	expect_silence(&valgrind, "fine");
	expect_silence(&valgrind, "own_memory");
	expect_silence(&valgrind, "hold");
}
