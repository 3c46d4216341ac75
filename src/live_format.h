/* SPDX-License-Identifier: MIT */
/*
 * The live segment, as another process reads it: its format.  For the library,
 * which writes it (live.c), and for readers, who need no other header of ours.
 *
 * The segment is a sealed memfd of the process that is looked at, at most
 * MP_LIVE_BYTES long.  A reader finds it among the links of /proc/PID/fd: one
 * that starts with MP_LIVE_LINK and whose file starts with the magic and has
 * `pid` (as the process numbers itself, so look at NSpid in a container).  A
 * fork child has the descriptor of its parent's segment too, until exec: hence
 * the look at `pid`.  The host may have closed the descriptor; then
 * /proc/PID/maps still names the mapping, and root can open it by
 * /proc/PID/map_files.
 *
 * All numbers are of the machine's own byte order, all offsets count bytes from
 * the start of the segment or of a block.  Everything is aligned to 8 bytes,
 * and everything that changes is a word of 64 bits, written with one store.
 *
 *     header | rows of the table | texts | blocks ...
 *
 * Nothing but header.generation, the words after it, and the blocks ever
 * changes.  Trust no number before it was compared with the size of the file:
 * the file may be anybody's.  Read with pread(), or check the seals
 * (F_SEAL_SHRINK) before a mmap(): a file that shrinks under a mapping kills
 * who reads it.
 *
 * Versions.  A reader accepts `format` == MP_LIVE_FORMAT and any library: it
 * takes from the header where everything is and how long a row is, ignores what
 * is behind the fields it knows, and skips blocks of types and terms of types
 * that it does not know.  All counters can be worked out by the table alone.
 *
 * A snapshot.  Each word is right by itself.  To get blocks that fit together:
 *
 *     do {
 *             before = load-acquire(header.generation)
 *             copy the words from header.generation to used_bytes, each by
 *             one atomic load (pread() will do on all machines that we know)
 *             fence-acquire
 *     } while (before is odd or header.generation != before)
 *
 * Give up after some hundred rounds (some milliseconds: a process may be
 * stopped, or killed, in the middle) and say so; counters of single blocks can
 * still be relied upon.  `generation` changes when a pool is made or ends and
 * when a cache gets or loses its block: rarely, since a thread that starts
 * takes the block of one that ended.
 *
 * Sums.  The value of a row for a pool is the sum of its terms over all the
 * blocks of that pool; for all pools see enum mp_live_total.  Sums are those of
 * 64-bit words that wrap, and below 0 by a little while threads work: show a
 * sum with its top bit set as 0.  No COUNTER row, and no word of one, ever
 * falls, neither for a pool nor for all.
 *
 *     pages_created = pages_cached + pages_depot + pages_loose + pages_out
 *                     + pages_quarantined + pages_given_back + pages_leaked
 *     magazines_made = magazines_loaded + magazines_full + magazines_empty
 *
 * hold exactly when nobody is inside a miss.  A cache (or a pool's direct
 * block) is inside one while its word `begun` differs from its `misses`, which
 * are those that have ended.  Else they hold within what was moved meanwhile.
 * Let x, y and z be three snapshots, one after the other, and n the misses that
 * z has begun, less those that x has ended.  In y the two sides of the pages'
 * sum differ by at most n * MP_LIVE_SKEW_PAGES(rounds_peak), those of the
 * magazines' by n * MP_LIVE_SKEW_MAGAZINES.  A trim counts as a miss for each
 * magazine that it takes.  (Not so for pools of which `hidden` in the POOL
 * block says that caches are not shown, nor in a fork child, where magazines
 * may be lost.)
 *
 * pages_out has the pages that an arena keeps for its next use (at most 15 a
 * cache) even while the arena lies in a cache; magpool_stats_read() has them in
 * pages_cached.  That is the one difference.
 */
#ifndef MP_LIVE_FORMAT_H
#define MP_LIVE_FORMAT_H

#include <stdint.h>

#define MP_LIVE_NAME "magpool" /* of the memfd */
#define MP_LIVE_LINK "/memfd:magpool"
#define MP_LIVE_MAGIC "magpool\001" /* 8 bytes, no 0 */
#define MP_LIVE_FORMAT 1
#define MP_LIVE_BYTES 65536

#define MP_LIVE_SKEW_PAGES(rounds) (2 * (uint64_t)(rounds) + 64)
#define MP_LIVE_SKEW_MAGAZINES 8

/* At offset 0. */
struct mp_live_header {
	char magic[8];
	uint32_t format;
	uint32_t header_bytes; /* of this struct, 128 for format 1 */
	uint32_t bytes;        /* of the segment */
	uint32_t rows_at;
	uint32_t row_count;
	uint32_t row_bytes; /* from one row to the next: at least this struct */
	uint32_t texts_at;
	uint32_t texts_bytes;  /* ends with a 0 */
	uint32_t changes_at;   /* of struct mp_live_changes */
	uint32_t blocks_at;    /* a multiple of unit */
	uint32_t unit;         /* the measure of blocks: 128 */
	uint32_t pid;          /* as getpid() */
	uint32_t default_pool; /* `pool` of its blocks */
	uint32_t flags;        /* enum mp_live_flag */
	uint64_t address;      /* of the segment in the process */
	uint64_t started;      /* its first use: ns since the epoch */
	char library[16];      /* version, ends with a 0 */
	uint32_t system_page;
	uint32_t reserved[7];
};

enum mp_live_flag {
	MP_LIVE_FORKED = 1,        /* made in a fork child */
	MP_LIVE_NO_MEMBARRIER = 2, /* reserved */
};

/* At changes_at: changes, as all that follows. */
struct mp_live_changes {
	uint64_t generation;    /* odd: blocks are being changed */
	uint64_t used_bytes;    /* blocks end here; never falls */
	uint64_t hidden_pools;  /* pools that there was no room for, now */
	uint64_t hidden_caches; /* the same for caches of pools with blocks */
	uint64_t process_bytes; /* from upstream, all pools together */
	uint64_t process_peak;  /* the most that was */
	uint64_t reserved[2];
};

/* ---- the table ----------------------------------------------------------- */

enum mp_live_kind {
	MP_LIVE_COUNTER, /* never falls */
	MP_LIVE_GAUGE,
};

/* What a row is worth asking for. */
enum mp_live_level {
	MP_LIVE_LEVEL_POOL,  /* a pool */
	MP_LIVE_LEVEL_CACHE, /* also a single cache */
	MP_LIVE_LEVEL_SHARD, /* also a single shard */
};

/* How the value for all pools comes from theirs. */
enum mp_live_total {
	MP_LIVE_TOTAL_SUM,     /* their sum, and the RETIRED block's word */
	MP_LIVE_TOTAL_DEFAULT, /* a setting: the default pool's */
	MP_LIVE_TOTAL_CHANGES, /* the word at total_at of the segment */
	MP_LIVE_TOTAL_MOST,    /* the most of theirs */
};

/*
 * sign * ((word >> shift) & (2^bits - 1)), of the word at `at` of each block
 * whose type is in the mask `types` (1 << type).
 */
struct mp_live_term {
	uint8_t types;
	uint8_t minus; /* 1: subtract */
	uint8_t shift;
	uint8_t bits; /* 1 to 64 */
	uint32_t at;
};

#define MP_LIVE_TERMS 6

/* At rows_at + i * row_bytes, in the order of struct magpool_stats. */
struct mp_live_row {
	uint32_t name; /* offsets of texts, each ends with a 0 */
	uint32_t unit;
	uint32_t line; /* one line */
	uint32_t text; /* a sentence or two */
	uint16_t kind;
	uint16_t level;
	uint16_t total;
	uint16_t terms; /* how many there are */
	uint32_t total_at;
	uint32_t retired_at; /* of the word in the RETIRED block */
	struct mp_live_term term[MP_LIVE_TERMS];
};

/* ---- blocks -------------------------------------------------------------- */

/*
 * From blocks_at to used_bytes, one after the other; the next one comes `units`
 * units after the start of this one.  Units 0 is nothing that a library writes.
 */
enum mp_live_type {
	MP_LIVE_FREE,    /* nobody's now */
	MP_LIVE_RETIRED, /* counters of pools that ended: one */
	MP_LIVE_POOL,
	MP_LIVE_DIRECT, /* of a pool: calls without a cache; as a CACHE */
	MP_LIVE_SHARD,
	MP_LIVE_CACHE,
};

/* The start of each block: two words. */
struct mp_live_block {
	uint16_t type;
	uint16_t units;
	uint32_t pool;   /* number of its pool, never used twice; 0: none */
	uint32_t serial; /* of this use of the block, never used twice */
	uint32_t index;  /* a shard's number; a cache's first shard */
};

enum mp_live_state {
	MP_LIVE_STATE_OPEN = 1,
	MP_LIVE_STATE_ABANDONED = 2, /* ends with its last arena's return */
};

struct mp_live_pool {
	struct mp_live_block block;
	char name[48];   /* ends with a 0 */
	uint64_t state;  /* enum mp_live_state */
	uint64_t hidden; /* its caches without a block, now */
	uint64_t reserved[6];
	uint64_t word[]; /* one for each row, 0 where no term asks for it */
};

struct mp_live_retired {
	struct mp_live_block block;
	uint64_t word[]; /* one for each row */
};

/* One line: what trips change. */
struct mp_live_shard {
	struct mp_live_block block;
	uint64_t content;   /* magazines << 32 | pages in them */
	uint64_t empties;   /* empty magazines */
	uint64_t loose;     /* loose pages */
	uint64_t exchanges; /* magazines put in and taken out, ever */
	/* Compare-and-swaps that were repeated for that. */
	uint64_t cas_failures;
	uint64_t reserved[9];
};

/*
 * 128 bytes, one writer: the cache's owner.  (DIRECT: any thread.)  Single
 * counters are found by the rows; here is what no row shows.
 */
struct mp_live_cache {
	struct mp_live_block block;
	/*
	 * The thread that has it (as gettid()) in the lower half; 0: nobody, or
	 * an explicit cache.  Bit 32: explicit.
	 */
	uint64_t owner;
	uint64_t begun;     /* misses begun; `misses` are those ended */
	uint64_t balance;   /* pages held + handed out - taken back */
	uint64_t magazines; /* held */
	uint64_t word[10];  /* of rows */
};

#define MP_LIVE_OWNER_EXPLICIT (UINT64_C(1) << 32)

_Static_assert(sizeof(struct mp_live_header) == 128, "a frozen layout");
_Static_assert(sizeof(struct mp_live_changes) == 64, "a frozen layout");
_Static_assert(sizeof(struct mp_live_row) == 80, "a frozen layout");
_Static_assert(sizeof(struct mp_live_term) == 8, "a frozen layout");
_Static_assert(sizeof(struct mp_live_pool) == 128, "a frozen layout");
_Static_assert(sizeof(struct mp_live_shard) == 128, "a frozen layout");
_Static_assert(sizeof(struct mp_live_cache) == 128, "a frozen layout");

#endif
