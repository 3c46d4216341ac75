/* SPDX-License-Identifier: MIT */
/*
 * Calls of the library from within the library: what a signal handler makes
 * that comes while its thread holds the registry's mutex, or makes its record.
 * Nothing waits for itself; what needs the mutex fails with a reason, what
 * cannot fail does without.
 *
 *     inject-inside                all of them, each in a process of its own
 *     inject-inside --run NAME     one
 */
#include "inject.h"
#include "journal.h"
#include "program.h"
#include "registry.h"
#include "scenario.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UNTOUCHED 4711

static struct magpool *pool, *other;
static struct magpool_cache *cache;
static unsigned interruptions;

static void use(struct magpool *from)
{
	struct magpool_arena *arena;
	char *bytes;

	errno = UNTOUCHED;
	arena = magpool_get_from(from);
	demand(arena && errno == UNTOUCHED, "get: errno %d", errno);
	bytes = magpool_alloc(arena, 5000);
	demand(bytes, "alloc");
	memset(bytes, 1, 5000);
	magpool_return(arena);
	demand(errno == UNTOUCHED, "return: errno %d", errno);
}

static struct magpool *create(void)
{
	struct magpool *made = magpool_create(NULL);

	demand(made, "magpool_create: errno %d", errno);
	return made;
}

/* ---- under the mutex ----------------------------------------------------- */

static void call_all(void)
{
	struct magpool *busy = other;
	struct magpool_stats stats;
	pid_t child;

	interruptions++;
	use(pool);
	use(other);
	errno = UNTOUCHED;
	demand(!magpool_create(NULL) && errno == ENOMEM, "create: errno %d",
	       errno);
	demand(!magpool_cache_create(pool) && errno == ENOMEM,
	       "cache_create: errno %d", errno);
	demand(magpool_destroy(&busy) == -EBUSY && busy == other,
	       "destroy of a pool at rest");
	magpool_cache_flush(cache);
	magpool_thread_flush(pool);
	magpool_thread_flush(NULL);
	magpool_trim(NULL);
	demand(magpool_stats_read(NULL, &stats, sizeof stats), "stats_read");
	child = fork();
	if (child == 0)
		_exit(EXIT_SUCCESS);
	program_end_child(child);
}

/* Leaves a pool that has ended, but whose record could not be freed yet. */
static void fill_limbo(void)
{
	static const struct inject_plan none[INJECT_PLANS];
	struct inject_plan plans[INJECT_PLANS] = { { inject_find("membarrier"),
						     1, true } };
	struct magpool *ended = create();
	enum mp_walk walk = mp_registry_enter();

	/* Somebody walks, and it cannot be known when that ends. */
	inject_arm(plans);
	demand(magpool_destroy(&ended) == 0, "destroy without membarrier");
	inject_arm(none);
	mp_registry_leave(walk);
}

/* abandon() has the mutex when it calls membarrier. */
static void under_the_mutex(void)
{
	struct magpool *ended;

	for (int i = 0; i < 3; i++) {
		ended = create();
		fill_limbo();
		inject_interrupt(INJECT_MEMBARRIER, call_all);
		magpool_abandon(&ended);
	}
	demand(interruptions == 3, "%u interruptions", interruptions);
}

static void run_mutex(void)
{
	pool = create();
	other = create();
	cache = magpool_cache_create(pool);
	demand(cache, "cache_create");
	/* The thread has no record yet, then it has one. */
	under_the_mutex();
	use(pool);
	interruptions = 0;
	under_the_mutex();
	demand(magpool_destroy(&other) == 0, "destroy");
	magpool_cache_destroy(&cache);
	demand(magpool_destroy(&pool) == 0, "destroy");
}

/* As a handler's exit(3): the leak report goes without. */
static void leave(void)
{
	exit(EXIT_SUCCESS);
}

static void run_exit(void)
{
	setenv("MAGPOOL_DEBUG", "2", 1);
	pool = create();
	inject_interrupt(INJECT_MEMBARRIER, leave);
	magpool_abandon(&pool);
	demand(false, "nobody came");
}

/* The cache goes, its record stays. */
static void end_cache(void)
{
	interruptions++;
	magpool_cache_destroy(&cache);
	demand(!cache, "a cache stays");
}

static void run_cache(void)
{
	pool = create();
	other = create();
	cache = magpool_cache_create(other);
	inject_interrupt(INJECT_MEMBARRIER, end_cache);
	magpool_abandon(&pool);
	demand(interruptions == 1, "nobody came");
	use(other);
}

/* In a fork child walkers take the mutex: a walk is refused. */
static void walk(void)
{
	struct magpool_stats stats;

	interruptions++;
	(void)magpool_stats_read(pool, &stats, sizeof stats);
	(void)magpool_stats_read(NULL, &stats, sizeof stats);
	magpool_trim(NULL);
}

static void walk_in_child(void)
{
	inject_interrupt(INJECT_MEMBARRIER, walk);
	magpool_abandon(&other);
	_exit(interruptions == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
}

static void run_walk(void)
{
	pid_t child;

	pool = create();
	other = create();
	child = fork();
	if (child == 0)
		walk_in_child();
	program_end_child(child);
}

/* ---- during the first use ------------------------------------------------ */

/* Nothing is there yet: refused, and no misuse. */
static void get_nothing(void)
{
	interruptions++;
	errno = UNTOUCHED;
	demand(!magpool_get() && errno == ENOMEM, "get: errno %d", errno);
	demand(!magpool_create(NULL) && errno == ENOMEM, "create: errno %d",
	       errno);
	demand(!magpool_cache_create(magpool_default()), "cache_create");
}

static void run_first(void)
{
	struct magpool_stats stats;

	inject_interrupt(INJECT_AFFINITY, get_nothing);
	use(magpool_default());
	demand(interruptions == 1, "nobody came");
	demand(magpool_stats_read(magpool_default(), &stats, sizeof stats) &&
		       stats.misuse == 0,
	       "%lu misuse", (unsigned long)stats.misuse);
}

/* ---- while a thread's record is made ------------------------------------- */

static struct magpool_arena *from_before;

static void use_and_return(void)
{
	interruptions++;
	use(magpool_default());
	if (from_before)
		magpool_return(from_before);
	from_before = NULL;
}

/* A thread that only returned until now, and gets for the first time. */
static void *newborn(void *argument)
{
	inject_interrupt(*(enum inject_kind *)argument, use_and_return);
	use(magpool_default());
	use(magpool_default());
	return NULL;
}

static void run_record(void)
{
	enum inject_kind kinds[] = { INJECT_KEY_CREATE, INJECT_SETSPECIFIC };

	for (unsigned i = 0; i < 2; i++) {
		pthread_t thread;

		newborn(&kinds[0]);
		from_before = magpool_get();
		demand(pthread_create(&thread, NULL, newborn, &kinds[i]) == 0,
		       "no thread");
		pthread_join(thread, NULL);
	}
	demand(interruptions == 2, "%u interruptions", interruptions);
}

/* The record is there, and the second mapping is that of its first cache. */
static void use_at_the_next(void)
{
	inject_interrupt(INJECT_MMAP, use_and_return);
}

static void *first_thread(void *argument)
{
	inject_interrupt(INJECT_MMAP, use_at_the_next);
	use(pool);
	use(pool);
	return argument;
}

static void run_attach(void)
{
	struct magpool_stats stats;
	pthread_t thread;

	pool = create();
	demand(pthread_create(&thread, NULL, first_thread, NULL) == 0,
	       "no thread");
	pthread_join(thread, NULL);
	magpool_stats_read(pool, &stats, sizeof stats);
	demand(interruptions == 1 && stats.gets == 2, "%u interruptions",
	       interruptions);
}

/* ---- what cannot be done then is said ------------------------------------ */

static unsigned errors;

static void note_error(void *context, int error, const char *message)
{
	(void)context;
	errors += error == EINVAL && strstr(message, "magpool_abandon");
}

/* Not lost: it can be done again. */
static void abandon_other(void)
{
	struct magpool *left = other;

	interruptions++;
	magpool_abandon(&left);
	demand(left == other && errors == 1, "an abandon that was none");
	use(other);
}

static void run_abandon(void)
{
	struct magpool_options options = { .size = sizeof options,
					   .on_error = note_error };
	struct magpool_stats stats;

	pool = create();
	other = magpool_create(&options);
	demand(other, "magpool_create: errno %d", errno);
	use(other);
	inject_interrupt(INJECT_MEMBARRIER, abandon_other);
	magpool_abandon(&pool);
	demand(interruptions == 1, "nobody came");
	magpool_stats_read(other, &stats, sizeof stats);
	demand(stats.misuse == 1, "%lu misuse", (unsigned long)stats.misuse);
	magpool_abandon(&other);
	demand(!other, "a pool that was not abandoned");
	magpool_trim(NULL);
}

/* ---- single calls that fail ---------------------------------------------- */

/* A wrap fence that is owed when membarrier is refused. */
static void run_fence(void)
{
	struct inject_plan plans[INJECT_PLANS] = { { inject_find("membarrier"),
						     1, true } };
	static struct mp_quiesce quiesce;
	static struct mp_table none;
	static struct mp_list list;
	struct mp_list *const lists[] = { &list };

	mp_table_init(&none, MP_OPERATION_AT + sizeof(struct mp_operation), 8);
	mp_store_relaxed(&list.head, mp_list_word(MP_TAG_PHASE, 0));
	demand(mp_list_owes(&list), "nothing is owed");
	inject_arm(plans);
	mp_quiesce_tick(&quiesce, NULL, &none, lists, 1);
	inject_disarm();
	demand(!mp_list_owes(&list), "it is owed for ever");
	demand(mp_load_relaxed(&quiesce.missing), "and nobody says so");
}

/* It is tried once, and nobody misses it. */
static void run_background(void)
{
	struct inject_plan plans[INJECT_PLANS] = { { inject_find("thread"), 1,
						     true } };

	setenv("MAGPOOL_BACKGROUND", "1", 1);
	inject_arm(plans);
	pool = create();
	for (int i = 0; i < 100; i++)
		use(pool);
	demand(inject_hits(0) == 1, "%lu threads were tried", inject_hits(0));
	demand(magpool_destroy(&pool) == 0, "destroy");
}

static void want_another(void)
{
	interruptions++;
	mp_store_relaxed(&mp_journal_due, true);
	mp_journal_work();
	demand(mp_load_relaxed(&mp_journal_due), "a line within a line");
}

static char journal[] = "json:/tmp/magpool-inside-XXXXXX";

static void remove_journal(void)
{
	unlink(journal + strlen("json:"));
}

/* A line of the journal is due while one is written: it comes later. */
static void run_journal(void)
{
	demand(close(mkstemp(journal + strlen("json:"))) == 0, "no file");
	/* After the last line, as it is registered before that. */
	atexit(remove_journal);
	setenv("MAGPOOL_STATS", journal, 1);
	pool = create();
	inject_interrupt(INJECT_WRITE, want_another);
	mp_store_relaxed(&mp_journal_due, true);
	mp_journal_work();
	demand(interruptions == 1, "nobody came");
	mp_journal_work();
	demand(!mp_load_relaxed(&mp_journal_due), "it is due for ever");
}

/* A signal comes while a line is written. */
static void run_write(void)
{
	static const struct inject_failure interrupted = { "interrupted",
							   INJECT_WRITE,
							   EINTR };
	struct inject_plan plans[INJECT_PLANS] = { { &interrupted, 2, false } };
	char text[8192];
	char plain[8192];
	size_t size;
	int ends[2];

	demand(pipe(ends) == 0, "pipe");
	demand(magpool_stats_print(magpool_default(), ends[1]) == 0, "print");
	size = (size_t)read(ends[0], plain, sizeof plain);
	inject_arm(plans);
	demand(magpool_stats_print(magpool_default(), ends[1]) == 0, "print");
	demand(inject_hits(0) == 1, "no line was interrupted");
	inject_disarm();
	demand((size_t)read(ends[0], text, sizeof text) == size,
	       "another table");
	demand(memcmp(plain, text, size) == 0, "another table");
}

enum { LOCKED_MAX = 16, HELD = LOCKED_MAX + 8 };

static void expect_leaked(uint64_t pages)
{
	struct magpool_stats stats;

	magpool_stats_read(pool, &stats, sizeof stats);
	demand(stats.pages_leaked == pages, "%lu pages leaked",
	       (unsigned long)stats.pages_leaked);
}

/* Pages in quarantine that the system will not have opened again. */
static void run_locked_up(void)
{
	struct magpool_options options = { .size = sizeof options,
					   .page_size = (size_t)1 << 20 };
	struct inject_plan plans[INJECT_PLANS] = { { inject_find("mprotect"), 2,
						     false } };
	struct magpool_arena *arena[HELD];
	const char *wrong;
	uint32_t locked;

	setenv("MAGPOOL_DEBUG", "2", 1);
	pool = magpool_create(&options);
	demand(pool, "magpool_create: errno %d", errno);
	locked = pool->quarantine.slots;
	demand(locked > 4 && locked <= LOCKED_MAX, "%u slots", locked);
	for (size_t i = 0; i < HELD; i++)
		demand(arena[i] = magpool_get_from(pool), "get");
	for (size_t i = 0; i < locked; i++)
		magpool_return(arena[i]);
	expect_leaked(0);
	/* The first one closes what comes, the second opens what goes. */
	inject_arm(plans);
	magpool_return(arena[locked]);
	expect_leaked(1);
	/* Before memory is refused all of them are asked for. */
	plans[0] = (struct inject_plan){ plans[0].failure, 1, true };
	plans[1] = (struct inject_plan){ inject_find("mmap"), 1, true };
	inject_arm(plans);
	for (size_t i = 0; i <= locked; i++)
		arena[i] = magpool_get_from(pool);
	demand(!arena[locked] && errno == ENOMEM, "get: errno %d", errno);
	inject_disarm();
	expect_leaked(1 + locked);
	for (size_t i = 0; i < HELD; i++)
		magpool_return(arena[i]);
	wrong = scenario_world->fault(pool);
	demand(!wrong, "%s", wrong);
	use(pool);
	demand(magpool_destroy(&pool) == 0, "destroy");
}

/* ---- main ---------------------------------------------------------------- */

static const struct program_run runs[] = {
	{ "mutex", run_mutex },      { "exit", run_exit },
	{ "cache", run_cache },      { "walk", run_walk },
	{ "first", run_first },      { "record", run_record },
	{ "attach", run_attach },    { "abandon", run_abandon },
	{ "fence", run_fence },      { "write", run_write },
	{ "locked", run_locked_up }, { "background", run_background },
	{ "journal", run_journal },
};

int main(int argc, char **argv)
{
	return program_runs(argc, argv, runs, PROGRAM_LENGTH(runs));
}
