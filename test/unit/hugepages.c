/* SPDX-License-Identifier: MIT */
/* MAGPOOL_HUGEPAGES: what holds in each mode, and what it brings. */
#include <sys/wait.h>

#include "unit.h"
#include "upstream.h"

#define BURST 10000
#define MIB ((size_t)1 << 20)

static struct magpool_arena *arena[BURST];

/* Before the first use of the library. */
static void use(const char *mode)
{
	setenv("MAGPOOL_HUGEPAGES", mode, 1);
}

static void get_all(struct magpool *pool, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *bytes;

		arena[i] = unit_get(pool);
		bytes = magpool_alloc(arena[i], 4000);
		cr_assert_not_null(bytes);
		memset(bytes, (int)i, 4000);
	}
}

static void shuffle(size_t count)
{
	uint64_t state = 42;

	for (size_t i = count - 1; i > 0; i--) {
		size_t j = random_below(&state, i + 1);
		struct magpool_arena *other = arena[i];

		arena[i] = arena[j];
		arena[j] = other;
	}
}

static void return_all(size_t count)
{
	for (size_t i = 0; i < count; i++)
		magpool_return(arena[i]);
}

/* The first time makes what stays: tables, and the memory of stdio. */
static void burst_and_trim(const char *mode)
{
	struct magpool *pool;

	use(mode);
	pool = unit_pool(0);
	for (size_t round = 0; round < 3; round++) {
		size_t before = unit_resident(), after;

		get_all(pool, BURST);
		shuffle(BURST);
		return_all(BURST);
		magpool_trim(pool);
		magpool_trim(pool);
		after = unit_resident();
		if (round)
			cr_assert_leq(after, before + before / 20 + MIB,
				      "%s: %zu before, %zu after", mode, before,
				      after);
		unit_sums(pool);
	}
	unit_end(pool);
}

Test(hugepages, a_burst_goes_back_in_never)
{
	burst_and_trim("never");
}

Test(hugepages, a_burst_goes_back_in_madvise)
{
	burst_and_trim("madvise");
}

Test(hugepages, a_burst_goes_back_in_always)
{
	burst_and_trim("always");
}

/* Nine of ten go, and one of ten is as it was. */
static void trim_around(const char *mode, size_t left)
{
	struct magpool *pool;
	size_t before, full, after;

	use(mode);
	pool = unit_pool(0);
	before = unit_resident();
	get_all(pool, BURST);
	full = unit_resident();
	for (size_t i = 0; i < BURST; i++) {
		if (i % 10)
			magpool_return(arena[i]);
	}
	magpool_trim(pool);
	magpool_trim(pool);
	after = unit_resident();
	cr_assert_leq(after, before + (full - before) / 100 * left);
	for (size_t i = 0; i < BURST; i += 10) {
		cr_assert(unit_all((char *)arena[i]->cursor - 4000, 4000,
				   (int)(i & 0xff)));
		magpool_return(arena[i]);
	}
	magpool_trim(pool);
	magpool_trim(pool);
	cr_assert_eq(sums_read(pool).bytes_mapped, 0);
	unit_end(pool);
}

Test(hugepages, parts_of_regions_go_back_in_madvise)
{
	trim_around("madvise", 40);
}

Test(hugepages, what_is_out_is_as_it_was_in_always)
{
	trim_around("always", 101);
}

/* ---- what the system says ------------------------------------------------ */

static size_t huge_bytes(void)
{
	FILE *file = fopen("/proc/self/smaps", "r");
	char line[512];
	size_t sum = 0, kib;

	cr_assert_not_null(file);
	while (fgets(line, sizeof line, file)) {
		if (sscanf(line, "AnonHugePages: %zu", &kib) == 1)
			sum += kib * 1024;
	}
	fclose(file);
	return sum;
}

static bool system_has_them(void)
{
	static const char name[] =
		"/sys/kernel/mm/transparent_hugepage/enabled";
	FILE *file = fopen(name, "r");
	char line[128] = "[never]";

	if (file) {
		cr_assert_not_null(fgets(line, sizeof line, file));
		fclose(file);
	}
	return !strstr(line, "[never]");
}

static void expect_huge(const char *mode)
{
	struct magpool *pool;
	size_t bytes;

	use(mode);
	pool = unit_pool(0);
	get_all(pool, BURST);
	bytes = huge_bytes();
	if (!system_has_them())
		cr_log_warn("left out: no transparent huge pages here");
	else if (strcmp(mode, "never") == 0)
		cr_log_info("%zu bytes in huge pages", bytes);
	else
		cr_assert_gt(bytes, 2 * MIB, "%s: none", mode);
	return_all(BURST);
	unit_end(pool);
}

Test(hugepages, the_system_makes_them_in_madvise)
{
	expect_huge("madvise");
}

Test(hugepages, the_system_makes_them_in_always)
{
	expect_huge("always");
}

/* Mappings that are marked for huge pages: it may make some later, too. */
static size_t count_marked(void)
{
	FILE *file = fopen("/proc/self/smaps", "r");
	char line[512];
	size_t count = 0;

	cr_assert_not_null(file);
	while (fgets(line, sizeof line, file))
		count += strncmp(line, "VmFlags:", 8) == 0 &&
			 strstr(line, " hg");
	fclose(file);
	return count;
}

/* It would put a page in place of what was given back. */
Test(hugepages, what_lacks_a_part_gets_none_any_more)
{
	struct magpool *pool;
	size_t before;

	use("madvise");
	pool = unit_pool(0);
	get_all(pool, BURST);
	before = count_marked();
	if (!system_has_them())
		cr_log_warn("left out: no transparent huge pages here");
	else
		cr_assert_gt(before, 0);
	for (size_t i = 0; i < BURST; i++) {
		if (i % 10)
			magpool_return(arena[i]);
	}
	magpool_trim(pool);
	magpool_trim(pool);
	cr_assert_eq(count_marked(), 0, "%zu before", before);
	for (size_t i = 0; i < BURST; i += 10)
		magpool_return(arena[i]);
	unit_end(pool);
}

/* ---- where there are no regions ------------------------------------------ */

Test(hugepages, a_small_limit_leaves_slabs_small)
{
	struct magpool *pool;
	size_t count = 0;

	use("always");
	pool = unit_pool(.max_bytes = MIB);
	while (count < BURST && (arena[count] = magpool_get_from(pool)))
		count++;
	cr_assert_geq(count, 200);
	cr_assert_leq(sums_read(pool).bytes_mapped, MIB);
	return_all(count);
	unit_end(pool);
}

/* Of which one page would take a large part, and blocks would find no room. */
Test(hugepages, a_pool_of_a_few_regions_has_none)
{
	struct magpool *pool;

	use("always");
	pool = unit_pool(.max_bytes = 8 * MIB);
	magpool_return(unit_get(pool));
	cr_assert_leq(sums_read(pool).bytes_mapped, MIB);
	unit_end(pool);
	pool = unit_pool(.max_bytes = 64 * MIB);
	magpool_return(unit_get(pool));
	cr_assert_eq(sums_read(pool).bytes_mapped, 2 * MIB);
	unit_end(pool);
}

Test(hugepages, a_host_is_not_asked_for_regions)
{
	struct upstream upstream = UPSTREAM_INIT;
	struct magpool *pool;

	use("always");
	pool = unit_pool(UPSTREAM_OPTIONS(&upstream));
	get_all(pool, BURST);
	for (size_t i = 0; i < UPSTREAM_REGIONS; i++)
		cr_assert_lt(upstream.regions[i].size, MIB);
	return_all(BURST);
	unit_end(pool);
	cr_assert_eq(upstream.bytes, 0);
	cr_assert_eq(upstream.faults, 0);
}

/* ---- refusals, forks ----------------------------------------------------- */

static struct magpool *shared;
static size_t got;

static void get_some(void *unused)
{
	struct magpool_arena *mine[16] = { NULL };

	(void)unused;
	while (got < LENGTH(mine) && (mine[got] = magpool_get_from(shared)))
		got++;
	for (size_t i = 0; i < got; i++)
		magpool_return(mine[i]);
}

/* What is taken back keeps its memory, and is of use all the same. */
Test(hugepages, before_a_refusal_caches_are_taken_back)
{
	struct timespec pause = { 0, 20000000 };
	size_t count = 0;

	use("always");
	shared = unit_pool(.max_bytes = 33 * MIB);
	while (count < BURST && (arena[count] = magpool_get_from(shared)))
		count++;
	cr_assert_gt(count, 33 * MIB / 4400);
	cr_assert_lt(count, BURST);
	/* Of the first region, into the cache of this thread. */
	for (size_t i = 0; i < 16; i++)
		magpool_return(arena[i]);
	/* That is done once a millisecond. */
	nanosleep(&pause, NULL);
	crowd_one(get_some, NULL);
	cr_assert_eq(got, 16, "%zu", got);
	for (size_t i = 16; i < count; i++)
		magpool_return(arena[i]);
	unit_end(shared);
}

static int live_on(struct magpool *pool)
{
	for (size_t i = 0; i < BURST / 2; i++) {
		if (!unit_all((char *)arena[i]->cursor - 4000, 4000,
			      (int)(i & 0xff)))
			return 1;
		magpool_return(arena[i]);
	}
	magpool_trim(pool);
	magpool_trim(pool);
	if (sums_read(pool).bytes_mapped)
		return 2;
	for (size_t i = 0; i < BURST; i++) {
		arena[i] = magpool_get_from(pool);
		if (!arena[i])
			return 3;
		*(char *)magpool_alloc(arena[i], 4000) = 1;
	}
	return_all(BURST);
	if (sums_fault(pool))
		return 4;
	return magpool_destroy(&pool) ? 5 : 0;
}

static void fork_with(const char *mode)
{
	struct magpool *pool;
	int status;
	pid_t child;

	use(mode);
	pool = unit_pool(0);
	get_all(pool, BURST / 2);
	child = fork();
	if (child == 0)
		_exit(live_on(pool));
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		  "the child: %#x", status);
	cr_assert_eq(live_on(pool), 0);
}

Test(hugepages, a_fork_in_madvise)
{
	fork_with("madvise");
}

Test(hugepages, a_fork_in_always)
{
	fork_with("always");
}

static void run_about(void *pool)
{
	struct magpool_arena *mine[300];

	for (size_t round = 0; round < 20; round++) {
		for (size_t i = 0; i < LENGTH(mine); i++) {
			mine[i] = unit_get(pool);
			memset(magpool_alloc(mine[i], 4000), (int)i, 4000);
		}
		if (round % 5 == 0)
			magpool_trim(pool);
		for (size_t i = 0; i < LENGTH(mine); i++) {
			cr_assert(unit_all((char *)mine[i]->cursor - 4000, 4000,
					   (int)(i & 0xff)));
			magpool_return(mine[i]);
		}
	}
}

static void run_crowd(const char *mode)
{
	struct magpool *pool;

	use(mode);
	pool = unit_pool(.depot_bytes = MIB);
	crowd_run(8, run_about, pool);
	unit_sums(pool);
	magpool_trim(pool);
	magpool_trim(pool);
	cr_assert_eq(sums_read(pool).bytes_mapped, 0);
	unit_end(pool);
}

Test(hugepages, threads_in_madvise)
{
	run_crowd("madvise");
}

Test(hugepages, threads_in_always)
{
	run_crowd("always");
}
