/* SPDX-License-Identifier: MIT */
/* The live segment: what another process sees of this one. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "unit.h"

static struct segment_shot shot;

static void shoot(void)
{
	struct segment segment;

	cr_assert(segment_open(&segment, getpid()));
	cr_assert(segment_shoot(&segment, &shot));
	segment_close(&segment);
}

static uint64_t shown(const char *row, uint32_t pool)
{
	return segment_value(&shot, row, pool);
}

/* Arenas that need no, one and many further pages, and blocks. */
static void work(void *argument)
{
	struct magpool *pool = argument;
	struct magpool_arena *arena[40];

	for (size_t i = 0; i < LENGTH(arena); i++) {
		arena[i] = unit_get(pool);
		for (size_t n = 0; n < i % 7; n++)
			cr_assert_not_null(magpool_alloc(arena[i], 3000));
		if (i % 5 == 0)
			cr_assert_not_null(magpool_alloc(arena[i], 30000));
	}
	for (size_t i = 0; i < LENGTH(arena); i++)
		magpool_return(arena[i]);
}

/* ---- what there is ------------------------------------------------------- */

Test(live, is_sealed)
{
	struct segment segment;
	struct stat stat;
	void *address;
	char path[64];
	int file;

	cr_assert_not_null(magpool_default());
	cr_assert(segment_open(&segment, getpid()));
	cr_assert_eq(fstat(segment.number, &stat), 0);
	cr_assert_leq(stat.st_size, 65536);
	cr_assert_eq(fcntl(segment.number, F_GETFD), FD_CLOEXEC);
	cr_assert_eq(ftruncate(segment.number, 0), -1);
	cr_assert_eq(ftruncate(segment.number, 1 << 20), -1);
	cr_assert_eq(write(segment.number, "x", 1), -1);
	snprintf(path, sizeof path, "/proc/self/fd/%d", segment.number);
	file = open(path, O_RDWR | O_CLOEXEC);
	address = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	cr_assert_eq(address, MAP_FAILED);
	close(file);
	segment_close(&segment);
}

Test(live, says_what_it_is)
{
	const struct mp_live_header *header;

	cr_assert_not_null(magpool_default());
	shoot();
	header = segment_header(&shot);
	cr_assert_eq(header->bytes, MP_LIVE_BYTES);
	cr_assert_str_eq(header->library, magpool_version());
	cr_assert_eq(header->row_count,
		     sizeof(struct magpool_stats) / sizeof(uint64_t));
	cr_assert_eq(segment_pool(&shot, "default"), header->default_pool);
	cr_assert_eq(header->flags, 0);
}

Test(live, rows_are_named_as_the_words)
{
	const char *text = (const char *)shot.word;
	const struct mp_live_header *header = segment_header(&shot);

	cr_assert_not_null(magpool_default());
	shoot();
	for (uint32_t i = 0; i < header->row_count; i++) {
		const struct mp_live_row *row =
			(const void *)(text + header->rows_at +
				       (size_t)i * header->row_bytes);

		cr_assert_str_eq(text + row->name, magpool_stats_name(i));
		cr_assert_gt(strlen(text + row->line), 0);
		cr_assert_gt(strlen(text + row->text), 0);
		cr_assert_geq(row->terms, 1);
		cr_assert_leq(row->terms, MP_LIVE_TERMS);
	}
}

static int count_segments(void *argument)
{
	struct magpool *pool = magpool_default();

	work(pool);
	cr_assert_null(sums_fault(pool));
	return (int)segment_count(getpid()) != *(int *)argument;
}

Test(live, can_be_switched_off)
{
	int none = 0;

	setenv("MAGPOOL_STATS", "off", 1);
	cr_assert_eq(child_fork(count_segments, &none), 0);
}

Test(live, is_there_beside_a_table_at_the_end)
{
	int one = 1;

	setenv("MAGPOOL_STATS", "exit", 1);
	setenv("MAGPOOL_QUIET", "1", 1);
	cr_assert_eq(child_fork(count_segments, &one), 0);
}

/* ---- what it shows ------------------------------------------------------- */

Test(live, shows_all_that_the_library_knows)
{
	struct magpool *pool = unit_pool(.name = "rows");
	struct magpool *other = unit_pool(.depot_bytes = 4096);
	struct magpool_cache *cache = magpool_cache_create(pool);
	struct magpool_arena *arena = unit_get(pool);

	work(pool);
	crowd_run(4, work, pool);
	crowd_run(4, work, other);
	magpool_return(magpool_cache_get(cache));
	magpool_cache_return(cache, magpool_cache_get(cache));
	magpool_trim(pool);
	work(pool);
	unit_sums(pool);
	unit_sums(other);
	shoot();
	cr_assert_eq(shown("arenas_out", segment_pool(&shot, "rows")), 1);
	cr_assert_gt(shown("limit_trips", 0), 0);
	cr_assert_gt(shown("trim_trips", 0), 0);
	cr_assert_gt(shown("exit_flushes", 0), 0);
	magpool_return(arena);
	magpool_cache_destroy(&cache);
	unit_end(pool);
	unit_end(other);
	unit_sums(NULL);
}

static uint64_t owner_in(uint32_t pool, uint64_t owner)
{
	const struct mp_live_block *block = NULL;
	uint64_t found = 0;

	while ((block = segment_next(&shot, block)))
		found += block->type == MP_LIVE_CACHE && block->pool == pool &&
			 ((const struct mp_live_cache *)block)->owner == owner;
	return found;
}

Test(live, names_the_threads)
{
	struct magpool *pool = unit_pool(.name = "threads");
	struct magpool_cache *cache = magpool_cache_create(pool);
	uint32_t number;

	work(pool);
	crowd_run(2, work, pool);
	shoot();
	number = segment_pool(&shot, "threads");
	cr_assert_eq(owner_in(number, (uint32_t)syscall(SYS_gettid)), 1);
	cr_assert_eq(owner_in(number, MP_LIVE_OWNER_EXPLICIT), 1);
	cr_assert_geq(owner_in(number, 0), 1);
	magpool_cache_destroy(&cache);
	unit_end(pool);
}

Test(live, keeps_the_counters_of_pools_that_ended)
{
	uint64_t gets = 0;

	for (int i = 0; i < 20; i++) {
		struct magpool *pool = unit_pool(.name = "short");

		crowd_run(2, work, pool);
		unit_end(pool);
		shoot();
		cr_assert_eq(segment_pool(&shot, "short"), 0);
		cr_assert_geq(shown("gets", 0), gets + 80);
		gets = shown("gets", 0);
	}
	/* The blocks were used again. */
	cr_assert_lt(segment_changes(&shot)->used_bytes, 32 << 10);
}

Test(live, shows_an_abandoned_pool_until_its_last_return)
{
	struct magpool *pool = unit_pool(.name = "left");
	struct magpool_arena *arena = unit_get(pool);

	magpool_abandon(&pool);
	shoot();
	cr_assert_neq(segment_pool(&shot, "left"), 0);
	magpool_return(arena);
	shoot();
	cr_assert_eq(segment_pool(&shot, "left"), 0);
	cr_assert_eq(shown("gets", 0), shown("returns", 0));
}

/* ---- more than there is room for ----------------------------------------- */

Test(live, says_how_many_caches_are_not_shown)
{
	struct magpool_cache *cache[1000];
	struct magpool *pool = unit_pool(.name = "many");
	uint64_t hidden;

	for (size_t i = 0; i < LENGTH(cache); i++) {
		cache[i] = magpool_cache_create(pool);
		cr_assert_not_null(cache[i]);
		magpool_cache_return(cache[i], magpool_cache_get(cache[i]));
	}
	shoot();
	hidden = segment_changes(&shot)->hidden_caches;
	cr_assert_gt(hidden, 400);
	cr_assert_lt(hidden, 1000 - 200);
	cr_assert_eq(shown("gets", segment_pool(&shot, "many")), 1000 - hidden);
	for (size_t i = 0; i < LENGTH(cache); i++)
		magpool_cache_destroy(&cache[i]);
	unit_end(pool);
	shoot();
	cr_assert_eq(segment_changes(&shot)->hidden_caches, 0);
	cr_assert_eq(shown("gets", 0), 1000);
}

static int says_the_same_in_a_child(void *argument)
{
	shoot();
	return segment_changes(&shot)->hidden_caches != *(uint64_t *)argument ||
	       segment_changes(&shot)->hidden_caches == 0;
}

/* Two pools: what the first one leaves is there for the second one. */
Test(live, shows_a_cache_when_there_is_room_again)
{
	struct magpool *pool[] = { unit_pool(.name = "first"),
				   unit_pool(.name = "second") };
	struct magpool_cache *cache[2][500];
	uint64_t hidden;

	for (size_t i = 0; i < 1000; i++)
		cache[i / 500][i % 500] = magpool_cache_create(pool[i / 500]);
	shoot();
	hidden = segment_changes(&shot)->hidden_caches;
	cr_assert_gt(hidden, 100);
	cr_assert_eq(child_fork(says_the_same_in_a_child, &hidden), 0);
	magpool_cache_destroy(&cache[1][499]);
	for (size_t i = 0; i < 500; i++)
		magpool_cache_destroy(&cache[0][i]);
	unit_end(pool[0]);
	shoot();
	hidden = segment_changes(&shot)->hidden_caches;
	cr_assert_gt(hidden, 0);
	cache[1][499] = magpool_cache_create(pool[1]);
	shoot();
	cr_assert_eq(segment_changes(&shot)->hidden_caches, hidden - 1);
	for (size_t i = 0; i < 500; i++)
		magpool_cache_destroy(&cache[1][i]);
	unit_end(pool[1]);
	shoot();
	cr_assert_eq(segment_changes(&shot)->hidden_caches, 0);
}

Test(live, says_how_many_pools_are_not_shown)
{
	struct magpool *pool[200];

	for (size_t i = 0; i < LENGTH(pool); i++) {
		pool[i] = unit_pool(.name = "one of many");
		magpool_return(unit_get(pool[i]));
	}
	shoot();
	cr_assert_gt(segment_changes(&shot)->hidden_pools, 50);
	for (size_t i = 0; i < LENGTH(pool); i++)
		cr_assert_eq(magpool_destroy(&pool[i]), 0);
	shoot();
	cr_assert_eq(segment_changes(&shot)->hidden_pools, 0);
	cr_assert_eq(shown("gets", 0), LENGTH(pool));
}

/* Of the units that pools may use, those that are left. */
static uint32_t units_left(void)
{
	const struct mp_live_header *header = segment_header(&shot);
	uint32_t all = (header->bytes - header->blocks_at) / header->unit;
	uint64_t used = segment_changes(&shot)->used_bytes - header->blocks_at;

	return all - all / 4 - (uint32_t)(used / header->unit);
}

static uint32_t units_of(enum mp_live_type type)
{
	const struct mp_live_block *block = NULL;

	while ((block = segment_next(&shot, block))) {
		if (block->type == type)
			return block->units;
	}
	cr_assert_fail("no block of type %d", (int)type);
	return 0;
}

/* There is room for its own block, and not for the next one. */
Test(live, shows_a_pool_whole_or_not_at_all)
{
	struct magpool *pool = unit_pool(.name = "many");
	struct magpool *other;
	uint32_t own, next;
	uint64_t used;

	shoot();
	own = units_of(MP_LIVE_POOL);
	next = units_of(MP_LIVE_DIRECT);
	while (units_left() >= own + next) {
		/* They stay until the pool ends. */
		cr_assert_not_null(magpool_cache_create(pool));
		shoot();
	}
	cr_assert_geq(units_left(), own);
	used = segment_changes(&shot)->used_bytes;
	other = unit_pool(.name = "other");
	shoot();
	cr_assert_eq(segment_changes(&shot)->hidden_pools, 1);
	cr_assert_eq(segment_pool(&shot, "other"), 0);
	cr_assert_geq(segment_changes(&shot)->used_bytes, used);
	unit_end(other);
	shoot();
	cr_assert_eq(segment_changes(&shot)->hidden_pools, 0);
}

/* ---- fork ---------------------------------------------------------------- */

static struct magpool *forked;

static int in_child(void *argument)
{
	struct segment_shot *parents = argument;
	const char *fault = segment_fault(forked);

	if (fault || segment_count(getpid()) != 1)
		return 1;
	work(forked);
	crowd_run(2, work, forked);
	fault = segment_fault(forked);
	shoot();
	if (fault || segment_count(getpid()) != 1 ||
	    segment_header(&shot)->flags != MP_LIVE_FORKED ||
	    segment_header(&shot)->address != segment_header(parents)->address)
		return 2;
	return 0;
}

static int in_child_of_child(void *argument)
{
	int status = in_child(argument);

	return status ? status : child_fork(in_child, argument);
}

Test(live, a_fork_child_has_its_own)
{
	struct segment_shot before;

	forked = unit_pool(.name = "forked");
	work(forked);
	crowd_run(2, work, forked);
	shoot();
	before = shot;
	cr_assert_eq(child_fork(in_child, &before), 0);
	cr_assert_eq(child_fork(in_child_of_child, &before), 0);
	shoot();
	cr_assert_arr_eq(shot.word, before.word, sizeof shot.word);
	unit_end(forked);
}

/* ---- the descriptor is the host's to take -------------------------------- */

static int without_segment(void *argument)
{
	int number = *(int *)argument;

	/* Not ours, and still there. */
	if (fcntl(number, F_GETFD) < 0 || lseek(number, 0, SEEK_CUR) != 0)
		return 1;
	work(forked);
	return sums_fault(forked) ? 2 : segment_fault(forked) ? 3 : 0;
}

/* Nothing has the number. */
static int with_segment(void *argument)
{
	(void)argument;
	work(forked);
	return sums_fault(forked) || segment_fault(forked) ||
	       segment_count(getpid()) != 1;
}

Test(live, the_host_may_close_it_and_use_its_number)
{
	struct segment segment;
	int number;

	forked = unit_pool(.name = "forked");
	work(forked);
	cr_assert(segment_open(&segment, getpid()));
	number = segment.number;
	close(number);
	cr_assert_eq(segment_count(getpid()), 1, "that of the reader");
	cr_assert_geq(fcntl(STDERR_FILENO, F_DUPFD, number), number);
	work(forked);
	unit_sums(forked);
	/* The mapping goes on. */
	cr_assert(segment_shoot(&segment, &shot));
	cr_assert_gt(shown("gets", segment_pool(&shot, "forked")), 0);
	segment_close(&segment);
	close(number);
	cr_assert_eq(open("/proc/self/exe", O_RDONLY | O_CLOEXEC), number);
	cr_assert_eq(child_fork(without_segment, &number), 0);
	cr_assert_eq(lseek(number, 0, SEEK_CUR), 0);
	close(number);
	cr_assert_eq(child_fork(with_segment, NULL), 0);
	unit_end(forked);
}

Test(live, a_file_may_not_be_as_large)
{
	int none = 0;

	/* The system would send a signal that ends the process. */
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 0, 0 }), 0);
	cr_assert_eq(child_fork(count_segments, &none), 0);
}
