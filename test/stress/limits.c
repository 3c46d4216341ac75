/* SPDX-License-Identifier: MIT */
/*
 * A small byte limit, and threads that always ask for more.  Every call that
 * cannot be served gives NULL and ENOMEM; the memory from upstream, counted
 * here and not only by the library, never passes the limit; afterwards one
 * thread can have as much as one thread could have in a new pool.
 */
#include "loan.h"
#include "sums.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { LIMIT = 1 << 20, HOLD = 200, GREED = 4096 };

/* For a thread that is off the processor in the middle of it. */
#define REFUSAL_SECONDS 2.0

/* What upstream has given, kept here. */
struct upstream {
	_Atomic size_t bytes;
};

struct shared {
	struct upstream upstream;
	struct magpool *pool;
	_Atomic uint64_t refusals;
};

/* Maps more than asked and cuts the ends off, to align. */
static void *map_aligned(size_t size, size_t alignment)
{
	char *start = mmap(NULL, size + alignment, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t before;

	if (start == MAP_FAILED)
		return NULL;
	before = -(uintptr_t)start & (alignment - 1);
	if (before)
		munmap(start, before);
	munmap(start + before + size, alignment - before);
	return start + before;
}

static void *map(void *context, size_t size, size_t alignment)
{
	struct upstream *upstream = context;
	size_t bytes = atomic_fetch_add_explicit(&upstream->bytes, size,
						 memory_order_relaxed);

	stress_check(bytes + size <= LIMIT,
		     "%zu bytes from upstream, the limit is %d", bytes + size,
		     LIMIT);
	return map_aligned(size, alignment);
}

static void unmap(void *context, void *address, size_t size)
{
	struct upstream *upstream = context;

	munmap(address, size);
	atomic_fetch_sub_explicit(&upstream->bytes, size, memory_order_relaxed);
}

static struct magpool *limited_pool(struct shared *shared)
{
	struct magpool_options options = {
		.size = sizeof(options),
		.name = "limits",
		.magazine_rounds = stress_options.rounds,
		.cache_bytes = sums_cache_bytes(),
		.max_bytes = LIMIT,
		.map = map,
		.unmap = unmap,
		.context = &shared->upstream,
	};
	struct magpool *pool = magpool_create(&options);

	if (!pool)
		stress_unable("magpool_create", errno);
	return pool;
}

/* Who is refused has not waited for others to return theirs. */
static void check_refusal(double start)
{
	int error = errno;
	double seconds = stress_now() - start;

	stress_check(error == ENOMEM, "refused with: %s",
		     strerrordesc_np(error));
	stress_check(seconds < REFUSAL_SECONDS, "refused after %.3f s",
		     seconds);
}

/* False: refused, with the right errno. */
static bool borrow(struct loan *loan, struct stress_worker *worker,
		   struct magpool *pool)
{
	double start = stress_now();
	struct magpool_arena *arena;

	errno = 0;
	arena = magpool_get_from(pool);
	if (!arena) {
		check_refusal(start);
		return false;
	}
	stress_check(errno == 0, "a get that succeeds sets errno: %s",
		     strerrordesc_np(errno));
	loan_open(loan, worker, arena);
	return true;
}

/* Fills the arena until something is refused; what it has stays valid. */
static bool fill(struct loan *loan, struct stress_worker *worker)
{
	bool big = stress_one_in(worker, 16);

	for (unsigned i = 0; i < LOAN_ITEMS / 2; i++) {
		double start = stress_now();

		errno = 0;
		if (loan_take(loan, stress_below(worker, big ? 50000 : 2500)))
			continue;
		check_refusal(start);
		return false;
	}
	return true;
}

static void body(struct stress_worker *worker)
{
	struct shared *shared = worker->context;
	struct loan *loans = stress_allocate(HOLD, sizeof(*loans));
	unsigned held = 0;

	while (stress_running(worker)) {
		bool refused = held == HOLD;

		if (!refused && borrow(&loans[held], worker, shared->pool))
			refused = !fill(&loans[held++], worker);
		else if (!refused)
			refused = true;
		if (!refused)
			continue;
		atomic_fetch_add_explicit(&shared->refusals, held < HOLD,
					  memory_order_relaxed);
		/* Gives back a random half, in random order. */
		for (unsigned i = held / 2; held > i;) {
			unsigned chosen = stress_below(worker, held--);

			loan_return(&loans[chosen], worker);
			loans[chosen] = loans[held];
		}
	}
	while (held)
		loan_return(&loans[--held], worker);
	free(loans);
}

/* How many arenas one thread can have.  The second try is for caches of
 * others, which are asked at most once a millisecond. */
static unsigned capacity(struct shared *shared)
{
	struct loan *loans = stress_allocate(GREED, sizeof(*loans));
	struct stress_worker worker;
	unsigned held = 0, count;

	stress_worker_init(&worker, NULL);
	while (held < GREED) {
		if (!borrow(&loans[held], &worker, shared->pool)) {
			stress_sleep(0.005);
			if (!borrow(&loans[held], &worker, shared->pool))
				break;
		}
		held++;
	}
	count = held;
	while (held)
		loan_return(&loans[--held], &worker);
	stress_worker_fini(&worker);
	free(loans);
	return count;
}

static void check_bytes(const struct shared *shared)
{
	struct magpool_stats stats = sums_read(shared->pool);
	size_t bytes = shared->upstream.bytes;

	stress_check(stats.bytes_mapped == bytes,
		     "bytes_mapped is %" PRIu64 ", upstream gave %zu",
		     stats.bytes_mapped, bytes);
	stress_check(stats.bytes_peak >= bytes && stats.bytes_peak <= LIMIT,
		     "bytes_peak is %" PRIu64 ", the limit %d",
		     stats.bytes_peak, LIMIT);
}

static void run(void)
{
	struct shared *shared = stress_allocate(1, sizeof(*shared));
	unsigned before, after;

	shared->pool = limited_pool(shared);
	before = capacity(shared);
	stress_team(body, shared);
	check_bytes(shared);
	stress_check(shared->refusals, "the limit was never reached");
	sums_check_all(shared->pool);
	/* Idle arenas may keep blocks for their next use; a trim ends that. */
	magpool_trim(shared->pool);
	after = capacity(shared);
	stress_check(after >= before, "%u arenas fit, %u did in a new pool",
		     after, before);
	check_bytes(shared);
	sums_finish(shared->pool);
	stress_check(shared->upstream.bytes == 0,
		     "%zu bytes were not given back at destroy",
		     (size_t)shared->upstream.bytes);
	free(shared);
}

int main(int argc, char **argv)
{
	static const struct stress_scenario scenario = {
		.name = "limits",
		.text = "More is asked for than the limit allows",
		.defaults = { .seconds = 1, .threads = 8 },
		.run = run,
	};

	return stress_main(&scenario, argc, argv);
}
