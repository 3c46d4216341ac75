/* SPDX-License-Identifier: MIT */
#include "stats.h"

#include "loans.h"
#include "registry.h"
#include "report.h"
#include "trim.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define WORDS (sizeof(struct magpool_stats) / sizeof(uint64_t))
#define LOOKS 4           /* at a cache whose owner is at work */
#define LOOKS_AT_ALL 1000 /* at all pools, while one of them ends */

enum kind {
	COUNTER,
	GAUGE,
};

struct row {
	const char *name;
	enum kind kind;
	const char *unit;
	const char *line;
};

static const struct row rows[] = {
#define MP_STAT(name, kind, unit, level, line, text) \
	{ #name, kind, unit, line },
#include "stats.def"
#undef MP_STAT
};

enum {
#define MP_STAT(name, kind, unit, level, line, text) WORD_##name,
#include "stats.def"
#undef MP_STAT
	WORD_COUNT
};

#define MP_STAT(name, kind, unit, level, line, text)           \
	_Static_assert(offsetof(struct magpool_stats, name) == \
			       WORD_##name * sizeof(uint64_t), \
		       "struct magpool_stats is the table's: " #name);
#include "stats.def"
#undef MP_STAT
_Static_assert(WORDS == WORD_COUNT, "struct magpool_stats is the table's");

static uint64_t *words_of(struct magpool_stats *stats)
{
	return (uint64_t *)(void *)stats;
}

static void add(struct magpool_stats *sum, struct magpool_stats *part)
{
	uint64_t *to = words_of(sum);
	uint64_t *from = words_of(part);
	uint64_t longest = sum->longest_out;

	for (size_t i = 0; i < WORDS; i++)
		to[i] += from[i];
	/* Not a sum. */
	sum->longest_out = longest > part->longest_out ? longest
						       : part->longest_out;
}

/* ---- one pool ------------------------------------------------------------ */

static void add_counters(struct magpool_stats *sum, struct mp_counters *c)
{
	/* Acquires: what was done before the count (mp_operation_count). */
#define ADD_COUNTER(name) sum->name += mp_load_acquire(&c->name);
#define MP_STAT(name, kind, unit, level, line, text) \
	MP_STAT_##level##_COUNTER(ADD_COUNTER, name)
#include "stats.def"
#undef MP_STAT
#undef ADD_COUNTER
}

/* The spare pages: chained to an arena, but not in use. */
static uint32_t add_cache(struct magpool_stats *sum,
			  struct magpool_cache *cache)
{
	struct magpool_stats seen;
	uint64_t sequence;
	uint32_t spare;
	bool runs;
	int looks = 0;

	do {
		memset(&seen, 0, sizeof seen);
		runs = mp_operation_runs(&cache->operation);
		sequence = mp_operation_sequence(&cache->operation);
		add_counters(&seen, cache->operation.counters);
		seen.pages_cached = mp_cache_pages(cache);
		spare = mp_cache_spare(cache);
		seen.magazines_loaded = mp_load_acquire(&cache->magazines);
		runs = runs || mp_operation_runs(&cache->operation);
	} while ((runs ||
		  mp_operation_sequence(&cache->operation) != sequence) &&
		 ++looks < LOOKS);
	seen.pages_cached += spare;
	add(sum, &seen);
	return spare;
}

/* A snapshot under load may see a return before its get. */
static uint64_t difference(uint64_t more, uint64_t less)
{
	return more > less ? more - less : 0;
}

void mp_stats_sum(struct magpool *pool, struct magpool_stats *out)
{
	struct magpool_cache *cache = NULL;
	uint64_t spare = 0;

	memset(out, 0, sizeof *out);
	while ((cache = mp_registry_next_cache(pool, cache)))
		spare += add_cache(out, cache);
	out->direct_gets = mp_load_relaxed(&pool->direct.gets) +
			   mp_load_relaxed(&pool->direct.chained);
	out->direct_returns = mp_load_relaxed(&pool->direct.returns) +
			      mp_load_relaxed(&pool->direct.unchained);
	add_counters(out, &pool->direct);
	out->arenas_out = difference(out->gets, out->returns);
	out->pages_out = difference(out->gets + out->chained,
				    out->returns + out->unchained + spare);
}

static void add_depot(struct magpool *pool, struct magpool_stats *out)
{
	struct mp_depot_content content = mp_depot_content(&pool->depot);

	out->pages_depot = content.pages;
	out->pages_loose = content.loose;
	out->magazines_full = content.full;
	out->magazines_empty = content.empty;
	out->magazines_made = mp_table_count(&pool->depot.magazines.table);
	out->shards = pool->depot.shards;
	out->magazine_rounds = mp_sizing_rounds(&pool->depot.sizing);
	out->rounds_peak = mp_load_relaxed(&pool->depot.sizing.peak);
	out->rounds_grown = mp_tally_read(&pool->depot.sizing.grown);
	out->rounds_shrunk = mp_tally_read(&pool->depot.sizing.shrunk);
}

static void add_memory(struct magpool *pool, struct magpool_stats *out)
{
	out->pages_created = mp_tally_read(&pool->slabs.created);
	out->pages_given_back = mp_tally_read(&pool->slabs.given_back);
	out->pages_leaked = mp_tally_read(&pool->pages_leaked);
	out->blocks_mapped = mp_tally_read(&pool->blocks_mapped);
	out->blocks_reused = mp_tally_read(&pool->blocks_reused);
	out->trimmed_bytes = mp_tally_read(&pool->trimmed_bytes);
	out->bytes_mapped = mp_load_relaxed(&pool->upstream.budget.used);
	out->bytes_peak = mp_load_relaxed(&pool->upstream.budget.peak);
	out->page_size = pool->slabs.page_size;
	out->pages_quarantined = mp_tally_read(&pool->quarantine.pages);
}

void mp_stats_pool(struct magpool *pool, struct magpool_stats *out)
{
	mp_stats_sum(pool, out);
	add_depot(pool, out);
	add_memory(pool, out);
	out->exit_flushes = mp_tally_read(&pool->exit_flushes);
	out->flushes = mp_tally_read(&pool->flushes);
	out->fork_flushes = mp_tally_read(&pool->fork_flushes);
	out->limit_trips = mp_tally_read(&pool->limit_trips);
	out->trim_trips = mp_tally_read(&pool->trim_trips);
	out->blocks_held = mp_tally_read(&pool->upstream.blocks);
	out->grace_periods = mp_tally_read(&pool->grace_periods);
	out->grace_nanoseconds = mp_tally_read(&pool->grace_nanoseconds);
	out->stalled = mp_tally_read(&pool->stalled);
	out->drains = mp_tally_read(&pool->drains);
	out->intervals = mp_tally_read(&pool->intervals);
	out->longest_out = mp_tally_read(&pool->longest_out);
	out->misuse = mp_tally_read(&pool->misuse);
	out->refusals = mp_tally_read(&pool->refusals);
	out->fences_paid = mp_tally_read(&pool->quiesce.paid);
	out->fences_refused = mp_tally_read(&pool->fences_refused);
	out->caches = mp_tally_read(&pool->attached);
	out->membarrier = !mp_load_relaxed(&pool->quiesce.missing);
}

void mp_stats_count_leaks(struct magpool *pool, bool working)
{
	struct magpool_stats s;
	uint64_t found;

	mp_stats_pool(pool, &s);
	found = s.pages_given_back + s.pages_out + s.pages_cached +
		s.pages_depot + s.pages_loose + s.pages_quarantined;
	/*
	 * A page that was back already, and whose return was not counted; by
	 * this thread it will be, when the handler that forked is through.
	 */
	if (!working)
		mp_count(&pool->direct, returns,
			 difference(found, s.pages_created));
	mp_tally_set(&pool->pages_leaked, difference(s.pages_created, found));
	pool->forked_magazines = difference(
		s.magazines_made,
		s.magazines_loaded + s.magazines_full + s.magazines_empty);
}

/* ---- pools that ended ---------------------------------------------------- */

static _Atomic uint64_t retired[WORDS];

void mp_stats_retire(struct magpool *pool)
{
	struct magpool_stats stats;

	mp_stats_pool(pool, &stats);
	/* All of its pages go back now, so that the sums go on to hold. */
	stats.pages_given_back = stats.pages_created - stats.pages_leaked;
	stats.unchained = stats.chained;
	for (size_t i = 0; i < WORDS; i++) {
		if (rows[i].kind == COUNTER)
			/* Release: who sees it sees the epoch odd. */
			mp_add_release(&retired[i], words_of(&stats)[i]);
	}
}

void mp_stats_show_retired(void)
{
	_Atomic uint64_t *live = mp_live_retired();

	for (size_t i = 0; live && i < WORDS; i++)
		/* Release: as above, with the generation (live_format.h). */
		mp_store_release(&live[i], mp_load_relaxed(&retired[i]));
}

static void add_retired(struct magpool_stats *sum)
{
	/* Acquire: the second look at the epoch (sum_all) comes after. */
	for (size_t i = 0; i < WORDS; i++)
		words_of(sum)[i] += mp_load_acquire(&retired[i]);
}

/* ---- all pools ----------------------------------------------------------- */

/* Settings cannot be summed: those of the default pool stand for all. */
static void show_default_settings(struct magpool_stats *out)
{
	out->shards = mp_default_pool.depot.shards;
	out->magazine_rounds = mp_sizing_rounds(&mp_default_pool.depot.sizing);
	out->rounds_peak = mp_load_relaxed(&mp_default_pool.depot.sizing.peak);
	out->page_size = mp_default_pool.slabs.page_size;
	out->membarrier = !mp_load_relaxed(&mp_default_pool.quiesce.missing);
	out->bytes_peak = mp_load_relaxed(&mp_registry_budget()->peak);
}

void mp_stats_all(struct magpool_stats *out,
		  void (*see)(void *context, struct magpool *pool,
			      const struct magpool_stats *stats),
		  void *context)
{
	struct magpool *pool = NULL;

	memset(out, 0, sizeof *out);
	add_retired(out);
	while ((pool = mp_registry_next_pool(pool))) {
		struct magpool_stats one;

		mp_stats_pool(pool, &one);
		add(out, &one);
		if (see)
			see(context, pool, &one);
	}
	show_default_settings(out);
}

/*
 * Reads again when a pool ended meanwhile: it would be missing, or twice.  Not
 * for ever: a handler may have interrupted the one that ends it.
 */
static void sum_all(struct magpool_stats *out)
{
	for (int looks = 0; looks < LOOKS_AT_ALL; looks++) {
		uint32_t epoch = mp_registry_epoch();

		mp_stats_all(out, NULL, NULL);
		if (!(epoch & 1) && mp_registry_epoch() == epoch)
			break;
		/* The one that ends it may be waiting for this processor. */
		sched_yield();
	}
}

static void read_all(const struct magpool *pool, struct magpool_stats *out)
{
	enum mp_walk walk;

	mp_registry_start();
	walk = mp_registry_enter();
	if (pool)
		mp_stats_pool((struct magpool *)(uintptr_t)pool, out);
	else
		sum_all(out);
	mp_registry_leave(walk);
}

size_t magpool_stats_read(const struct magpool *pool, struct magpool_stats *out,
			  size_t out_size)
{
	struct magpool_stats stats;
	size_t known = sizeof stats < out_size ? sizeof stats : out_size;

	if (out && out_size) {
		read_all(pool, &stats);
		memcpy(out, &stats, known);
		memset((char *)out + known, 0, out_size - known);
	}
	return sizeof stats;
}

size_t magpool_stats_shards(const struct magpool *pool,
			    struct magpool_shard_stats *out, size_t count)
{
	struct mp_depot *depot;

	mp_registry_start();
	if (!pool)
		pool = &mp_default_pool;
	depot = &((struct magpool *)(uintptr_t)pool)->depot;
	for (uint32_t i = 0; i < depot->shards && i < count; i++) {
		struct mp_depot_content content =
			mp_shard_content(&depot->shard[i]);

		out[i] = (struct magpool_shard_stats){
			.full = content.full,
			.empty = content.empty,
			.pages = content.pages,
			.loose = content.loose,
		};
	}
	return depot->shards;
}

const char *magpool_stats_name(size_t word)
{
	return word < WORDS ? rows[word].name : NULL;
}

/* ---- the table ----------------------------------------------------------- */

int magpool_stats_print(const struct magpool *pool, int fd)
{
	struct magpool_stats stats;
	char line[160];
	int error;
	int n;

	mp_registry_start();
	if (pool)
		mp_loans_look((struct magpool *)(uintptr_t)pool, true);
	else
		mp_trim_look();
	read_all(pool, &stats);
	n = snprintf(line, sizeof line, "magpool %s: statistics of %s%s\n",
		     magpool_version(), pool ? "pool " : "all pools",
		     pool ? pool->name : "");
	error = mp_report_write(fd, line, (size_t)n);
	for (size_t i = 0; i < WORDS && !error; i++) {
		n = snprintf(line, sizeof line, "  %-17s %16llu  %-9s  %s\n",
			     rows[i].name,
			     (unsigned long long)words_of(&stats)[i],
			     rows[i].unit, rows[i].line);
		error = mp_report_write(fd, line, (size_t)n);
	}
	return error;
}
