/* SPDX-License-Identifier: MIT */
/* Memory from the host's own functions, and what happens when they fail. */
#include "unit.h"
#include "upstream.h"

#include <pthread.h>

Test(upstream, gives_all_memory)
{
	struct upstream upstream = UPSTREAM_INIT;
	struct magpool *pool = unit_pool(UPSTREAM_OPTIONS(&upstream));
	struct magpool_arena *arenas[300];
	void *p;

	for (size_t i = 0; i < LENGTH(arenas); i++) {
		arenas[i] = unit_get(pool);
		cr_assert(upstream_owns(&upstream, arenas[i]));
		p = magpool_alloc(arenas[i], i * 40);
		cr_assert(upstream_owns(&upstream, p));
	}
	cr_assert_geq(upstream.bytes, LENGTH(arenas) * 4096);
	cr_assert_eq(sums_read(pool).bytes_mapped, upstream.bytes);
	for (size_t i = 0; i < LENGTH(arenas); i++)
		magpool_return(arenas[i]);
	magpool_trim(pool);
	unit_end(pool);
	cr_assert_eq(upstream.bytes, 0);
	cr_assert_eq(upstream.maps, upstream.unmaps);
	cr_assert_eq(upstream.faults, 0);
}

struct errors {
	size_t calls;
	int error;
};

/* The context is the struct upstream; there is one of these a process. */
static struct errors errors;

static void note_error(void *context, int error, const char *message)
{
	(void)context;
	cr_assert_not_null(message);
	cr_assert(*message);
	errors.calls++;
	errors.error = error;
}

Test(upstream, fails)
{
	struct upstream upstream = UPSTREAM_INIT;
	struct magpool *pool =
		unit_pool(UPSTREAM_OPTIONS(&upstream), .on_error = note_error);
	struct magpool_arena *arena = unit_get(pool);
	char *kept = magpool_strdup(arena, "kept");

	upstream.left = 0;
	unit_refused(arena, magpool_alloc(arena, 1 << 20), ENOMEM);
	cr_assert_eq(errors.calls, 1);
	cr_assert_eq(errors.error, ENOMEM);
	upstream.left = SIZE_MAX;
	cr_assert_not_null(magpool_alloc(arena, 1 << 20));
	cr_assert_str_eq(kept, "kept");
	cr_assert_eq(errors.calls, 1);
	magpool_return(arena);
	unit_end(pool);
	cr_assert_eq(upstream.bytes, 0);
}

/* The n-th map fails, for each n: nothing is lost, the next try works. */
static bool scenario(struct magpool *pool)
{
	struct magpool_arena *arenas[200];
	bool whole = true;
	size_t n = 0;

	while (n < LENGTH(arenas) && (arenas[n] = magpool_get_from(pool)))
		n++;
	whole = n == LENGTH(arenas);
	for (size_t i = 0; i < n; i++) {
		whole &= magpool_alloc(arenas[i], 3000) != NULL;
		whole &= magpool_alloc(arenas[i], 3000) != NULL;
		whole &= magpool_alloc(arenas[i], i * 100) != NULL;
	}
	for (size_t i = 0; i < n; i++)
		magpool_return(arenas[i]);
	return whole;
}

static bool create_and_run(struct upstream *upstream, size_t left)
{
	struct magpool_options options = { .size = sizeof options,
					   UPSTREAM_OPTIONS(upstream) };
	struct magpool *pool;
	bool whole;

	upstream->left = left;
	errno = 0;
	pool = magpool_create(&options);
	if (!pool) {
		cr_assert_eq(errno, ENOMEM);
		return false;
	}
	whole = scenario(pool);
	unit_sums(pool);
	upstream->left = SIZE_MAX;
	cr_assert(scenario(pool), "after %zu maps", left);
	unit_end(pool);
	return whole;
}

Test(upstream, fails_at_each_call)
{
	struct upstream upstream = UPSTREAM_INIT;
	size_t left = 0;

	while (!create_and_run(&upstream, left)) {
		cr_assert_eq(upstream.bytes, 0, "after %zu maps", left);
		left++;
	}
	cr_assert_gt(left, 10);
	cr_assert_eq(upstream.faults, 0);
}

/* ---- a host that does it wrong ------------------------------------------- */

static void *map_askew(void *context, size_t size, size_t alignment)
{
	char *address = upstream_map(context, size + alignment, alignment);

	return address ? address + 8 : NULL;
}

static void unmap_askew(void *context, void *address, size_t size)
{
	/* The system's pages: the alignment is that of the slabs. */
	upstream_unmap(context, (char *)address - 8,
		       size + (size_t)sysconf(_SC_PAGESIZE));
}

/* Not aligned as asked is not had, and goes back as it came. */
Test(upstream, what_is_not_aligned_is_refused)
{
	struct upstream upstream = UPSTREAM_INIT;
	struct magpool *pool = unit_pool(.map = map_askew, .unmap = unmap_askew,
					 .context = &upstream);

	errno = 0;
	cr_assert_null(magpool_get_from(pool));
	cr_assert_eq(errno, ENOMEM);
	cr_assert_gt(upstream.maps, 0);
	cr_assert_eq(upstream.bytes, 0);
	cr_assert_eq(upstream.faults, 0);
	cr_assert_eq(sums_read(pool).bytes_mapped, 0);
	unit_end(pool);
}

static bool ends_inside;

static void *map_and_end(void *context, size_t size, size_t alignment)
{
	if (ends_inside)
		pthread_exit(NULL);
	return upstream_map(context, size, alignment);
}

static void *get_once(void *pool)
{
	cr_assert_fail("got %p", (void *)magpool_get_from(pool));
	return NULL;
}

/* A thread must not; if it does, the others go on. */
Test(upstream, a_thread_that_ends_inside_is_cut_off)
{
	struct upstream upstream = UPSTREAM_INIT;
	struct magpool *pool = unit_pool(.map = map_and_end,
					 .unmap = upstream_unmap,
					 .context = &upstream);
	pthread_t thread;

	ends_inside = true;
	cr_assert_eq(pthread_create(&thread, NULL, get_once, pool), 0);
	pthread_join(thread, NULL);
	ends_inside = false;
	cr_assert_eq(sums_read(pool).caches, 0);
	cr_assert(scenario(pool));
	cr_assert_eq(sums_read(pool).arenas_out, 0);
	magpool_trim(pool);
	cr_assert_null(sums_fault(pool), "%s", sums_fault(pool));
	cr_assert_eq(magpool_destroy(&pool), 0);
	cr_assert_eq(upstream.bytes, 0);
	cr_assert_eq(upstream.faults, 0);
}
