/* SPDX-License-Identifier: MIT */
/*
 * Threads at work while another process looks at the live segment: no counter
 * ever falls, and in each snapshot the sums hold within the skew that
 * src/live_format.h promises.  Pools, threads and caches come and go meanwhile.
 */
#include "loan.h"
#include "segment.h"
#include "sums.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HOLD = 24, CALLS = 5000, ROWS = 128 };

struct shared {
	struct magpool *pool;
	struct loan_boxes boxes;
};

/* What the two processes tell each other. */
struct outcome {
	_Atomic bool finish;
	_Atomic uint64_t shots; /* that fitted together */
	_Atomic uint64_t misses_seen;
	_Atomic uint64_t exact; /* with nobody inside a miss */
};

static struct outcome *outcome;

/* ---- those who work ------------------------------------------------------ */

static void burst(struct stress_worker *worker, struct magpool *pool)
{
	struct loan loans[HOLD];

	loan_burst(worker, pool, loans, 1 + stress_below(worker, HOLD));
}

/*
 * So many calls that others do not make up for them while one looks: a pool
 * that is missing in a snapshot, or is there twice, is seen.
 */
static void short_pool(void)
{
	struct magpool *pool = magpool_create(NULL);

	stress_check(pool, "magpool_create");
	/* No loans: those are counted with the other pool's. */
	for (int i = 0; i < CALLS; i++) {
		struct magpool_arena *arena = magpool_get_from(pool);

		stress_check(magpool_alloc(arena, 100), "magpool_alloc");
		magpool_return(arena);
	}
	stress_check(magpool_destroy(&pool) == 0, "magpool_destroy");
}

static void *short_life(void *argument)
{
	struct stress_worker worker;

	stress_worker_init(&worker, argument);
	burst(&worker, argument);
	stress_worker_fini(&worker);
	return NULL;
}

static void short_thread(struct magpool *pool)
{
	pthread_t thread;

	stress_thread(&thread, short_life, pool);
	pthread_join(thread, NULL);
}

static void body(struct stress_worker *worker)
{
	struct shared *shared = worker->context;

	while (stress_running(worker)) {
		if (worker->index == 0) {
			short_pool();
			continue;
		}
		burst(worker, shared->pool);
		loan_pass(&shared->boxes, worker, shared->pool);
		if (stress_one_in(worker, 500))
			short_thread(shared->pool);
		if (stress_one_in(worker, 200))
			magpool_trim(shared->pool);
		if (stress_one_in(worker, 100))
			magpool_thread_flush(NULL);
	}
}

/* ---- the one who looks --------------------------------------------------- */

/* Pools are looked at one by one, and (0) all together. */
struct watch {
	struct segment_shot shot[3]; /* x, y, z */
	uint64_t last[ROWS];         /* of all pools */
};

static const struct mp_live_row *row_at(const struct segment_shot *shot,
					uint32_t i)
{
	const struct mp_live_header *header = segment_header(shot);

	return (const void *)((const char *)shot->word + header->rows_at +
			      (size_t)i * header->row_bytes);
}

static void check_rise(struct watch *watch, const struct segment_shot *now)
{
	const struct mp_live_header *header = segment_header(now);

	for (uint32_t i = 0; i < header->row_count && i < ROWS; i++) {
		uint64_t value = segment_row(now, i, 0);

		if (row_at(now, i)->kind != MP_LIVE_COUNTER)
			continue;
		stress_check(value >= watch->last[i],
			     "%s fell from %" PRIu64 " to %" PRIu64,
			     (const char *)now->word + row_at(now, i)->name,
			     watch->last[i], value);
		watch->last[i] = value;
	}
}

static uint64_t pages_missing(const struct segment_shot *y, uint32_t pool)
{
	static const char *const parts[] = {
		"pages_cached", "pages_depot",       "pages_loose",
		"pages_out",    "pages_quarantined", "pages_given_back",
		"pages_leaked",
	};
	uint64_t missing = segment_value(y, "pages_created", pool);

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		missing -= segment_value(y, parts[i], pool);
	return missing;
}

static uint64_t magazines_missing(const struct segment_shot *y, uint32_t pool)
{
	return segment_value(y, "magazines_made", pool) -
	       segment_value(y, "magazines_loaded", pool) -
	       segment_value(y, "magazines_full", pool) -
	       segment_value(y, "magazines_empty", pool);
}

static uint64_t absolute(uint64_t difference)
{
	return difference >> 63 ? -difference : difference;
}

static void check_sums(const struct segment_shot *x,
		       const struct segment_shot *y,
		       const struct segment_shot *z, uint32_t pool)
{
	uint64_t rounds = segment_value(z, "rounds_peak", pool);
	uint64_t n = segment_begun(z, pool) - segment_ended(x, pool);
	uint64_t pages = absolute(pages_missing(y, pool));
	uint64_t magazines = absolute(magazines_missing(y, pool));

	stress_check(pages <= n * MP_LIVE_SKEW_PAGES(rounds),
		     "%" PRIu64 " pages missing, %" PRIu64 " misses", pages, n);
	stress_check(magazines <= n * MP_LIVE_SKEW_MAGAZINES,
		     "%" PRIu64 " magazines missing, %" PRIu64 " misses",
		     magazines, n);
	atomic_fetch_add(&outcome->exact, n == 0);
}

static bool has_pool(const struct segment_shot *shot, uint32_t pool)
{
	const struct mp_live_block *block = NULL;

	while ((block = segment_next(shot, block))) {
		if (block->type == MP_LIVE_POOL && block->pool == pool)
			return true;
	}
	return false;
}

/* Of each pool that is there all the time. */
static void check_pools(const struct watch *watch)
{
	const struct segment_shot *x = &watch->shot[0];
	const struct segment_shot *y = &watch->shot[1];
	const struct segment_shot *z = &watch->shot[2];
	const struct mp_live_block *block = NULL;

	while ((block = segment_next(y, block))) {
		if (block->type == MP_LIVE_POOL && has_pool(x, block->pool) &&
		    has_pool(z, block->pool))
			check_sums(x, y, z, block->pool);
	}
}

static void watch(pid_t parent)
{
	struct watch *watch = stress_allocate(1, sizeof *watch);
	struct segment segment;
	uint64_t shots = 0;

	while (!segment_open(&segment, parent))
		stress_sleep(0.001);
	while (!outcome->finish) {
		watch->shot[0] = watch->shot[1];
		watch->shot[1] = watch->shot[2];
		if (!segment_shoot(&segment, &watch->shot[2]))
			continue;
		check_rise(watch, &watch->shot[2]);
		if (++shots >= 3)
			check_pools(watch);
		if (shots % 4 == 0)
			stress_sleep(0.0005);
	}
	outcome->shots = shots;
	outcome->misses_seen = segment_begun(&watch->shot[2], 0);
	segment_close(&segment);
	free(watch);
}

/* ---- both ---------------------------------------------------------------- */

static pid_t start_watch(void)
{
	pid_t parent = getpid();
	pid_t child;

	outcome = mmap(NULL, sizeof *outcome, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (outcome == MAP_FAILED)
		stress_unable("mmap", 0);
	child = fork();
	if (child == 0) {
		watch(parent);
		_exit(0);
	}
	return child;
}

static void run(void)
{
	struct shared *shared = stress_allocate(1, sizeof *shared);
	/* Before anything is used: the child has no segment of its own. */
	pid_t child = start_watch();
	struct stress_worker rest;

	shared->pool = sums_pool();
	stress_team(body, shared);
	outcome->finish = true;
	stress_wait(child);
	stress_check(outcome->shots > 10, "only %" PRIu64 " snapshots",
		     outcome->shots);
	stress_check(outcome->misses_seen > 0, "nothing was seen");
	stress_worker_init(&rest, shared);
	loan_drain(&shared->boxes, &rest);
	stress_worker_fini(&rest);
	sums_finish(shared->pool);
	free(shared);
}

int main(int argc, char **argv)
{
	static const struct stress_scenario scenario = {
		.name = "watched",
		.text = "Another process looks at the live segment",
		.defaults = { .seconds = 2, .threads = 8 },
		.run = run,
	};

	return stress_main(&scenario, argc, argv);
}
