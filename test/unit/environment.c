/* SPDX-License-Identifier: MIT */
/* The environment variables, each in a process of its own. */
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "unit.h"

#define MIB (1ul << 20)

/* Runs the subject: "verb field=value", and up to three variables. */
static struct child subject(const char *command, const char *first,
			    const char *second, const char *third)
{
	const char *environment[] = { first, second, third, NULL };
	const char *arguments[10] = { SUBJECT };
	char words[200];
	struct child child;
	char *rest;
	size_t n = 1;

	snprintf(words, sizeof words, "%s", command);
	for (char *word = strtok_r(words, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest))
		arguments[n++] = word;
	child_run(&child, arguments, environment);
	return child;
}

/* The value of a line `name value` of its output. */
static unsigned long value(const struct child *child, const char *name)
{
	char start[64];
	const char *line;

	snprintf(start, sizeof start, "%s ", name);
	for (line = child->output; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, start, strlen(start)))
			return strtoul(line + strlen(start), NULL, 10);
	}
	cr_assert_fail("no %s in: %s%s", name, child->output, child->errors);
	return 0;
}

static void clean(struct child *child)
{
	cr_assert_eq(child->status, 0, "status %#x: %s", child->status,
		     child->errors);
	cr_assert_str_empty(child->errors);
}

/* A word of the statistics after the command, in that environment. */
static unsigned long effect(const char *command, const char *variable,
			    const char *name)
{
	struct child child = subject(command, variable, NULL, NULL);
	unsigned long found;

	clean(&child);
	found = value(&child, name);
	child_free(&child);
	return found;
}

/* ---- what each one does -------------------------------------------------- */

/* As after clearenv(3): this process has not used the library yet. */
Test(environment, there_may_be_none)
{
	struct magpool_arena *arena;

	cr_assert_eq(clearenv(), 0);
	arena = magpool_get();
	cr_assert_not_null(arena);
	magpool_return(arena);
}

Test(environment, page_size)
{
	cr_assert_eq(effect("use", NULL, "page_size"), 4096);
	cr_assert_eq(effect("use", "MAGPOOL_PAGE_SIZE=8192", "page_size"),
		     8192);
	cr_assert_eq(effect("use", "MAGPOOL_PAGE_SIZE=16K", "page_size"),
		     16384);
	cr_assert_eq(effect("use page_size=16384", NULL, "page_size"), 16384);
	cr_assert_eq(effect("use page_size=16384", "MAGPOOL_PAGE_SIZE=8192",
			    "page_size"),
		     8192);
	cr_assert_eq(effect("use page_size=2048", "MAGPOOL_PAGE_SIZE=8192",
			    "page_size"),
		     8192);
}

Test(environment, magazine_rounds)
{
	static const char name[] = "magazine_rounds";

	cr_assert_eq(effect("use", NULL, name), 16);
	cr_assert_eq(effect("use", "MAGPOOL_MAGAZINE_ROUNDS=1", name), 1);
	cr_assert_eq(effect("use", "MAGPOOL_MAGAZINE_ROUNDS=4", name), 4);
	cr_assert_eq(effect("use magazine_rounds=8",
			    "MAGPOOL_MAGAZINE_ROUNDS=4", name),
		     4);
}

Test(environment, shards)
{
	cr_assert_geq(effect("use", NULL, "shards"), 1);
	cr_assert_eq(effect("use", "MAGPOOL_SHARDS=1", "shards"), 1);
	cr_assert_eq(effect("use", "MAGPOOL_SHARDS=5", "shards"), 5);
}

Test(environment, cache_bytes)
{
	static const char name[] = "pages_cached";

	cr_assert_geq(effect("fill", NULL, name), 16);
	cr_assert_leq(effect("fill", NULL, name), 32);
	cr_assert_leq(effect("fill", "MAGPOOL_CACHE_BYTES=32K", name), 8);
	cr_assert_leq(effect("fill cache_bytes=65536", NULL, name), 16);
	cr_assert_leq(effect("fill cache_bytes=65536",
			     "MAGPOOL_CACHE_BYTES=32K", name),
		      8);
}

Test(environment, depot_bytes)
{
	static const char name[] = "pages_depot";

	cr_assert_geq(effect("fill", NULL, name), 4900);
	cr_assert_leq(effect("fill", "MAGPOOL_DEPOT_BYTES=4M", name), 1040);
	cr_assert_geq(effect("fill", "MAGPOOL_DEPOT_BYTES=4M", name), 500);
	cr_assert_leq(effect("fill depot_bytes=4194304", NULL, name), 1040);
}

Test(environment, retain_bytes)
{
	cr_assert_geq(effect("blocks", NULL, "blocks_reused"), 95);
	cr_assert_geq(effect("blocks", "MAGPOOL_RETAIN_BYTES=1M",
			     "blocks_reused"),
		      95);
	cr_assert_eq(effect("blocks", "MAGPOOL_RETAIN_BYTES=4096",
			    "blocks_reused"),
		     0);
	cr_assert_eq(effect("blocks", "MAGPOOL_RETAIN_BYTES=4096",
			    "blocks_mapped"),
		     100);
}

/* A safety flag can only be switched on. */
Test(environment, zero_on_return)
{
	static const char on[] = "MAGPOOL_ZERO_ON_RETURN=1";
	static const char off[] = "MAGPOOL_ZERO_ON_RETURN=0";

	if (!SANITIZED)
		cr_assert_eq(effect("room", off, "room"), 4096);
	cr_assert_eq(effect("room", on, "room"), 0);
	cr_assert_eq(effect("room max_bytes=1048576", on, "room"), 0);
	cr_assert_eq(effect("room flags=1", NULL, "room"), 0);
	cr_assert_eq(effect("room flags=1", off, "room"), 0);
}

/* The most bytes that a pool was seen to map, until ENOMEM. */
static unsigned long filled(const char *command, const char *first,
			    const char *second)
{
	struct child child = subject(command, first, second, NULL);
	unsigned long bytes;

	clean(&child);
	cr_assert_eq(value(&child, "errno"), ENOMEM);
	cr_assert_geq(value(&child, "filled"), 100);
	cr_assert_geq(value(&child, "refusals"), 1);
	bytes = value(&child, "bytes_peak");
	child_free(&child);
	return bytes;
}

Test(environment, max_bytes_the_smaller_holds)
{
	static const char two[] = "MAGPOOL_MAX_BYTES=2M";
	static const char four[] = "MAGPOOL_MAX_BYTES=4M";

	cr_assert_leq(filled("fill", two, NULL), 2 * MIB);
	cr_assert_gt(filled("fill", four, NULL), 3 * MIB);
	cr_assert_leq(filled("fill max_bytes=4194304", two, NULL), 2 * MIB);
	cr_assert_leq(filled("fill max_bytes=2097152", four, NULL), 2 * MIB);
	cr_assert_leq(filled("fill max_bytes=2097152", "MAGPOOL_MAX_BYTES=none",
			     NULL),
		      2 * MIB);
}

Test(environment, max_total_bytes)
{
	static const char two[] = "MAGPOOL_MAX_TOTAL_BYTES=2M";

	cr_assert_leq(filled("fill", two, NULL), 2 * MIB);
	cr_assert_leq(filled("fill max_bytes=8388608", two, NULL), 2 * MIB);
	cr_assert_leq(filled("fill", two, "MAGPOOL_MAX_BYTES=4M"), 2 * MIB);
}

Test(environment, max_total_bytes_is_for_all_pools)
{
	struct child child = subject("share page_size=4096",
				     "MAGPOOL_MAX_TOTAL_BYTES=4M", NULL, NULL);
	unsigned long first, later;

	clean(&child);
	first = value(&child, "first");
	later = value(&child, "later");
	cr_assert_gt(first, 700);
	cr_assert_lt(value(&child, "second"), 100);
	cr_assert_eq(value(&child, "errno"), ENOMEM);
	cr_assert_leq(value(&child, "bytes_mapped"), 4 * MIB);
	cr_assert_gt(later, 700, "what the first pool had: %lu", later);
	child_free(&child);
}

/* ---- what is wrong ------------------------------------------------------- */

static const struct mistake {
	const char *variable;
	const char *value;
	const char *accepted; /* a word of what it says is accepted */
} mistakes[] = {
	{ "MAGPOOL_PAGE_SIZE", "", "256" },
	{ "MAGPOOL_PAGE_SIZE", "many", "256" },
	{ "MAGPOOL_PAGE_SIZE", "4096x", "256" },
	{ "MAGPOOL_PAGE_SIZE", "-4096", "256" },
	{ "MAGPOOL_PAGE_SIZE", " 4096", "256" },
	{ "MAGPOOL_PAGE_SIZE", "4096 ", "256" },
	{ "MAGPOOL_PAGE_SIZE", "0x1000", "256" },
	{ "MAGPOOL_PAGE_SIZE", "1", "256" },
	{ "MAGPOOL_PAGE_SIZE", "1G", "256" },
	{ "MAGPOOL_PAGE_SIZE", "18446744073709555712", "256" },
	{ "MAGPOOL_PAGE_SIZE", "18014398509481988K", "256" },
	{ "MAGPOOL_MAGAZINE_ROUNDS", "", "1" },
	{ "MAGPOOL_MAGAZINE_ROUNDS", "0", "1" },
	{ "MAGPOOL_MAGAZINE_ROUNDS", "4K", "1" },
	{ "MAGPOOL_MAGAZINE_ROUNDS", "99999999", "1" },
	{ "MAGPOOL_CACHE_BYTES", "", "bytes" },
	{ "MAGPOOL_CACHE_BYTES", "lots", "bytes" },
	{ "MAGPOOL_DEPOT_BYTES", "", "bytes" },
	{ "MAGPOOL_DEPOT_BYTES", "1Q", "bytes" },
	{ "MAGPOOL_RETAIN_BYTES", "", "bytes" },
	{ "MAGPOOL_RETAIN_BYTES", "1.5M", "bytes" },
	{ "MAGPOOL_MAX_BYTES", "", "none" },
	{ "MAGPOOL_MAX_BYTES", "0", "none" },
	{ "MAGPOOL_MAX_BYTES", "12MM", "none" },
	{ "MAGPOOL_MAX_TOTAL_BYTES", "", "none" },
	{ "MAGPOOL_MAX_TOTAL_BYTES", "1", "none" },
	{ "MAGPOOL_SHARDS", "", "1" },
	{ "MAGPOOL_SHARDS", "0", "1" },
	{ "MAGPOOL_SHARDS", "100000", "1" },
	{ "MAGPOOL_HUGEPAGES", "", "madvise" },
	{ "MAGPOOL_HUGEPAGES", "1", "madvise" },
	{ "MAGPOOL_STATS", "", "exit" },
	{ "MAGPOOL_STATS", "always", "exit" },
	{ "MAGPOOL_VERBOSE", "", "yes" },
	{ "MAGPOOL_VERBOSE", "2", "yes" },
	{ "MAGPOOL_STRICT", "", "yes" },
	{ "MAGPOOL_STRICT", "maybe", "yes" },
	{ "MAGPOOL_QUIET", "", "yes" },
	{ "MAGPOOL_QUIET", "yess", "yes" },
	{ "MAGPOOL_ZERO_ON_RETURN", "x", "yes" },
};

/* `text` behind the first `head`; NULL if there is none. */
static const char *after(const char *text, const char *head)
{
	const char *at = strstr(text, head);

	return at ? at + strlen(head) : NULL;
}

Test(environment, mistakes_are_one_line_and_the_default_stays, .timeout = 60)
{
	struct child sane = subject("use", NULL, NULL, NULL);

	clean(&sane);
	for (size_t i = 0; i < LENGTH(mistakes); i++) {
		const struct mistake *m = &mistakes[i];
		char variable[100];
		struct child child;
		const char *rest;

		snprintf(variable, sizeof variable, "%s=%s", m->variable,
			 m->value);
		child = subject("use", variable, NULL, NULL);
		cr_assert_eq(child.status, 0, "%s", variable);
		cr_assert_eq(count_lines(child.errors), 1, "%s: %s", variable,
			     child.errors);
		rest = after(child.errors, m->variable);
		rest = rest ? after(rest, m->value) : NULL;
		cr_assert(rest && strstr(rest, m->accepted), "%s: %s", variable,
			  child.errors);
		cr_assert_str_eq(child.output, sane.output, "%s", variable);
		child_free(&child);
	}
	child_free(&sane);
}

Test(environment, unknown_names)
{
	static const char *const names[][2] = {
		{ "MAGPOOL_PAGESIZE", "MAGPOOL_PAGE_SIZE" },
		{ "MAGPOOL_MAXBYTES", "MAGPOOL_MAX_BYTES" },
		{ "MAGPOOL_SHARD", "MAGPOOL_SHARDS" },
		{ "MAGPOOL_STRIKT", "MAGPOOL_STRICT" },
		{ "MAGPOOL_DEPOT_BYTE", "MAGPOOL_DEPOT_BYTES" },
		{ "MAGPOOL_", "MAGPOOL_" },
		{ "MAGPOOL_A_NAME_THAT_IS_LONGER_THAN_ANY_THAT_THERE_IS_HERE",
		  "MAGPOOL_" },
	};

	for (size_t i = 0; i < LENGTH(names); i++) {
		char variable[100];
		struct child child;
		const char *rest;

		snprintf(variable, sizeof variable, "%s=1", names[i][0]);
		child = subject("use", variable, NULL, NULL);
		cr_assert_eq(child.status, 0);
		cr_assert_eq(count_lines(child.errors), 1, "%s", child.errors);
		rest = after(child.errors, names[i][0]);
		cr_assert(rest && strstr(rest, names[i][1]), "%s",
			  child.errors);
		child_free(&child);
	}
}

Test(environment, names_of_others)
{
	struct child child = subject("use", "MAGPOO_PAGE_SIZE=1",
				     "XMAGPOOL_SHARDS=1", "magpool_strict=1");

	clean(&child);
	child_free(&child);
}

Test(environment, each_mistake_has_its_line)
{
	struct child child = subject("use", "MAGPOOL_PAGE_SIZE=none",
				     "MAGPOOL_SHARDS=none", "MAGPOOL_NONE=1");

	cr_assert_eq(child.status, 0);
	cr_assert_eq(count_lines(child.errors), 3, "%s", child.errors);
	child_free(&child);
}

/* ---- booleans, and what the library says --------------------------------- */

static bool says_something(const char *variable)
{
	struct child child = subject("use", variable, NULL, NULL);
	bool said = *child.errors;

	cr_assert_eq(child.status, 0);
	child_free(&child);
	return said;
}

Test(environment, booleans)
{
	cr_assert(!says_something(NULL));
	cr_assert(says_something("MAGPOOL_VERBOSE=1"));
	cr_assert(says_something("MAGPOOL_VERBOSE=yes"));
	cr_assert(says_something("MAGPOOL_VERBOSE=on"));
	cr_assert(!says_something("MAGPOOL_VERBOSE=0"));
	cr_assert(!says_something("MAGPOOL_VERBOSE=no"));
	cr_assert(!says_something("MAGPOOL_VERBOSE=off"));
}

/* The line of the output that has this text. */
static const char *line_with(const char *text, const char *word)
{
	static char line[512];
	const char *at = strstr(text, word), *start = at, *end;

	cr_assert_not_null(at, "no %s in: %s", word, text);
	while (start > text && start[-1] != '\n')
		start--;
	end = strchrnul(at, '\n');
	snprintf(line, sizeof line, "%.*s", (int)(end - start), start);
	return line;
}

Test(environment, verbose)
{
	static const char *const names[] = {
		"MAGPOOL_PAGE_SIZE",       "MAGPOOL_MAGAZINE_ROUNDS",
		"MAGPOOL_CACHE_BYTES",     "MAGPOOL_DEPOT_BYTES",
		"MAGPOOL_RETAIN_BYTES",    "MAGPOOL_MAX_BYTES",
		"MAGPOOL_MAX_TOTAL_BYTES", "MAGPOOL_SHARDS",
		"MAGPOOL_STATS",           "MAGPOOL_VERBOSE",
		"MAGPOOL_STRICT",          "MAGPOOL_QUIET",
	};
	struct child child = subject("use magazine_rounds=4",
				     "MAGPOOL_VERBOSE=1",
				     "MAGPOOL_PAGE_SIZE=8192", NULL);
	const char *line;

	cr_assert_eq(child.status, 0);
	for (size_t i = 0; i < LENGTH(names); i++)
		line_with(child.errors, names[i]);
	line = line_with(child.errors, "MAGPOOL_PAGE_SIZE");
	cr_assert_not_null(strstr(line, "environment"), "%s", line);
	cr_assert(strstr(line, "8192") || strstr(line, "8K"), "%s", line);
	line = line_with(child.errors, "MAGPOOL_SHARDS");
	cr_assert_not_null(strstr(line, "default"), "%s", line);
	cr_assert_not_null(strstr(child.errors, "option"), "%s", child.errors);
	child_free(&child);
}

static bool aborts(const char *verb, const char *first, const char *second)
{
	struct child child = subject(verb, first, second, NULL);
	bool aborted = WIFSIGNALED(child.status) &&
		       WTERMSIG(child.status) == SIGABRT;

	cr_assert(aborted || child.status == 0, "status %#x", child.status);
	child_free(&child);
	return aborted;
}

Test(environment, strict)
{
	static const char strict[] = "MAGPOOL_STRICT=1";

	cr_assert(!aborts("use", strict, NULL));
	cr_assert(!aborts("use", strict, "MAGPOOL_VERBOSE=1"));
	cr_assert(!aborts("use", strict, "MAGPOOL_STATS=exit"));
	cr_assert(!aborts("fill", strict, "MAGPOOL_MAX_BYTES=2M"));
	cr_assert(aborts("use", strict, "MAGPOOL_PAGE_SIZE=1"));
	cr_assert(aborts("use", "MAGPOOL_PAGE_SIZE=1", strict));
	cr_assert(aborts("use", strict, "MAGPOOL_PAGESIZE=4096"));
	cr_assert(aborts("twice", strict, NULL));
	cr_assert(!aborts("twice", "MAGPOOL_STRICT=0", NULL));
}

Test(environment, quiet)
{
	static const char quiet[] = "MAGPOOL_QUIET=1";
	static const char *const others[] = { "MAGPOOL_PAGE_SIZE=1",
					      "MAGPOOL_PAGESIZE=1",
					      "MAGPOOL_VERBOSE=1",
					      "MAGPOOL_STATS=exit" };

	for (size_t i = 0; i < LENGTH(others); i++) {
		struct child child = subject("twice", quiet, others[i], NULL);

		clean(&child);
		cr_assert_eq(value(&child, "misuse"), 1);
		child_free(&child);
	}
	cr_assert(aborts("twice", quiet, "MAGPOOL_STRICT=1"));
}

Test(environment, stats_at_exit)
{
	struct child child = subject("use", "MAGPOOL_STATS=exit", NULL, NULL);
	const char *line;

	cr_assert_eq(child.status, 0);
	cr_assert_gt(count_lines(child.errors), 5, "%s", child.errors);
	line = line_with(child.errors, "gets");
	cr_assert_not_null(strchr(line, '1'), "%s", line);
	line_with(child.errors, "bytes_mapped");
	child_free(&child);
}

/* A program that never used the library has nothing to say. */
Test(environment, read_at_first_use)
{
	struct child child = subject("nothing", "MAGPOOL_PAGE_SIZE=1",
				     "MAGPOOL_STATS=exit", NULL);

	cr_assert_str_eq(child.errors, "subject: no such verb\n");
	child_free(&child);
}
