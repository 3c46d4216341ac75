/* SPDX-License-Identifier: MIT */
/* Byte limits: ENOMEM, nothing lost, and it goes on after a return. */
#include "unit.h"

#include <pthread.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)
#define MANY 4096

static struct magpool_arena *arenas[MANY];
static size_t errors;

static void note_error(void *context, int error, const char *message)
{
	(void)context;
	cr_assert_eq(error, ENOMEM);
	cr_assert(message && *message);
	errors++;
}

/* Gets arenas until there are none; how many. */
static size_t fill(struct magpool *pool, size_t from)
{
	size_t n = from;

	errno = UNTOUCHED;
	while (n < MANY && (arenas[n] = magpool_get_from(pool)))
		n++;
	cr_assert_lt(n, MANY, "there is no limit");
	cr_assert_eq(errno, ENOMEM);
	return n;
}

static void empty(size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		magpool_return(arenas[i]);
}

Test(limits, of_a_pool)
{
	struct magpool *pool =
		unit_pool(.max_bytes = 2 * MIB, .on_error = note_error);
	size_t n = fill(pool, 0);
	size_t again;

	cr_assert_gt(n, 200, "most of 2 MiB is pages of 4 KiB");
	cr_assert_leq(sums_read(pool).bytes_peak, 2 * MIB);
	cr_assert_eq(errors, 1);
	cr_assert_eq(sums_read(pool).refusals, 1);
	unit_sums(pool);
	empty(n / 2, n);
	again = fill(pool, n / 2);
	cr_assert_eq(again, n, "%zu, before %zu", again, n);
	empty(0, n);
	cr_assert_leq(sums_read(pool).bytes_peak, 2 * MIB);
	unit_end(pool);
}

Test(limits, silent_without_on_error)
{
	struct magpool *pool = unit_pool(.max_bytes = MIB);
	struct capture capture;
	char *text;
	size_t n;

	capture_begin(&capture);
	n = fill(pool, 0);
	text = capture_end(&capture);
	cr_assert_str_empty(text);
	free(text);
	empty(0, n);
	unit_end(pool);
}

Test(limits, in_an_allocation)
{
	struct magpool *pool = unit_pool(.max_bytes = 2 * MIB);
	struct magpool_arena *arena = unit_get(pool);
	char *kept = magpool_strdup(arena, "kept");
	size_t n = fill(pool, 0);

	cr_assert_not_null(magpool_alloc(arena, 4000));
	unit_refused(arena, magpool_alloc(arena, 4000), ENOMEM);
	unit_refused(arena, magpool_alloc(arena, 5000), ENOMEM);
	unit_refused(arena, magpool_zalloc(arena, 4000), ENOMEM);
	unit_refused(arena, magpool_reserve(arena, 4000), ENOMEM);
	unit_refused(arena, magpool_alloc_aligned(arena, 4000, 64), ENOMEM);
	unit_refused(arena, magpool_asprintf(arena, "%3000d", 1), ENOMEM);
	cr_assert_not_null(magpool_alloc(arena, 64), "there is room for it");
	cr_assert_str_eq(kept, "kept");
	magpool_return(arenas[--n]);
	cr_assert_not_null(magpool_alloc(arena, 4000));
	unit_sums(pool);
	empty(0, n);
	magpool_return(arena);
	unit_end(pool);
}

static void set_total(void)
{
	setenv("MAGPOOL_MAX_TOTAL_BYTES", "2M", 1);
}

/* Larger than the limit of the process: nothing is given up for it. */
Test(limits, of_a_size_that_could_never_be, .init = set_total)
{
	struct magpool *pool = unit_pool(.max_bytes = 8 * MIB);
	struct magpool_arena *arena = unit_get(pool);
	uint64_t cached;

	empty(0, fill(pool, 0));
	cached = sums_read(pool).pages_cached;
	cr_assert_gt(cached, 0);
	unit_refused(arena, magpool_alloc(arena, 3 * MIB), ENOMEM);
	cr_assert_eq(sums_read(pool).pages_cached, cached);
	unit_refused(arena, magpool_alloc(arena, 9 * MIB), ENOMEM);
	cr_assert_eq(sums_read(pool).pages_cached, cached);
	magpool_return(arena);
	unit_end(pool);
}

/* What a reset freed is there for other arenas, but for a few pages. */
Test(limits, after_a_reset)
{
	struct magpool *pool = unit_pool(.max_bytes = 2 * MIB);
	struct magpool_arena *arena = unit_get(pool);
	struct magpool_arena *other = unit_get(pool);
	size_t n = 0, m = 0;

	while (magpool_alloc(arena, 4000))
		n++;
	unit_refused(other, magpool_alloc(other, 5000), ENOMEM);
	magpool_reset(arena);
	while (magpool_alloc(other, 4000))
		m++;
	cr_assert_gt(m, n / 2, "%zu pages, of %zu that were reset", m, n);
	magpool_return(arena);
	magpool_return(other);
	unit_end(pool);
}

/* Blocks that returned arenas keep for later give way to what is needed. */
Test(limits, of_blocks)
{
	static const size_t sizes[] = { 100000, 3 * MIB };
	static const size_t counts[] = { 20, 1 };

	for (size_t i = 0; i < LENGTH(sizes); i++) {
		struct magpool *pool = unit_pool(.max_bytes = 4 * MIB,
						 .retain_bytes = sizes[i] * 2);
		struct magpool_arena *arena;

		for (size_t j = 0; j < counts[i]; j++) {
			arenas[j] = unit_get(pool);
			cr_assert_not_null(magpool_alloc(arenas[j], sizes[i]));
		}
		arena = unit_get(pool);
		unit_refused(arena, magpool_alloc(arena, 3 * MIB), ENOMEM);
		empty(0, counts[i]);
		cr_assert_not_null(magpool_alloc(arena, 3 * MIB), "case %zu",
				   i);
		magpool_return(arena);
		unit_end(pool);
	}
}

/* Pages that lie unused make room for a block, and the other way round. */
Test(limits, pages_and_blocks_share)
{
	struct magpool *pool = unit_pool(.max_bytes = 4 * MIB);
	struct magpool_arena *arena;
	size_t n = fill(pool, 0);
	size_t again;

	empty(0, n);
	magpool_thread_flush(pool);
	magpool_trim(pool);
	arena = unit_get(pool);
	cr_assert_not_null(magpool_alloc(arena, 3 * MIB));
	magpool_return(arena);
	again = fill(pool, 0);
	cr_assert_geq(again, n / 4);
	empty(0, again);
	unit_end(pool);
}

/* ---- what others have in their caches ------------------------------------ */

enum { HOLDERS = 4, HELD = 32 };

static pthread_barrier_t turn;
static struct magpool *shared;

/* Fills its cache, and sleeps; then goes on, as if nothing had happened. */
static void *hold(void *unused)
{
	struct magpool_arena *held[HELD];

	for (size_t i = 0; i < HELD; i++)
		held[i] = unit_get(shared);
	for (size_t i = 0; i < HELD; i++)
		magpool_return(held[i]);
	pthread_barrier_wait(&turn);
	pthread_barrier_wait(&turn);
	magpool_return(unit_get(shared));
	return unused;
}

/* Longer than the coarsest clock takes for a step: once a millisecond is all
 * that the library asks others. */
static void pause_for_the_clock(void)
{
	usleep(20000);
}

/* Before a call fails they are asked for what they do not use. */
Test(limits, caches_of_others_give_way, .timeout = 60)
{
	pthread_t thread[HOLDERS];
	size_t all, n;

	shared = unit_pool(.max_bytes = MIB);
	all = fill(shared, 0);
	empty(0, all);
	magpool_thread_flush(shared);
	pthread_barrier_init(&turn, NULL, HOLDERS + 1);
	for (size_t i = 0; i < HOLDERS; i++)
		cr_assert_eq(pthread_create(&thread[i], NULL, hold, NULL), 0);
	pthread_barrier_wait(&turn);
	cr_assert_geq(sums_read(shared).pages_cached, HOLDERS * HELD / 2);
	pause_for_the_clock();
	n = fill(shared, 0);
	cr_assert_eq(n, all, "%zu arenas, %zu without others", n, all);
	cr_assert_leq(sums_read(shared).bytes_peak, MIB);
	unit_sums(shared);
	empty(0, n);
	pthread_barrier_wait(&turn);
	for (size_t i = 0; i < HOLDERS; i++)
		pthread_join(thread[i], NULL);
	pthread_barrier_destroy(&turn);
	unit_end(shared);
}

Test(limits, of_an_arena)
{
	struct magpool *pool =
		unit_pool(.max_arena_bytes = MIB / 16, .on_error = note_error);
	struct magpool_arena *arena = unit_get(pool);
	struct magpool_arena *other = unit_get(pool);

	for (size_t round = 0; round < 3; round++) {
		size_t n = 0;

		while (n < 100 && magpool_alloc(arena, 4000))
			n++;
		cr_assert_lt(n, 100, "there is no limit");
		cr_assert_geq(n, 12);
		cr_assert_leq(n, 16);
		cr_assert_eq(errno, ENOMEM);
		cr_assert_eq(errors, round + 1);
		cr_assert_not_null(magpool_alloc(other, 30000));
		magpool_reset(other);
		magpool_reset(arena);
	}
	unit_refused(arena, magpool_alloc(arena, 100000), ENOMEM);
	unit_refused(arena, magpool_reserve(arena, 100000), ENOMEM);
	cr_assert_not_null(magpool_alloc(arena, 30000));
	magpool_return(arena);
	magpool_return(other);
	unit_end(pool);
}

/* What one left behind is not charged to the next. */
Test(limits, of_an_arena_whatever_others_left)
{
	struct magpool *pool = unit_pool(.max_arena_bytes = MIB / 4);
	struct magpool_arena *arena = unit_get(pool);

	cr_assert_not_null(magpool_alloc(arena, 200000));
	magpool_return(arena);
	arena = unit_get(pool);
	cr_assert_not_null(magpool_alloc(arena, 100000));
	cr_assert_not_null(magpool_alloc(arena, 100000));
	magpool_reset(arena);
	cr_assert_not_null(magpool_alloc(arena, 200000));
	cr_assert_eq(sums_read(pool).blocks_reused, 1);
	magpool_return(arena);
	unit_end(pool);
}
