# SPDX-License-Identifier: MIT
"""The seeded faults, and what kills each: see run.py.

A row: what is wrong, the file, the text (once in that file) and what stands
there instead, the killing test (a program of test/stress, unit, module, or of
this directory; "" = the compiler), its arguments, and how it is built (KINDS
in run.py).

`--seconds` of a stress program is how long it may look for the fault; on the
sources as they are it runs for one second.
"""
import dataclasses
import pathlib
import re

LOOK = "--seconds=30"
# What only the sums at the end tell.
SUMS = "--seconds=2"
# The kept inputs of the fuzz target, under AddressSanitizer.
CORPUS = pathlib.Path(__file__).resolve().parent.parent / "fuzz/corpus/segment"
READER = "fuzz-segment", str(CORPUS), "address"


@dataclasses.dataclass(frozen=True)
class Row:
    number: int
    name: str
    file: str
    old: str
    new: str
    program: str
    arguments: str = ""
    kind: str = "plain"

    def killer(self):
        parts = (self.program or "the compiler", self.arguments)
        built = "" if self.kind == "plain" else f" ({self.kind})"
        return " ".join(p for p in parts if p) + built

    def passes(self):
        """The arguments for the sources as they are."""
        short = re.sub(r"--seconds=\d+", "--seconds=1", self.arguments)
        return re.sub(r"(bias|tick) \d+", r"\1 1", short)


FAULTS = [
    # ---- the list ----
    ("a removal does not bump the tag", "src/list.h",
     "rest = mp_list_word(mp_list_tag(head) + 1,",
     "rest = mp_list_word(mp_list_tag(head),",
     "module-list"),
    ("a push is relaxed", "src/list.h",
     "if (mp_cas_weak_release(&list->head, &head,",
     "if (mp_cas_weak_relaxed(&list->head, &head,",
     "stress-cycle", f"-j4 -r1 --light {LOOK}", "thread"),
    ("a pop is relaxed", "src/list.h",
     "if (mp_cas_weak_acquire(&list->head, &head, rest))",
     "if (mp_cas_weak_relaxed(&list->head, &head, rest))",
     "stress-cycle", f"-j4 -r1 --light {LOOK}", "thread"),
    ("a phase flips that nobody paid", "src/list.h",
     "mp_load_acquire(&list->paid) == mp_list_phase(from);",
     "true;",
     "stress-cycle", f"-j8 -r1 --light {LOOK}", "narrow"),
    # ---- the depot ----
    ("an unpadded shard", "src/depot.h",
     "	MP_LINE_ALIGNED struct mp_list empty;",
     "	struct mp_list empty;",
     ""),
    ("a partial magazine is given to the empty ones", "src/depot.c",
     "	if (mp_magazine_count(magazine))\n		mp_depot_give_full",
     "	if (mp_magazine_count(magazine) >= depot->sizing.least)\n"
     "		mp_depot_give_full",
     "unit-threads"),
    ("a magazine is lost after one page was taken out", "src/supply.c",
     "	mp_depot_give(&pool->depot, shard, full, trip);\n",
     "",
     "stress-signals", f"-j2 -r16 {SUMS}"),
    ("a trip goes round the shards of all nodes", "src/depot.c",
     "	uint32_t each = depot->node_shards;\n"
     "	uint32_t node = start / each + step / each;",
     "	uint32_t each = depot->shards;\n"
     "	uint32_t node = start / each + step / each;",
     "module-depot"),
    ("what another shard has is never taken", "src/depot.c",
     "	for (uint32_t i = 0; i < depot->shards; i++) {\n"
     "		struct mp_shard *s = shard_at(depot, shard, i);\n"
     "		uint32_t index = pop(depot, s, &s->full,",
     "	for (uint32_t i = 0; i < 1; i++) {\n"
     "		struct mp_shard *s = shard_at(depot, shard, i);\n"
     "		uint32_t index = pop(depot, s, &s->full,",
     "stress-bound", f"-j2 {LOOK}"),
    ("what is left of the loose pages is lost", "src/depot.c",
     "	if (page)\n		put_back(s, page);\n",
     "",
     "module-depot"),
    ("a full magazine is put in twice", "src/cache.c",
     "		mp_depot_give_full(&pool->depot, cache->shard, full, trip);\n"
     "	return empty;",
     "		for (int i = 0; i < 2; i++)\n"
     "			mp_depot_give_full(&pool->depot, cache->shard,\n"
     "					   full, trip);\n"
     "	return empty;",
     "stress-cycle", f"-j2 -r2 {LOOK}"),
    # ---- caches ----
    ("the hot arena stays hot when it goes into the magazine", "src/cache.c",
     "	settle(cache, hot);\n"
     "	mp_store_relaxed(&cache->hot, MP_CACHE_CLOSED);\n",
     "	settle(cache, hot);\n",
     "unit-model"),
    ("a settle forgets the spare pages", "src/cache.c",
     "		*top++ = page;\n",
     "",
     "stress-cycle", f"-j2 -r16 {SUMS}"),
    ("one too many in a full magazine", "src/cache.h",
     "	if (mp_unlikely(top + 1 == cache->end))",
     "	if (mp_unlikely(top == cache->end))",
     "stress-trim", f"-j4 -r14 {LOOK}"),
    ("one too many spare pages", "src/cache.c",
     "	return (size_t)(cache->end - top) > n;",
     "	return (size_t)(cache->end - top) >= n;",
     "stress-cycle", f"-j2 -r16 {LOOK}"),
    ("the end of a thread does not flush", "src/thread.c",
     "		mp_cache_empty(pool, cache, false);",
     "		(void)0;",
     "unit-threads"),
    ("the end of a thread forgets what is cached", "src/thread.c",
     "		mp_cache_empty(pool, cache, false);",
     "		mp_cache_forget(cache);",
     "stress-churn", f"-j2 -r16 {SUMS}"),
    # ---- the size of magazines ----
    ("a large magazine is loaded by the size of now", "src/cache.c",
     "	cache->end = base + (count < rounds ? rounds : count);",
     "	cache->end = base + rounds;",
     "module-sizing"),
    ("one that holds more than the size of now is not full", "src/cache.c",
     "	if (previous && mp_magazine_count(previous) < rounds) {",
     "	if (previous && mp_magazine_count(previous) != rounds) {",
     "module-sizing"),
    ("magazines are provided by the size of now", "src/depot.c",
     "	uint32_t least = depot->sizing.least;",
     "	uint32_t least = mp_sizing_rounds(&depot->sizing);",
     "module-sizing"),
    ("magazines have no room for many rounds", "src/magazine.h",
     "rounds > magazine->few ? magazine->many\n",
     "false ? magazine->many\n",
     "module-depot"),
    ("what was in a small magazine is lost", "src/magazine.h",
     "		to[i] = from[i];\n",
     "		(void)from;\n",
     "module-depot"),
    ("magazines never get smaller", "src/sizing.c",
     "	if (quiet >= mp_load_relaxed(&sizing->patience)) {",
     "	if (false) {",
     "module-sizing"),
    ("hardly contended is contended", "src/sizing.c",
     "#define MANY 8\n",
     "#define MANY 60\n",
     "module-sizing"),
    # ---- drains ----
    ("a drain without a membarrier", "src/drain.c",
     "	bool passed = n && mp_platform_membarrier();",
     "	bool passed = n;",
     "stress-drain", f"-j4 -r2 {LOOK}"),
    ("a drainer does not look at the slot again", "src/drain.c",
     "	       mp_load_relaxed(&cache->hot) == MP_CACHE_DRAINED &&\n",
     "",
     "stress-drain", f"-j4 -r2 {LOOK}"),
    ("a get pops while the cache is drained", "src/cache.h",
     "		if (mp_unlikely(hot == MP_CACHE_DRAINED))\n"
     "			return NULL;\n",
     "",
     "stress-drain", f"-j4 -r2 {LOOK}"),
    ("a further page is popped while the cache is drained", "src/cache.h",
     "	if (mp_likely(mp_load_relaxed(&cache->hot) != MP_CACHE_DRAINED))",
     "	if (true)",
     "stress-drain", f"-j4 -r16 {LOOK}"),
    ("a return keeps its arena while the cache is drained", "src/cache.c",
     "	if (hot == MP_CACHE_DRAINED || mp_cache_hot_spare(hot) ||",
     "	if (mp_cache_hot_spare(hot) ||",
     "stress-drain", f"-j4 -r2 {LOOK}"),
    ("an operation reads the slot twice", "src/cache.c",
     "	settle(cache, hot);\n",
     "	settle(cache, mp_load_relaxed(&cache->hot));\n",
     "stress-drain", f"-j4 -r2 {SUMS}"),
    ("a fork child trusts a cache that is half drained", "src/drain.c",
     "return state != MP_DRAIN_TAKEN;",
     "return true;",
     "module-fork"),
    ("a thread ends while its cache is drained", "src/thread.c",
     "	if (ends)\n",
     "	if (false && ends)\n",
     "stress-drain", f"-j4 -r2 {SUMS}"),
    ("a drain passes the limit of the depot", "src/cache.c",
     "	if (count && mp_depot_is_over(&pool->depot, count)) {\n"
     "		mp_pool_begin_direct(pool);\n",
     "	if (false) {\n"
     "		mp_pool_begin_direct(pool);\n",
     "module-drain"),
    ("what a drain gives back is in no sum", "src/trim.c",
     "	bytes += park_depot(pool);\n	mp_loans_look",
     "	bytes = park_depot(pool);\n	mp_loans_look",
     "module-drain"),
    # ---- intervals ----
    ("the depot forgets what was least", "src/depot.c",
     "	note_least(&s->least_full, (uint32_t)(left / MP_CONTENT_ONE));\n",
     "	(void)left;\n",
     "unit-interval"),
    ("records of pools that ended wait for a trim", "src/trim.c",
     "	mp_registry_collect(1, 0);\n",
     "",
     "unit-background"),
    ("nobody looks at the clock", "src/pool.c",
     "	if (mp_likely(now < end) ||",
     "	if (true ||",
     "unit-interval"),
    # ---- membarrier ----
    ("a bias is taken without a membarrier", "src/operation.c",
     "	if (mp_platform_membarrier())\n		/* Release",
     "	if (true)\n		/* Release",
     "mutants-barrier", "bias 50"),
    ("a tick without a membarrier", "src/quiesce.c",
     "	if (!mp_platform_membarrier()) {",
     "	if (false) {",
     "mutants-barrier", "tick 50"),
    ("a tick does not look who is inside", "src/quiesce.c",
     "		if (operation->noted && mp_operation_runs(operation) &&",
     "		if (false && mp_operation_runs(operation) &&",
     "module-quiesce"),
    # ---- slabs ----
    ("headers fall into the same cache sets", "src/slab_layout.c",
     "	if (slabs->stride / MP_PAGE_HEADER % 2 == 0)",
     "	if (false)",
     "module-slab"),
    ("bits of a slab are given back in two steps", "src/slab.c",
     "	} while (!mp_cas_weak_seq(&slab->available, &rest,\n"
     "				  whole ? 0 : rest | mine));\n",
     "		rest = whole ? 0 : mine;\n"
     "		if (whole)\n"
     "			break;\n"
     "	} while (mp_or_seq(&slab->available, mine), false);\n",
     "mutants-stall", "halves", "stops"),
    ("a spare record is not listed", "src/slab.c",
     "	/* Acquire: the record's fields are the unmapper's last ones. */\n",
     "	mp_exchange_seq(&slab->listed, false);\n",
     "mutants-stall", "late", "stops"),
    ("a page that is out is given back with its slab", "src/slab.c",
     "	if ((parked | available) == all_that_unmap(slabs, slab) &&",
     "	if ((parked | available) != 0 &&",
     "module-slab"),
    # ---- arenas ----
    ("a size that wraps fits", "include/magpool/magpool.h",
     "	if (__builtin_expect(size - 1 < (size_t)((uintptr_t)arena->limit -\n"
     "						 (uintptr_t)address),",
     "	if (__builtin_expect((uintptr_t)address + ((size + 15) & ~(size_t)15)\n"
     "				     <= (uintptr_t)arena->limit,",
     "unit-arena"),
    ("rounding wraps", "src/arena.c",
     "	else if (rounded < size)",
     "	else if (false)",
     "unit-arena"),
    ("a product wraps", "src/text.c",
     "	if (!__builtin_mul_overflow(count, size, bytes))",
     "	*bytes = count * size;\n	if (true)",
     "unit-array"),
    ("a return changes errno", "src/hot.c",
     "	mp_cache_put(pool, cache, page, MP_USE_ARENA);\n"
     "	mp_registry_reap();\n	mp_journal_work();\n	errno = saved;\n",
     "	mp_cache_put(pool, cache, page, MP_USE_ARENA);\n"
     "	mp_registry_reap();\n	mp_journal_work();\n	errno = saved + 1;\n",
     "unit-errno"),
    ("more is retained than allowed", "src/chain.c",
     "	if (bytes <= *left &&\n",
     "	if (bytes &&\n",
     "unit-large"),
    ("what is kept is kept for ever", "src/kept.c",
     "		if (all || is_old(kept, block) || ",
     "		if (all || ",
     "module-kept"),
    ("any use keeps a huge block alive", "src/kept.c",
     "	if (block->used >= block->bytes / 4)\n",
     "",
     "module-kept"),
    ("an arena pays for what others left behind", "src/chain.c",
     "	if (pool->max_arena_bytes != SIZE_MAX)\n		wish.most",
     "	if (pool->max_arena_bytes == 1)\n		wish.most",
     "unit-limits"),
    ("time stands still while blocks are used again", "src/chain.c",
     "	mp_pool_pass_time(pool);\n	if (!block)\n",
     "	if (!block)\n		mp_pool_pass_time(pool);\n	if (!block)\n",
     "unit-large"),
    ("a kept block is used by two", "src/kept.c",
     "	return mp_cas_acquire(at, &word, 0);\n",
     "	return mp_load_relaxed(at) == word;\n",
     "module-kept"),
    ("a second return is taken", "src/arena.c",
     "	if (mp_likely(mp_page_is_one(page) && page->words.cursor))",
     "	if (mp_likely(mp_page_is_one(page)))",
     "unit-misuse"),
    ("what was rewound is not cleared", "src/chain.c",
     "	clear(first, cursor, used_to);\n",
     "",
     "unit-zero"),
    ("a mark keeps the block that came after it", "src/chain.c",
     "		return block->stamp > mark;",
     "		return block->stamp > mark + 16;",
     "unit-arena"),
    ("others are not asked before a refusal", "src/trim.c",
     "	bytes = take_back(pool);\n",
     "	bytes = 0;\n",
     "unit-limits"),
    # ---- the ends ----
    ("a pool ends with arenas out", "src/ends.c",
     "	return stats.gets == stats.returns && stats.pages_out == 0;",
     "	return true;",
     "unit-pool"),
    ("a fork child keeps the operations of the others", "src/quiesce.c",
     "	mp_store_relaxed(&quiesce->inside[0], 0);\n",
     "",
     "module-quiesce"),
    ("a walker under way is not waited for", "src/grace.c",
     "		    mp_add_seq(&grace->inside[old], 0) != 0)\n",
     "		    false)\n",
     "module-grace"),
    ("walkers in one phase are enough", "src/grace.c",
     "	return grace->drained[0] && grace->drained[1];",
     "	return grace->drained[0] || grace->drained[1];",
     "module-grace"),
    ("a period begins where the last one ended", "src/grace.c",
     "	grace->drained[1] = false;\n",
     "",
     "module-grace"),
    ("a walker does not count itself", "src/grace.h",
     "	mp_add_seq(&grace->inside[phase], 1);\n",
     "	mp_add_seq(&grace->inside[phase], 0);\n",
     "stress-stalled"),
    ("a refused part stays reserved", "src/budget.c",
     "		mp_sub_relaxed(&budget->used, bytes);\n		return false;",
     "		return false;",
     "module-budget"),
    # ---- the reader of magpool-stat ----
    ("texts need not end", "tools/stat/segment.c",
     "	return !segment->texts[bytes - 1];",
     "	return true;",
     *READER),
    ("a text may be anywhere", "tools/stat/segment.c",
     "	    at - header->texts_at >= header->texts_bytes)",
     "	    false)",
     *READER),
    ("texts are what they are", "tools/stat/segment.c",
     "		if (c && (c < ' ' || c > '~'))",
     "		if (false)",
     *READER),
    ("names of pools are what they are", "tools/stat/segment.c",
     "		if (from[n] < ' ' || from[n] > '~')",
     "		if (false)",
     *READER),
    ("two rows have one name", "tools/stat/segment.c",
     "		       !is_known(segment, i, row->name);",
     "		       true;",
     *READER),
    ("rows are as short as they say", "tools/stat/segment.c",
     "	       header->row_bytes >= sizeof(struct mp_live_row) &&",
     "	       true &&",
     *READER),
    ("a row has all its terms", "tools/stat/segment.c",
     "	    terms > (row_bytes - start) / sizeof(*row->term))",
     "	    false)",
     *READER),
    ("the segment is as long as it says", "tools/stat/segment.c",
     "	       header->bytes <= source->bytes &&",
     "	       true &&",
     *READER),
    ("blocks end where they say", "tools/stat/snapshot.c",
     "	used = image->changes.used_bytes;\n"
     "	if (used < segment->blocks_at || used > segment->bytes)\n"
     "		used = segment->bytes;",
     "	used = image->changes.used_bytes;",
     *READER),
    ("a block is as long as it says", "tools/stat/snapshot.c",
     "	if (block->size == 0 || block->size > left)",
     "	if (block->size == 0)",
     *READER),
    ("a term may be behind its block", "tools/stat/snapshot.c",
     "	if (at + sizeof(word) <= block->size)",
     "	if (true)",
     *READER),
    ("what is behind a term is counted", "tools/stat/snapshot.c",
     "	if (term->bits < 64)",
     "	if (false)",
     *READER),
    ("sums may be below 0", "tools/stat/snapshot.c",
     "		if (value[i] >> 63)",
     "		if (false)",
     *READER),
    ("a pool may come twice", "tools/stat/snapshot.c",
     "		if (is_new != (part->type == MP_LIVE_POOL))",
     "		if (is_new && part->type != MP_LIVE_POOL)",
     *READER),
    # ---- what others see ----
    ("the generation stays odd after a change", "src/live.c",
     "	if (--depth == 0) {\n		generation++;\n"
     "		show_generation();",
     "	if (--depth == 0) {\n		generation++;",
     "unit-live"),
    ("a pool that has ended is shown twice", "src/ends.c",
     "	mp_show_no_pool(pool);\n",
     "",
     "unit-live"),
    ("what a pool counted is lost with it", "src/ends.c",
     "	mp_stats_show_retired();\n",
     "",
     "unit-live"),
    ("a miss does not show what its cache holds now", "src/cache.c",
     "	mp_cache_show_pages(cache, coming);\n",
     "",
     "unit-live"),
    ("a counter that is shown runs backwards", "src/counters.h",
     "	((void)mp_add_relaxed(&(counters)->live->name, (uint64_t)(n)))",
     "	((void)mp_sub_relaxed(&(counters)->live->name, (uint64_t)(n)))",
     "unit-live"),
    ("repeated compare-and-swaps of a shard are not shown", "src/depot.c",
     "	count_failures(s, trip->cas_failures - before);\n	return index;",
     "	return index;",
     "module-depot"),
    # ---- loans ----
    ("a mark that came late makes the next loan old", "src/loans.c",
     "	} else if (out || marked) {",
     "	} else if (out) {",
     "module-loans"),
    ("a longer return leaves the mark", "src/chain.h",
     "	mp_page_renew_attention(first, 0);\n	return true;",
     "	mp_page_set_attention(first, 0);\n	return true;",
     "unit-loans"),
    ("the longest return leaves the mark", "src/chain.h",
     "	mp_page_renew_attention(first, first->attention);",
     "	mp_page_set_attention(first, first->attention);",
     "unit-loans"),
    ("a reset ends the loan", "src/arena.c",
     "	if (mp_page_is_mark(mark))",
     "	if (false)",
     "unit-loans"),
    ("a mark hides what the owner said", "src/page.h",
     "	if (mp_page_is_mark(mp_load_relaxed(&page->plain_limit)))\n"
     "		page->attention = (uint8_t)attention;",
     "	if (mp_page_is_mark(mp_load_relaxed(&page->plain_limit)))\n"
     "		;",
     "unit-loans"),
    ("a slab is unmapped while it is looked at", "src/slab.c",
     "	if (mp_load_seq(&slabs->looked_at) != index)",
     "	if (true)",
     "module-slab"),
    ("the loans of all pools are summed", "src/stats.c",
     "	sum->longest_out = longest > part->longest_out ? longest\n"
     "						       : part->longest_out;",
     "	sum->longest_out = longest + part->longest_out;",
     "unit-loans"),
    # ---- lines of statistics in a file ----
    ("lines go into the files of others", "src/platform.c",
     "	    memcmp(found, start, length) != 0 ||\n",
     "",
     "module-platform"),
    ("a line goes on where another one was cut", "src/platform.c",
     "	if (end == '\\n') {\n		line++;",
     "	if (true) {\n		line++;",
     "module-platform"),
    ("a file grows up to the limit, and there is a signal", "src/platform.c",
     "	return limit.rlim_cur / 2 < most ? (size_t)limit.rlim_cur / 2 : most;",
     "	return most;",
     "module-platform"),
]


def rows():
    return [Row(i, *fault) for i, fault in enumerate(FAULTS, 1)]
