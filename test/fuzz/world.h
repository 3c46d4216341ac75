/* SPDX-License-Identifier: MIT */
/*
 * The plain model that the library's calls are checked against: which pools,
 * explicit caches and arenas there are, what each arena holds, and what the
 * statistics have to say.
 *
 * Each call of the library is framed: world_call() before it, then one of
 * world_kept(), world_refused() and world_misused(), which check errno and
 * what on_error was told.
 */
#ifndef TEST_FUZZ_WORLD_H
#define TEST_FUZZ_WORLD_H

#include "fuzz.h"

#include <stdbool.h>

#include <magpool/magpool.h>

#define WORLD_POOLS 4 /* the first one is the default pool */
#define WORLD_ARENAS 4
#define WORLD_CACHES 3
#define WORLD_PIECES 64
#define WORLD_REGIONS 512
#define WORLD_STALE 8

/* Who asks for more gets nothing.  No size is between that and 16 MiB. */
#define WORLD_BYTES_MAX (SIZE_MAX >> (4 * sizeof(size_t) - 8))

#define UNTOUCHED 4711 /* an errno that nothing sets */

/* An upstream mapping of a pool. */
struct world_region {
	unsigned char *address;
	size_t size;
};

struct world_pool {
	struct magpool *pool; /* NULL: there is none */
	bool abandoned;
	bool zero;
	bool own_upstream;
	size_t max_bytes;
	size_t max_arena_bytes;
	size_t page_size;
	size_t left; /* map calls that still succeed */
	/* What the statistics have to say. */
	uint64_t gets, returns, misuse, refusals;
	size_t arenas, caches;
	struct world_region region[WORLD_REGIONS];
	size_t regions;
};

struct world_cache {
	struct magpool_cache *cache; /* NULL: there is none */
	struct world_pool *pool;
};

/* What one allocation gave; its bytes follow from the stamp. */
struct world_piece {
	unsigned char *bytes;
	size_t size;
	unsigned char stamp;
	void *mark;  /* taken after it */
	size_t used; /* then */
};

enum world_reservation {
	WORLD_NONE,
	WORLD_OPEN,
	WORLD_PERHAPS, /* a call failed since: it may have ended it */
};

struct world_arena {
	struct magpool_arena *arena; /* NULL: there is none */
	struct world_pool *pool;
	struct world_piece piece[WORLD_PIECES];
	size_t count;
	void *first_mark;
	/* The words after get, while no call has touched the arena since. */
	bool pristine;
	char *cursor, *limit;
	enum world_reservation reservation;
	struct world_piece reserved;
};

struct world_stale {
	struct magpool_arena *arena; /* NULL: there is none */
	struct world_pool *pool;
};

struct world {
	struct world_pool pool[WORLD_POOLS];
	struct world_cache cache[WORLD_CACHES];
	struct world_arena arena[WORLD_ARENAS];
	struct world_stale stale[WORLD_STALE];
	size_t stales;
	unsigned char stamps;
	size_t threads; /* made for this input */
	/* What on_error was told during this call. */
	size_t misuse_told, refusals_told;
	struct world_pool *teller;
	/* Pieces whose memory must be clear before it is unmapped. */
	const struct world_arena *ending;
	size_t ending_from;
};

extern struct world world;

/* ---- around a call ------------------------------------------------------- */

void world_call(void);
/* It succeeded: errno is as before, nothing was told. */
void world_kept(void);
/* It failed for want of memory, which this pool may be short of. */
void world_refused(struct world_pool *pool, size_t wanted);
/* It was misuse, reported by that pool; errno is as given. */
void world_misused(struct world_pool *pool, int error);

/* ---- pools --------------------------------------------------------------- */

/* May a call on this pool fail? */
bool world_is_limited(const struct world_pool *pool);
/* One that there is. */
struct world_pool *world_some_pool(struct fuzz_input *input);
struct world_pool *world_free_pool(void);
/* With these options; what the model needs is read from them. */
void world_make_pool(struct world_pool *pool, struct magpool_options *options);
/* Forgets a pool that has ended: nothing of it may be mapped any more. */
void world_forget_pool(struct world_pool *pool);
/* The same if it was abandoned and nothing of it is out. */
void world_reap(struct world_pool *pool);
bool world_is_mapped(const struct world_pool *pool, const void *address,
		     size_t size);
/* The statistics and the structures of a pool, against the model. */
void world_check_pool(const struct world_pool *pool);

/* An explicit cache, NULL: the input names none that there is. */
struct world_cache *world_some_cache(struct fuzz_input *input);

/* ---- arenas -------------------------------------------------------------- */

/* A slot for an arena, NULL: all are taken. */
struct world_arena *world_free_arena(void);
void world_add_arena(struct world_arena *slot, struct world_pool *pool,
		     struct magpool_arena *arena);
/* Before a return: all that it holds is as it was written. */
void world_begin_return(struct world_arena *slot);
/* After it. */
void world_end_return(struct world_arena *slot);

/* ---- what arenas hold ---------------------------------------------------- */

/*
 * Notes what was taken, after checking that it belongs to nobody else, and
 * fills it.
 */
struct world_piece *world_add_piece(struct world_arena *slot, void *bytes,
				    size_t size);
/* Fills a piece, or what was only reserved. */
void world_fill(struct world_piece *piece);
void world_check_piece(const struct world_piece *piece);
bool world_is_clear(const struct world_piece *piece);
void world_check_pieces(const struct world_arena *slot);
/* Does nobody else hold any of that? */
void world_check_alone(const void *bytes, size_t size);
/* The frozen words, rule (a). */
void world_check_words(const struct magpool_arena *arena);
/* Before pieces from that one on are freed, and after. */
void world_begin_free(struct world_arena *slot, size_t from);
void world_end_free(struct world_arena *slot);

/* ---- the whole ----------------------------------------------------------- */

void world_begin(void);
void world_check(void);
/* Gives all back, ends all: nothing may be left. */
void world_end(void);

/* ---- operations ---------------------------------------------------------- */

/* Each reads its arguments from the input; see calls.c. */
typedef void world_operation(struct fuzz_input *input);

/* take.c, copy.c, hold.c */
world_operation take_alloc, take_by_hand, take_words_back, take_zalloc,
	take_aligned, take_array, take_zalloc_array;
world_operation take_memdup, take_strdup, take_strndup, take_strmem, take_strv,
	take_format;
world_operation take_reserve, take_commit, take_rewind, take_reset;

/* pools.c */
world_operation pools_create, pools_destroy, pools_abandon, pools_trim,
	pools_flush, pools_short, pools_statistics;

/* loans.c */
world_operation loans_get, loans_get_batch, loans_return, loans_return_batch,
	loans_elsewhere;
world_operation loans_create_cache, loans_destroy_cache, loans_flush_cache;

/* misuse.c */
world_operation misuse_return_twice, misuse_use_after_return, misuse_marks,
	misuse_foreign_return, misuse_pools, misuse_options;

#endif
