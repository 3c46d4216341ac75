/* SPDX-License-Identifier: MIT */
/*
 * magpool: a lock-free pool of arenas for the parameters of native calls.
 *
 *     struct magpool_arena *arena = magpool_get();
 *     struct point *points = magpool_new_array(arena, struct point, 3);
 *     char *name = magpool_strdup(arena, "triangle");
 *     draw(name, points, 3);
 *     magpool_return(arena);
 *
 * Threads.  A pool may be used by any number of threads at once.  An arena has
 * one owner at a time, and any thread may be that owner: it may be got in one
 * thread and returned in another, in any order, after its getter has ended.
 *
 * | object              | who may call on it at the same moment               |
 * |---------------------|-----------------------------------------------------|
 * | struct magpool      | everybody; magpool_destroy: nobody else             |
 * | struct magpool_arena| one thread (its owner)                              |
 * | struct magpool_cache| one thread; a second one is noticed and served from |
 * |                     | the depot                                           |
 *
 * Errors.  Calls that give a pointer give NULL and set errno; calls that give
 * an int give 0 or a negative errno.  The state is as before, every earlier
 * allocation is valid, a later call may succeed.  Success leaves errno as it
 * was; return, reset, rewind, flush, trim and the end of a scope always do.
 *
 * Cost.  "Hit" is a call served from this thread's magazines: no lock, no
 * atomic read-modify-write, no system call.  "Miss" is one trip to the depot
 * (lock-free, bounded work), now and then with one mmap.
 *
 * Signals and fork.  A handler that interrupts a magpool call may get and
 * return arenas when its thread had got one before.  After fork both sides go
 * on; the child owns copies of the arenas that were out.
 *
 * magpool(7) is the manual; the environment variables are listed there.
 */
#ifndef MAGPOOL_MAGPOOL_H
#define MAGPOOL_MAGPOOL_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define MAGPOOL_VERSION_MAJOR 0
#define MAGPOOL_VERSION_MINOR 1
#define MAGPOOL_VERSION_PATCH 0
/** The version of this header; magpool_version() is that of the library. */
#define MAGPOOL_VERSION "0.1.0"

/** No limit at all, for the byte limits of struct magpool_options. */
#define MAGPOOL_NONE SIZE_MAX

/** Flag: what was taken of an arena is cleared when it is returned or reset. */
#define MAGPOOL_ZERO_ON_RETURN UINT64_C(1)

#if !defined __cplusplus && defined __GNUC_GNU_INLINE__
#error "magpool.h needs C99 inline: use -std=c99 or later, no -fgnu89-inline"
#endif

/* One body: inline here, and compiled once as a symbol of the library. */
#define MAGPOOL_INLINE inline

#define MAGPOOL_API __attribute__((visibility("default")))
/* For what is called often: straight through the global offset table. */
#if defined __has_attribute
#if __has_attribute(noplt)
#define MAGPOOL_HOT_API MAGPOOL_API __attribute__((noplt))
#endif
#endif
#ifndef MAGPOOL_HOT_API
#define MAGPOOL_HOT_API MAGPOOL_API
#endif
#define MAGPOOL_NONNULL(...) __attribute__((nonnull(__VA_ARGS__)))
#define MAGPOOL_CHECKED __attribute__((warn_unused_result))
#define MAGPOOL_SIZED(...) \
	__attribute__((assume_aligned(16), alloc_size(__VA_ARGS__)))
#define MAGPOOL_ALIGNED __attribute__((assume_aligned(16)))
#define MAGPOOL_PRINTF(string, first) \
	__attribute__((format(printf, string, first)))
/*
 * gcc 11 and later report an arena that leaks or is returned twice.  What is
 * named so they do not inline: a program that is optimised as one with the
 * static library (LTO) defines MAGPOOL_LTO.
 */
#if defined __GNUC__ && !defined __clang__ && __GNUC__ >= 11 && \
	!defined MAGPOOL_LTO
#define MAGPOOL_LOAN                              \
	__attribute__((malloc(magpool_return, 1), \
		       malloc(magpool_cache_return, 2)))
#else
#define MAGPOOL_LOAN
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** A pool of arenas.  Opaque. */
struct magpool;

/** An explicit cache: magazines owned by the caller, not by a thread. */
struct magpool_cache;

/**
 * An arena: two words, frozen for ever.
 *
 * (a) `cursor` is a multiple of 16 and `limit - cursor` too.  The owner may
 *     take n bytes exactly if `n - 1 < limit - cursor` (unsigned, so 0 is
 *     refused) by storing `cursor += n rounded up to 16`.
 * (b) `limit == cursor` is legal at any time and means: call magpool_alloc.
 *     Nobody infers free space from the words.
 * (c) If they differed right after get and no library call touched the arena
 *     since, writing both saved words back is a valid reset.
 * (d) The struct is never copied, and its size is nobody's business.
 */
struct magpool_arena {
	char *cursor, *limit;
};

/**
 * What a pool is made of.  0 or NULL in any field means the default; the
 * environment beats these options, but of two limits the smaller one holds and
 * a flag can only be switched on.  The name is copied.
 *
 * Set `size` to sizeof(struct magpool_options) and zero the rest first.
 */
struct magpool_options {
	size_t size;            /* of this struct, in bytes; required */
	const char *name;       /* shown in statistics and messages */
	size_t page_size;       /* usable bytes of a page (default 4096) */
	size_t magazine_rounds; /* least arenas in a magazine (default 16) */
	size_t cache_bytes;     /* most that one thread may cache (512 KiB) */
	size_t depot_bytes;     /* most that the depot keeps (64 MiB) */
	size_t max_bytes;       /* most that the pool may map (none) */
	size_t max_arena_bytes; /* most that one arena may hold (none) */
	size_t retain_bytes;    /* blocks that an arena leaves behind */
	uint64_t flags;         /* MAGPOOL_ZERO_ON_RETURN */
	/* Upstream: where slabs and big blocks come from, NULL = mmap.  Give
	 * both or neither.  map gives `size` bytes at a multiple of `alignment`
	 * (a power of two) or NULL.  Any thread may call them, also several at
	 * once; neither may call magpool on this pool. */
	void *(*map)(void *context, size_t size, size_t alignment);
	void (*unmap)(void *context, void *address, size_t size);
	/* Called before NULL is given for ENOMEM and for misuse (EINVAL), with
	 * the pool consistent; may longjmp.  Without it misuse is one line on
	 * stderr and out of memory is silent. */
	void (*on_error)(void *context, int error, const char *message);
	void *context; /* handed to the three functions */
};

/**
 * Counters (never fall, never reset) and gauges of a pool, each 64 bits.
 * Words are only ever added at the end; magpool(7) explains each one.
 */
struct magpool_stats {
	uint64_t gets;           /* arenas handed out */
	uint64_t returns;        /* arenas taken back */
	uint64_t chained;        /* further pages given to arenas */
	uint64_t unchained;      /* further pages taken back from arenas */
	uint64_t direct_gets;    /* pages got without a cache */
	uint64_t direct_returns; /* pages returned without a cache */
	uint64_t underflows;     /* depot trips: both magazines were empty */
	uint64_t overflows;      /* depot trips: both magazines were full */
	uint64_t exit_flushes;   /* depot trips: a thread with a cache ended */
	uint64_t flushes;        /* depot trips: a flush was asked for */
	uint64_t trim_trips;     /* depot trips: a trim took a magazine */
	uint64_t fork_flushes;   /* depot trips: a fork child took one over */
	uint64_t limit_trips;    /* depot trips: the depot was at its limit */
	uint64_t exchanges;      /* magazines moved to or from the depot */
	uint64_t cas_failures;   /* compare-and-swaps that had to be repeated */
	uint64_t loose_returns;  /* pages that went to the loose list */
	uint64_t pages_created;  /* pages taken out of slabs */
	uint64_t pages_given_back; /* pages put back into slabs */
	uint64_t pages_leaked;     /* pages lost to a fork (in the child) */
	uint64_t magazines_made;   /* gauge: magazines that exist */
	uint64_t blocks_mapped;    /* blocks above a page, from upstream */
	uint64_t blocks_reused;    /* blocks above a page, from the arena */
	uint64_t trimmed_bytes;    /* bytes given back to the system by trims */
	uint64_t misuse;           /* calls reported as misuse */
	uint64_t refusals;         /* calls that failed with ENOMEM */
	uint64_t fences_paid;      /* wrap fences paid by a quiescent period */
	uint64_t fences_refused;   /* pops that had to miss before a fence */
	uint64_t arenas_out;       /* gauge: arenas in use */
	uint64_t pages_out;        /* gauge: pages in use, further ones too */
	uint64_t pages_cached;     /* gauge: pages in the caches' magazines */
	uint64_t pages_depot;      /* gauge: pages in full magazines */
	uint64_t pages_loose;      /* gauge: pages on the loose list */
	uint64_t magazines_loaded; /* gauge: magazines held by caches */
	uint64_t magazines_full;   /* gauge: non-empty magazines in the depot */
	uint64_t magazines_empty;  /* gauge: empty magazines in the depot */
	uint64_t bytes_mapped;     /* gauge: bytes from upstream, now */
	uint64_t bytes_peak;       /* gauge: the most that bytes_mapped was */
	uint64_t caches;          /* gauge: caches in use (threads, explicit) */
	uint64_t shards;          /* gauge: shards of the depot */
	uint64_t magazine_rounds; /* gauge: arenas in a magazine */
	uint64_t page_size;       /* gauge: usable bytes in a page */
	uint64_t membarrier;      /* gauge: 1 = there, 0 = missing, fence off */
	uint64_t misses;          /* calls that took the slow way of a cache */
	uint64_t pages_quarantined; /* gauge: pages in the quarantine */
	uint64_t rounds_grown;      /* times magazines got larger */
	uint64_t rounds_shrunk;     /* times magazines got smaller */
	uint64_t rounds_peak;       /* gauge: most arenas in a magazine */
	uint64_t drains;            /* idle caches that were emptied */
	uint64_t blocks_held;       /* gauge: blocks above a page there are */
	uint64_t grace_periods;     /* waited for, by the process */
	uint64_t grace_nanoseconds; /* the time that took */
	uint64_t intervals;         /* intervals that were looked after */
	uint64_t stalled;           /* trims that gave up on a walker */
	uint64_t longest_out;       /* gauge: oldest loan, in milliseconds */
};

/* ---- pools --------------------------------------------------------------- */

/**
 * The pool of magpool_get().  Never NULL, cannot be destroyed.  Any thread.
 */
MAGPOOL_API struct magpool *magpool_default(void) MAGPOOL_CHECKED;

/**
 * Makes a pool.  NULL options are all defaults.  Takes a mutex.
 *
 * @return the pool, owned by the caller until destroy or abandon; NULL and
 *         EINVAL (a value out of range, a size of 0, map without unmap),
 *         ENOMEM, E2BIG (options longer than this library knows, and not zero
 *         there).
 */
MAGPOOL_API struct magpool *
magpool_create(const struct magpool_options *options) MAGPOOL_CHECKED;

/**
 * Ends a pool and clears the caller's pointer.  The caller guarantees that no
 * other call on this pool runs or starts; threads that used it may be ending
 * at the same time.  Takes a mutex and waits for a grace period: until all who
 * are walking (statistics, trim) have left, and, where the program uses
 * liburcu's bp flavour too, all who are in a read section of it.  So the caller
 * must not be in one.
 *
 * @return 0; -EBUSY: arenas are out or explicit caches alive, the pool goes
 *         on and the pointer stays; -EINVAL: no pool, or the default pool.
 */
MAGPOOL_API int magpool_destroy(struct magpool **pool);

/**
 * Ends a pool whose arenas may still be out: no get may follow, the memory
 * goes with the last return (and the last magpool_cache_destroy); if that
 * return was under way in another thread just now, with the next call of
 * anyone that misses.  Clears the caller's pointer, never fails, never waits.
 * The default pool and NULL are misuse, and so is a call from a handler that
 * interrupted another call of ours under the library's mutex: reported, nothing
 * else is done.
 */
MAGPOOL_API void magpool_abandon(struct magpool **pool);

/**
 * Gives memory that lies unused in the depot back to the system, and what is
 * in the magazines of threads that made no call since the last trim.  What is
 * in those of others stays: see magpool_thread_flush().  Any thread, at any
 * time; gets and returns of the others go on.  NULL is every pool.  Takes a
 * mutex.  The records of pools that ended, some tens of KiB each, go when no
 * walker (statistics, trim) reads them any more: for that it looks for 10 ms at
 * the most, and leaves them to the next trim then.
 *
 * @return bytes given back.  errno is kept.
 */
MAGPOOL_API size_t magpool_trim(struct magpool *pool);

/**
 * Moves this thread's magazines to the depot, where other threads and trim
 * find them.  For a thread that will be idle for long.  NULL is every pool
 * (and takes a mutex).  Never fails, errno is kept.
 */
MAGPOOL_API void magpool_thread_flush(struct magpool *pool);

/* ---- arenas -------------------------------------------------------------- */

/**
 * Takes an arena back.  Any thread; NULL does nothing.  Everything that was
 * allocated in it is free afterwards.
 *
 * Never fails, keeps errno.  Hit: a few dozen instructions.  Miss: one depot
 * trip.
 * A second return, and an address that is no arena, is reported and ignored.
 */
MAGPOOL_HOT_API void magpool_return(struct magpool_arena *arena);

/**
 * Takes an arena back through an explicit cache.  An arena of another pool
 * goes home to its own.  Otherwise as magpool_return().
 */
MAGPOOL_HOT_API void magpool_cache_return(struct magpool_cache *cache,
					  struct magpool_arena *arena)
	MAGPOOL_NONNULL(1);

/**
 * An arena of the default pool, empty.  The caller owns it until it hands it
 * to magpool_return() or to another owner.
 *
 * @return the arena; NULL and ENOMEM when memory or a byte limit ends.
 *
 * Any thread.  The first get of a thread registers it (a mutex; libc may
 * allocate); later ones take no lock.  Hit: a few dozen instructions.  Miss:
 * one depot trip; if nothing is there, one arena is made.
 */
MAGPOOL_HOT_API struct magpool_arena *
magpool_get(void) MAGPOOL_CHECKED MAGPOOL_LOAN;

/** As magpool_get(), from that pool.  NULL is never a pool: NULL + EINVAL. */
MAGPOOL_HOT_API struct magpool_arena *
magpool_get_from(struct magpool *pool) MAGPOOL_CHECKED MAGPOOL_LOAN;

/**
 * Frees all that was allocated in the arena, and keeps the arena.  Never
 * fails, keeps errno.
 */
MAGPOOL_API void magpool_reset(struct magpool_arena *arena);

/**
 * Says what the arena is used for, for the reports of MAGPOOL_DEBUG: a place
 * ("file:line"), or what is called.  It holds until return; NULL takes it away.
 *
 * The string is copied, up to 63 bytes of it, so it may be a temporary one.
 * Owner only.  Never fails, keeps errno; an arena that was returned is misuse.
 * Without MAGPOOL_DEBUG it does nothing, in a few instructions.
 */
MAGPOOL_API void magpool_set_label(struct magpool_arena *arena,
				   const char *where) MAGPOOL_NONNULL(1);

/** What MAGPOOL_SCOPED runs at the end of the scope: returns *arena. */
MAGPOOL_HOT_API void magpool_scope_end(struct magpool_arena **arena)
	MAGPOOL_NONNULL(1);

/**
 * Declares `name`, an arena of the default pool (NULL if there is none) that
 * is returned at the end of the scope, however it is left.  To hand it over:
 * `mine = name; name = NULL;`
 */
#define MAGPOOL_SCOPED(name)                                              \
	__attribute__((                                                   \
		cleanup(magpool_scope_end))) struct magpool_arena *name = \
		magpool_get()
/** As MAGPOOL_SCOPED, from that pool. */
#define MAGPOOL_SCOPED_FROM(name, pool)                                   \
	__attribute__((                                                   \
		cleanup(magpool_scope_end))) struct magpool_arena *name = \
		magpool_get_from(pool)

/* ---- allocation ---------------------------------------------------------- */
/*
 * Each gives memory of the arena: 16-aligned (or as asked), uninitialised
 * unless it says zeroed, valid until reset, rewind or return.  A size of 0
 * gives a distinct non-null address.  Errors: NULL and ENOMEM; EINVAL for an
 * arena that was returned.  Owner only.  A size above page_size gets a block
 * of its own from upstream.
 */

/** The rest of magpool_alloc(): further pages, big blocks, guarded arenas. */
MAGPOOL_HOT_API void *magpool_alloc_slow(struct magpool_arena *arena,
					 size_t size)
	MAGPOOL_NONNULL(1) MAGPOOL_CHECKED MAGPOOL_SIZED(2);

MAGPOOL_API MAGPOOL_INLINE void *magpool_alloc(struct magpool_arena *arena,
					       size_t size)
	MAGPOOL_NONNULL(1) MAGPOOL_CHECKED MAGPOOL_SIZED(2);

/** `size` bytes.  Inline while the page has room: a compare and a store. */
MAGPOOL_INLINE void *magpool_alloc(struct magpool_arena *arena, size_t size)
{
	char *address = arena->cursor;

	/* The raw size: 0 and sizes that would wrap fail the test by itself. */
	if (__builtin_expect(size - 1 < (size_t)((uintptr_t)arena->limit -
						 (uintptr_t)address),
			     1)) {
		/*
		 * An arena with room has a cursor.  To say so spares the
		 * caller's own test for NULL here, and with it the compiler
		 * keeps both words in registers from one call to the next.
		 */
		if (!address)
			__builtin_unreachable();
		arena->cursor = address + ((size + 15) & ~(size_t)15);
		return address;
	}
	return magpool_alloc_slow(arena, size);
}

/** `size` zero bytes. */
MAGPOOL_API void *magpool_zalloc(struct magpool_arena *arena, size_t size)
	MAGPOOL_NONNULL(1) MAGPOOL_CHECKED MAGPOOL_SIZED(2);

/**
 * `size` bytes at a multiple of `alignment`, a power of two up to 65536;
 * otherwise NULL + EINVAL.  Below 16 means 16.
 */
MAGPOOL_API void *magpool_alloc_aligned(struct magpool_arena *arena,
					size_t size, size_t alignment)
	MAGPOOL_NONNULL(1) MAGPOOL_CHECKED MAGPOOL_SIZED(2);

/** `count` times `size` bytes; NULL + EOVERFLOW when the product wraps. */
MAGPOOL_API void *magpool_alloc_array(struct magpool_arena *arena, size_t count,
				      size_t size)
	MAGPOOL_NONNULL(1) MAGPOOL_CHECKED MAGPOOL_SIZED(2, 3);

/** As magpool_alloc_array(), zeroed. */
MAGPOOL_API void *magpool_zalloc_array(struct magpool_arena *arena,
				       size_t count, size_t size)
	MAGPOOL_NONNULL(1) MAGPOOL_CHECKED MAGPOOL_SIZED(2, 3);

/** A copy of `size` bytes at `source` (NULL only with size 0). */
MAGPOOL_API void *magpool_memdup(struct magpool_arena *arena,
				 const void *source, size_t size)
	MAGPOOL_NONNULL(1) MAGPOOL_CHECKED MAGPOOL_SIZED(3);

/** A copy of a string; a NULL string gives NULL and keeps errno. */
MAGPOOL_API char *magpool_strdup(struct magpool_arena *arena,
				 const char *string)
	MAGPOOL_NONNULL(1) MAGPOOL_CHECKED MAGPOOL_ALIGNED;

/** A copy of at most `max` bytes of a string, NUL-terminated. */
MAGPOOL_API char *magpool_strndup(struct magpool_arena *arena,
				  const char *string, size_t max)
	MAGPOOL_NONNULL(1) MAGPOOL_CHECKED MAGPOOL_ALIGNED;

/**
 * `length` bytes, then a NUL: for strings of languages that know their length.
 * NULL bytes give NULL and keep errno.
 */
MAGPOOL_API char *magpool_strmem(struct magpool_arena *arena, const void *bytes,
				 size_t length)
	MAGPOOL_NONNULL(1) MAGPOOL_CHECKED MAGPOOL_ALIGNED;

/**
 * A NULL-terminated array of copies of `count` strings.  `lengths` gives their
 * lengths in bytes, NULL = they are NUL-terminated.  NULL elements stay NULL.
 * A count of SIZE_MAX means: up to the first NULL.
 */
MAGPOOL_API char **magpool_strv(struct magpool_arena *arena,
				const char *const *strings,
				const size_t *lengths, size_t count)
	MAGPOOL_NONNULL(1) MAGPOOL_CHECKED MAGPOOL_ALIGNED;

/** A formatted string.  NULL + errno of vsnprintf, or ENOMEM. */
MAGPOOL_API char *magpool_asprintf(struct magpool_arena *arena,
				   const char *format, ...)
	MAGPOOL_NONNULL(1, 2) MAGPOOL_CHECKED MAGPOOL_ALIGNED
	MAGPOOL_PRINTF(2, 3);
MAGPOOL_API char *magpool_vasprintf(struct magpool_arena *arena,
				    const char *format, va_list arguments)
	MAGPOOL_NONNULL(1, 2) MAGPOOL_CHECKED MAGPOOL_ALIGNED
	MAGPOOL_PRINTF(2, 0);

/**
 * `max` contiguous bytes at the cursor, to be written before their number is
 * known.  Takes nothing: magpool_commit() does, and any other call on the
 * arena ends the reservation.
 */
MAGPOOL_API void *magpool_reserve(struct magpool_arena *arena, size_t max)
	MAGPOOL_NONNULL(1) MAGPOOL_CHECKED MAGPOOL_SIZED(2);

/**
 * Takes `used` bytes of the reservation and gives their address, the one that
 * magpool_reserve() gave.  More than reserved, or no reservation: NULL +
 * EINVAL.
 */
MAGPOOL_API void *magpool_commit(struct magpool_arena *arena, size_t used)
	MAGPOOL_NONNULL(1) MAGPOOL_ALIGNED;

/** A mark to rewind to.  It is the cursor: no allocation, last in first out. */
MAGPOOL_API void *magpool_mark(const struct magpool_arena *arena)
	MAGPOOL_NONNULL(1) MAGPOOL_CHECKED;

/**
 * Frees all that was allocated since the mark.  A mark that is not of this
 * arena or lies ahead of the cursor is misuse: reported and ignored.  Keeps
 * errno.
 */
MAGPOOL_API void magpool_rewind(struct magpool_arena *arena, void *mark)
	MAGPOOL_NONNULL(1);

/** Bytes taken since get or reset, rounding included. */
MAGPOOL_API size_t magpool_used(const struct magpool_arena *arena)
	MAGPOOL_NONNULL(1) MAGPOOL_CHECKED;

/* ---- explicit caches ----------------------------------------------------- */

/**
 * Magazines owned by the caller: for runtimes whose threads migrate (Go, Java
 * virtual threads, async Rust), one for each of their processors or workers.
 *
 * One thread at a time; when a second one comes at the same moment it is
 * noticed and served from the depot.  A NULL pool: NULL + EINVAL.
 *
 * @return the cache, owned by the caller; NULL + ENOMEM.
 */
MAGPOOL_API struct magpool_cache *
magpool_cache_create(struct magpool *pool) MAGPOOL_CHECKED;

/**
 * Flushes and frees the cache and clears the caller's pointer.  Cannot fail;
 * arenas that are out stay valid.  NULL does nothing.  Keeps errno.
 */
MAGPOOL_API void magpool_cache_destroy(struct magpool_cache **cache);

/**
 * As magpool_get_from(), through an explicit cache.  The arena may go back by
 * any return call.
 */
MAGPOOL_HOT_API struct magpool_arena *
magpool_cache_get(struct magpool_cache *cache)
	MAGPOOL_NONNULL(1) MAGPOOL_CHECKED MAGPOOL_LOAN;

/** Moves the cache's magazines to the depot.  Never fails, keeps errno. */
MAGPOOL_API void magpool_cache_flush(struct magpool_cache *cache)
	MAGPOOL_NONNULL(1);

/**
 * Gets `n` arenas at once.
 *
 * @return how many were stored in out[]; fewer than n with ENOMEM.
 */
MAGPOOL_API size_t magpool_cache_get_batch(struct magpool_cache *cache,
					   struct magpool_arena **out, size_t n)
	MAGPOOL_NONNULL(1) MAGPOOL_CHECKED;

/** Returns `n` arenas at once; NULL elements are skipped. */
MAGPOOL_API void magpool_cache_return_batch(struct magpool_cache *cache,
					    struct magpool_arena *const *arenas,
					    size_t n) MAGPOOL_NONNULL(1);

/* ---- statistics ---------------------------------------------------------- */

/**
 * Reads the counters of a pool without stopping anybody; NULL = the sum of all
 * pools, ended ones included.  Writes the smaller of out_size and its own
 * size, and zeroes the rest of a larger out.
 *
 * @return the size that this library knows, in bytes.
 *
 * Any thread.  Walks the pool's caches in a read section of liburcu; the first
 * walk of a thread registers it there.  Counters read while threads work may
 * differ by the operations done meanwhile; none ever falls.
 */
MAGPOOL_API size_t magpool_stats_read(const struct magpool *pool,
				      struct magpool_stats *out,
				      size_t out_size);

/** The name of the n-th word of struct magpool_stats; NULL after the last. */
MAGPOOL_API const char *magpool_stats_name(size_t word);

/**
 * Writes the statistics of a pool (NULL = of all) as a table.
 *
 * @return 0, or the negative errno of write(2).
 */
MAGPOOL_API int magpool_stats_print(const struct magpool *pool, int fd);

/** What a shard of a pool's depot holds. */
struct magpool_shard_stats {
	uint64_t full;  /* non-empty magazines */
	uint64_t empty; /* empty magazines */
	uint64_t pages; /* pages in the non-empty ones */
	uint64_t loose; /* pages without a magazine */
};

/**
 * Reads what the shards of a pool's depot hold, of at most `count` of them;
 * NULL = of the default pool.
 *
 * @return how many shards the pool has.
 *
 * Any thread, no lock.  Numbers read while threads work are near the truth;
 * they are exact when nobody does.
 */
MAGPOOL_API size_t magpool_stats_shards(const struct magpool *pool,
					struct magpool_shard_stats *out,
					size_t count);

/** The version of the library that is loaded, as "major.minor.patch". */
MAGPOOL_API const char *magpool_version(void) MAGPOOL_CHECKED;

#ifdef __cplusplus
} /* extern "C" */

template <typename type> struct magpool_type_size {
	static_assert(
		alignof(type) <= 16,
		"magpool_new: aligned above 16, use magpool_alloc_aligned");
	static constexpr size_t value = sizeof(type);
};
#define MAGPOOL_SIZEOF(type) (magpool_type_size<type>::value)
#define MAGPOOL_CAST(type, address) (static_cast<type *>(address))
#else
#define MAGPOOL_SIZEOF(type)                                      \
	(sizeof(type) +                                           \
	 0 * sizeof(struct {                                      \
		 _Static_assert(_Alignof(type) <= 16,             \
				"magpool_new: aligned above 16, " \
				"use magpool_alloc_aligned");     \
		 char magpool_unused;                             \
	 }))
#define MAGPOOL_CAST(type, address) ((type *)(address))
#endif

/** A zeroed `type`; one aligned above 16 is a compile error. */
#define magpool_new(arena, type) \
	MAGPOOL_CAST(type, magpool_zalloc((arena), MAGPOOL_SIZEOF(type)))
/** A zeroed array of `count` of `type`; NULL + EOVERFLOW as alloc_array. */
#define magpool_new_array(arena, type, count)                     \
	MAGPOOL_CAST(type, magpool_zalloc_array((arena), (count), \
						MAGPOOL_SIZEOF(type)))

#endif
