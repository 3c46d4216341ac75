/* SPDX-License-Identifier: MIT */
/*
 * fork storms: several threads fork at the same time, while others work in the
 * same pools, come and go, make pools and end them.  The children work, start
 * threads of their own, and fork again from several threads.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "crowd.h"
#include "life.h"
#include "sums.h"
#include "work.h"

enum { FORKERS = 3, BUSY = 2, POOLS = 2, KEPT = 5, GENERATIONS = 3 };

struct forker {
	struct life_hold kept[POOLS];
	unsigned forks;
};

static struct magpool *pools[POOLS];
static unsigned generation;
static atomic_bool leave;
static _Atomic uint64_t *forks; /* of all generations: shared memory */

static void work(void)
{
	for (unsigned i = 0; i < POOLS; i++)
		life_cycle(pools[i], 1 + generation * 3);
}

/* ---- beside the forks ---------------------------------------------------- */

static void cycle_once(void *argument)
{
	(void)argument;
	work();
}

/* What the library locks and waits for, again and again. */
static void churn(unsigned round)
{
	struct magpool *other;

	switch (round % 4) {
	case 0:
		other = life_pool(1);
		life_cycle(other, 3);
		life_end_pool(other);
		break;
	case 1:
		crowd_one(cycle_once, NULL);
		break;
	case 2:
		magpool_thread_flush(NULL);
		magpool_trim(pools[0]);
		break;
	default:
		work();
	}
}

static void *busy(void *argument)
{
	bool churns = argument != NULL;

	for (unsigned i = 0; !atomic_load(&leave); i++) {
		if (churns)
			churn(i);
		else
			work();
	}
	return NULL;
}

/* ---- in the child -------------------------------------------------------- */

static void *fork_some(void *argument);

static void check_child(void)
{
	for (unsigned i = 0; i < POOLS; i++) {
		const char *fault = sums_fault_in_child(pools[i]);

		life_check(!fault, "generation %u: %s", generation, fault);
	}
}

/* Forks from two threads of the child at once. */
static void fork_again(void)
{
	struct forker forkers[2] = { { .forks = 2 }, { .forks = 2 } };
	pthread_t threads[2];

	for (unsigned i = 0; i < 2; i++)
		life_check(!pthread_create(&threads[i], NULL, fork_some,
					   &forkers[i]),
			   "pthread_create in a child");
	for (unsigned i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

static int child(void *argument)
{
	struct forker *forker = argument;

	generation++;
	check_child();
	/* Copies of what the forking thread had out. */
	for (unsigned i = 0; i < POOLS; i++)
		life_return_all(&forker->kept[i]);
	work();
	crowd_run(2, cycle_once, NULL);
	magpool_trim(NULL);
	check_child();
	if (generation < GENERATIONS && forker->forks % 2 == 0)
		fork_again();
	magpool_thread_flush(NULL);
	work();
	check_child();
	return 0;
}

/* ---- the storm ----------------------------------------------------------- */

static void *fork_some(void *argument)
{
	struct forker *forker = argument;

	for (; forker->forks; forker->forks--) {
		for (unsigned i = 0; i < POOLS; i++) {
			while (forker->kept[i].count < KEPT)
				life_get(&forker->kept[i], pools[i]);
		}
		life_fork(child, forker);
		atomic_fetch_add(forks, 1);
		for (unsigned i = 0; i < POOLS; i++)
			life_return_all(&forker->kept[i]);
	}
	return NULL;
}

static void storm(unsigned each)
{
	struct forker forkers[FORKERS] = { 0 };
	pthread_t busy_threads[BUSY];
	pthread_t threads[FORKERS];

	for (unsigned i = 0; i < BUSY; i++)
		life_check(!pthread_create(&busy_threads[i], NULL, busy,
					   i ? &leave : NULL),
			   "pthread_create");
	for (unsigned i = 0; i < FORKERS; i++) {
		forkers[i].forks = each;
		life_check(!pthread_create(&threads[i], NULL, fork_some,
					   &forkers[i]),
			   "pthread_create");
	}
	for (unsigned i = 0; i < FORKERS; i++)
		pthread_join(threads[i], NULL);
	atomic_store(&leave, true);
	for (unsigned i = 0; i < BUSY; i++)
		pthread_join(busy_threads[i], NULL);
}

static void run(void)
{
	unsigned each = life_times(60);

	forks = mmap(NULL, sizeof *forks, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	life_check(forks != MAP_FAILED, "mmap");
	for (unsigned i = 0; i < POOLS; i++)
		pools[i] = life_pool(1 + 3 * i);
	storm(each);
	for (unsigned i = 0; i < POOLS; i++) {
		life_check(sums_read(pools[i]).pages_leaked == 0,
			   "pages are leaked in the parent");
		life_end_pool(pools[i]);
	}
	life_figures("%llu forks in %u generations, %u of them by %u threads "
		     "at once",
		     (unsigned long long)*forks, GENERATIONS, each * FORKERS,
		     FORKERS);
}

int main(int argc, char **argv)
{
	static const struct life_program program = {
		.name = "forks",
		.text = "Several threads fork while others work",
		.seconds = 60,
		.run = run,
	};

	return life_main(&program, argc, argv);
}
