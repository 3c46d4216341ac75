/* SPDX-License-Identifier: MIT */
#include "scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

/* Four pages are a slab then, so that a handful of arenas maps several. */
#define PAGE 65536
#define ROUNDS 2
#define UNTOUCHED 4711 /* an errno that nobody sets */

const struct scenario_world *scenario_world;

static char text[PAGE + 1000]; /* of 's', too long for a page */

void scenario_begin(const struct scenario_world *world)
{
	scenario_world = world;
	memset(text, 's', sizeof text - 1);
}

/* ---- one call ------------------------------------------------------------ */

struct attempt {
	struct scenario *scenario;
	struct magpool_arena *arena; /* NULL: it is not on an arena */
	const char *what;
	unsigned long failures;
	size_t used;
};

static struct attempt attempt(struct scenario *scenario,
			      struct magpool_arena *arena, const char *what)
{
	struct attempt this = {
		.scenario = scenario,
		.arena = arena,
		.what = what,
		.failures = scenario_world->failures(),
		.used = arena ? magpool_used(arena) : 0,
	};

	errno = UNTOUCHED;
	return this;
}

/* Relaxed: no order for the library to lean on. */
static void count(atomic_uint *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* What a call that gives a pointer has to do; its result. */
static void *result(const struct attempt *this, void *given)
{
	int error = errno;

	if (given) {
		demand(error == UNTOUCHED, "%s: errno is %d after all",
		       this->what, error);
		return given;
	}
	demand(error == ENOMEM, "%s: NULL with errno %d", this->what, error);
	demand(scenario_world->failures() != this->failures,
	       "%s: NULL without a reason", this->what);
	if (this->arena)
		demand(magpool_used(this->arena) == this->used,
		       "%s: took %zu bytes and failed", this->what,
		       magpool_used(this->arena) - this->used);
	if (this->scenario)
		count(&this->scenario->refused);
	return NULL;
}

/* What a call that cannot fail has to do. */
static void done(const struct attempt *this)
{
	demand(errno == UNTOUCHED, "%s: errno is %d", this->what, errno);
}

/* ---- arenas with something in them --------------------------------------- */

#define PIECES 16

struct load {
	struct magpool_arena *arena;
	struct piece {
		unsigned char *at;
		size_t size;
		unsigned char byte;
	} piece[PIECES];
	size_t pieces;
	unsigned char next; /* byte */
};

static void stamp(unsigned char *at, size_t size, unsigned char byte)
{
	size_t end = size < 16 ? size : 16;

	memset(at, byte, end);
	memset(at + size - end, byte, end);
}

/* Remembers what an allocation holds: at its ends only. */
static void keep(struct load *load, void *at, size_t size, unsigned char byte)
{
	demand(load->pieces < PIECES, "more pieces than planned");
	load->piece[load->pieces++] = (struct piece){ at, size, byte };
}

static void keep_new(struct load *load, void *at, size_t size)
{
	unsigned char byte = load->next++;

	stamp(at, size, byte);
	keep(load, at, size, byte);
}

static void check_load(const struct load *load)
{
	for (size_t i = 0; i < load->pieces; i++) {
		const struct piece *piece = &load->piece[i];
		size_t end = piece->size < 16 ? piece->size : 16;

		for (size_t j = 0; j < end; j++)
			demand(piece->at[j] == piece->byte &&
				       piece->at[piece->size - 1 - j] ==
					       piece->byte,
			       "piece %zu of %zu bytes was overwritten", i,
			       piece->size);
	}
}

#define TRY(load, scenario, name, size, call)                          \
	do {                                                           \
		struct magpool_arena *arena = (load)->arena;           \
		struct attempt this = attempt(scenario, arena, #name); \
		void *given = result(&this, call);                     \
                                                                       \
		if (given)                                             \
			keep_new(load, given, size);                   \
	} while (0)

#define TRY_COPY(load, scenario, name, size, call)                     \
	do {                                                           \
		struct magpool_arena *arena = (load)->arena;           \
		struct attempt this = attempt(scenario, arena, #name); \
		void *given = result(&this, call);                     \
                                                                       \
		if (given)                                             \
			keep(load, given, size, 's');                  \
	} while (0)

static void take_zeroed(struct load *load, struct scenario *scenario)
{
	struct attempt this = attempt(scenario, load->arena, "zalloc");
	unsigned char *given =
		result(&this, magpool_zalloc(load->arena, PAGE + 10));

	if (!given)
		return;
	for (size_t i = 0; i < PAGE + 10; i++)
		demand(!given[i], "zalloc: byte %zu is not zero", i);
	keep_new(load, given, PAGE + 10);
}

static void take_strings(struct load *load, struct scenario *scenario)
{
	const char *const strings[] = { text + 40000, NULL, text + 50000,
					text + 40000 };
	struct attempt this = attempt(scenario, load->arena, "strv");
	char **given =
		result(&this, magpool_strv(load->arena, strings, NULL, 4));

	if (!given)
		return;
	demand(!given[1] && !given[4], "strv: an element too many");
	keep(load, given[0], strlen(strings[0]), 's');
	keep(load, given[2], strlen(strings[2]), 's');
	keep(load, given[3], strlen(strings[3]), 's');
}

static void reserve(struct load *load, struct scenario *scenario, size_t max)
{
	struct attempt this = attempt(scenario, load->arena, "reserve");
	void *given = result(&this, magpool_reserve(load->arena, max));

	if (!given)
		return;
	errno = UNTOUCHED;
	demand(magpool_commit(load->arena, max / 2) == given,
	       "commit of what was reserved failed");
	done(&this);
	keep_new(load, given, max / 2);
}

/* One of each kind of memory: the page, a further one, a block. */
static void fill_some(struct load *load, struct scenario *scenario)
{
	TRY(load, scenario, alloc, 100, magpool_alloc(arena, 100));
	TRY(load, scenario, alloc page, PAGE, magpool_alloc(arena, PAGE));
	TRY(load, scenario, block, 2 * PAGE, magpool_alloc(arena, 2 * PAGE));
	check_load(load);
}

static void fill(struct load *load, struct scenario *scenario)
{
	fill_some(load, scenario);
	TRY(load, scenario, aligned, 500,
	    magpool_alloc_aligned(arena, 500, 4096));
	TRY(load, scenario, aligned block, PAGE,
	    magpool_alloc_aligned(arena, PAGE, 65536));
	TRY(load, scenario, array, 30000, magpool_alloc_array(arena, 300, 100));
	take_zeroed(load, scenario);
	TRY_COPY(load, scenario, memdup, 20000,
		 magpool_memdup(arena, text, 20000));
	TRY_COPY(load, scenario, strdup, sizeof text - 1,
		 magpool_strdup(arena, text));
	take_strings(load, scenario);
	TRY_COPY(load, scenario, asprintf, 4000,
		 magpool_asprintf(arena, "%.4000s%d", text, 1));
	reserve(load, scenario, 50000);
	reserve(load, scenario, 3 * PAGE);
	check_load(load);
}

/* What was taken after a mark goes, what was taken before stays. */
static void rewind_some(struct load *load, struct scenario *scenario)
{
	size_t pieces = load->pieces;
	void *mark = magpool_mark(load->arena);
	size_t used = magpool_used(load->arena);

	TRY(load, scenario, alloc to rewind, PAGE, magpool_alloc(arena, PAGE));
	errno = UNTOUCHED;
	magpool_rewind(load->arena, mark);
	demand(errno == UNTOUCHED, "rewind: errno is %d", errno);
	load->pieces = pieces;
	demand(magpool_used(load->arena) == used, "rewind: %zu of %zu",
	       magpool_used(load->arena), used);
	check_load(load);
}

static struct magpool_arena *get(struct scenario *scenario)
{
	struct attempt this = attempt(scenario, NULL, "get");

	return result(&this, magpool_get_from(scenario->pool));
}

static void give(struct scenario *scenario, struct load *load)
{
	struct attempt this = attempt(scenario, NULL, "return");

	check_load(load);
	magpool_return(load->arena);
	load->arena = NULL;
	done(&this);
}

/* ---- explicit caches ----------------------------------------------------- */

#define BATCH 5

struct magpool_cache *scenario_cache(struct scenario *scenario)
{
	struct attempt this = attempt(scenario, NULL, "cache_create");

	return result(&this, magpool_cache_create(scenario->pool));
}

void scenario_use_cache(struct scenario *scenario, struct magpool_cache *cache)
{
	struct magpool_arena *arenas[BATCH] = { NULL };
	struct attempt this = attempt(scenario, NULL, "cache_get_batch");
	size_t n = magpool_cache_get_batch(cache, arenas, BATCH);
	struct magpool_arena *one;

	(void)result(&this, n == BATCH ? cache : NULL);
	for (size_t i = 0; i < BATCH; i++)
		demand(!arenas[i] == (i >= n),
		       "cache_get_batch: %zu arenas, not so", n);
	this = attempt(scenario, NULL, "cache_get");
	one = result(&this, magpool_cache_get(cache));
	this = attempt(scenario, NULL, "cache_return");
	magpool_cache_return_batch(cache, arenas, n);
	if (one)
		magpool_cache_return(cache, one);
	done(&this);
}

void scenario_end_cache(struct magpool_cache **cache)
{
	struct attempt this = attempt(NULL, NULL, "cache_destroy");

	magpool_cache_destroy(cache);
	demand(!*cache, "cache_destroy: the pointer stayed");
	done(&this);
}

static void try_cache(struct scenario *scenario)
{
	struct magpool_cache *cache = scenario_cache(scenario);
	struct attempt this = attempt(NULL, NULL, "cache_flush");

	if (!cache)
		return;
	scenario_use_cache(scenario, cache);
	errno = UNTOUCHED;
	magpool_cache_flush(cache);
	done(&this);
	scenario_use_cache(scenario, cache);
	scenario_end_cache(&cache);
}

/* ---- scenarios ----------------------------------------------------------- */

/* What it says was given back was given back. */
static void trim(struct magpool *pool)
{
	size_t before = scenario_world->released ? scenario_world->released()
						 : 0;
	struct attempt this = attempt(NULL, NULL, "trim");
	size_t bytes = magpool_trim(pool);

	done(&this);
	if (!scenario_world->released)
		return;
	before = scenario_world->released() - before;
	demand(bytes <= before,
	       "trim: %zu bytes given back, the system got %zu", bytes, before);
}

static void tell(void *context, int error, const char *message)
{
	struct scenario *scenario = context;

	demand(error == ENOMEM, "on_error: %s", message);
	count(&scenario->told);
}

bool scenario_open(struct scenario *scenario, enum scenario_kind kind)
{
	struct magpool_options options = {
		.size = sizeof options,
		.name = "scenario",
		.page_size = PAGE,
		.magazine_rounds = ROUNDS,
		.cache_bytes = 2 * ROUNDS * PAGE,
		.depot_bytes = kind == SCENARIO_TIGHT ? PAGE : 0,
		.flags = kind == SCENARIO_ZERO ? MAGPOOL_ZERO_ON_RETURN : 0,
		.on_error = tell,
		.context = scenario,
	};
	struct attempt this = attempt(NULL, NULL, "create");

	memset(scenario, 0, sizeof *scenario);
	scenario->pool = result(&this, magpool_create(&options));
	return scenario->pool != NULL;
}

#define LOADS 3

void scenario_work(struct scenario *scenario, bool all)
{
	struct load load[LOADS] = { { .next = 1 } };

	for (size_t i = 0; i < LOADS; i++) {
		load[i].next = (unsigned char)(1 + i * 40);
		load[i].arena = get(scenario);
		if (load[i].arena && i == 0 && all)
			fill(&load[i], scenario);
		else if (load[i].arena)
			fill_some(&load[i], scenario);
	}
	try_cache(scenario);
	/* Arena 0 stays out meanwhile: its slab cannot go as a whole. */
	for (size_t i = 1; i < LOADS; i++) {
		if (load[i].arena)
			give(scenario, &load[i]);
	}
	magpool_thread_flush(scenario->pool);
	trim(scenario->pool);
	if (load[0].arena) {
		rewind_some(&load[0], scenario);
		magpool_reset(load[0].arena);
		load[0].pieces = 0;
		fill_some(&load[0], scenario);
		give(scenario, &load[0]);
	}
	trim(NULL);
}

void scenario_touch(struct scenario *scenario)
{
	struct load load = { .arena = get(scenario), .next = 200 };

	if (!load.arena)
		return;
	TRY(&load, scenario, alloc, 1000, magpool_alloc(arena, 1000));
	give(scenario, &load);
}

void scenario_abandon(void)
{
	struct attempt this = attempt(NULL, NULL, "create to abandon");
	struct magpool *pool = result(&this, magpool_create(NULL));
	struct magpool_arena *arena;

	if (!pool)
		return;
	this = attempt(NULL, NULL, "get to abandon");
	arena = result(&this, magpool_get_from(pool));
	magpool_abandon(&pool);
	demand(!pool, "abandon: the pointer stayed");
	/* It fits the arena's own page. */
	if (arena)
		stamp(magpool_alloc(arena, 16), 16, 1);
	magpool_return(arena);
}

void scenario_print(const struct magpool *pool)
{
	int file = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct attempt this = attempt(NULL, NULL, "stats_print");
	int error = magpool_stats_print(pool, file);

	done(&this);
	close(file);
	demand(error == 0 || scenario_world->failures() != this.failures,
	       "stats_print: %d without a reason", error);
	demand(error == 0 || error == -EIO, "stats_print: %d", error);
}

void scenario_verify(struct scenario *scenario)
{
	const char *wrong = scenario_world->fault(scenario->pool);
	struct magpool_stats stats;

	demand(!wrong, "%s", wrong);
	(void)magpool_stats_read(scenario->pool, &stats, sizeof stats);
	demand(stats.arenas_out == 0 && stats.pages_out == 0,
	       "%" PRIu64 " arenas and %" PRIu64 " pages are out",
	       stats.arenas_out, stats.pages_out);
	demand(stats.caches <= 1, "%" PRIu64 " caches for one thread",
	       stats.caches);
	demand(stats.misuse == 0, "misuse was reported");
	demand(stats.refusals == scenario->refused &&
		       scenario->told == scenario->refused,
	       "%u calls were refused, %" PRIu64
	       " counted, %u told to on_error",
	       scenario->refused, stats.refusals, scenario->told);
}

void scenario_close(struct scenario *scenario)
{
	struct magpool_stats stats;
	int error;

	scenario_verify(scenario);
	magpool_thread_flush(scenario->pool);
	trim(scenario->pool);
	(void)magpool_stats_read(scenario->pool, &stats, sizeof stats);
	demand(stats.bytes_mapped == 0 || scenario_world->keeps_slabs,
	       "%" PRIu64 " bytes after the last return and a trim",
	       stats.bytes_mapped);
	error = magpool_destroy(&scenario->pool);
	demand(error == 0 && !scenario->pool, "destroy: %d", error);
}
