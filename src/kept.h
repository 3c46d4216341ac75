/* SPDX-License-Identifier: MIT */
/*
 * Kept blocks: those that an arena returned, for whoever needs one next.
 *
 * An array of words in the pool; a word is 0, or a block and its size.  Who
 * takes a word out by compare-and-swap owns the block, who puts one in gives it
 * away: nothing is linked, so there is nothing to go wrong but losing a word.
 * That the same word came back meanwhile does no harm: it is that block, with
 * that size, and it is there.
 *
 * An arena has a home, eight words in one line: what it kept it finds there at
 * once, and two threads seldom meet.  Are those full, or is nothing there that
 * fits, all words are looked at: some hundred loads, where a block costs some
 * microseconds to map and to touch.
 *
 * | operation | put        | take, evict, age, drop                           |
 * |-----------|------------|--------------------------------------------------|
 * | any       | lock-free, bounded: each word is tried once                   |
 *
 * Order: all use of a block comes before it is put, which is a release; the
 * compare-and-swap that takes it is the acquire.
 *
 * What is kept is bounded in bytes (`budget`), and in time: a block that was
 * not needed during an interval goes at its end (trim.h).  Needed is a block of
 * which a quarter was used: a small request may be served by a huge block, but
 * does not keep it alive.  Where an arena has a limit it is served by one as
 * large as a new one would be: what others left behind is not charged to it.
 */
#ifndef MP_KEPT_H
#define MP_KEPT_H

#include "block.h"

#define MP_KEPT_HOME 8 /* words */
#ifndef MP_KEPT_WORDS
#define MP_KEPT_WORDS 256 /* a multiple of that */
#endif

struct mp_kept {
	_Atomic uintptr_t word[MP_KEPT_WORDS];
	struct mp_budget budget; /* their bytes */
	struct mp_tally *now;    /* intervals that have ended */
	size_t system_page;
};

/* What a block is to have room for, and how large it may be. */
struct mp_kept_wish {
	size_t size;
	size_t alignment;
	size_t most;
};

void mp_kept_init(struct mp_kept *kept, size_t limit, struct mp_tally *now);

/*
 * Bytes of a block that counts as kept, though it is in no word: others make
 * way for it.  False: too many.  They go back to `budget`.
 */
bool mp_kept_reserve(struct mp_kept *kept, struct mp_upstream *upstream,
		     uint32_t home, size_t bytes);

/*
 * Takes a block whose use has ended; others make way for it, those at home
 * first.  False: not kept, it is the caller's still.  `home` is any number, the
 * same for each put and take of an arena.
 */
bool mp_kept_put(struct mp_kept *kept, struct mp_upstream *upstream,
		 uint32_t home, struct mp_block *block);

/* One that is so, the smallest at home if one there is; NULL.  Its payload is
 * where mp_block_fits() says. */
struct mp_block *mp_kept_take(struct mp_kept *kept,
			      struct mp_upstream *upstream, uint32_t home,
			      const struct mp_kept_wish *wish);

/* Right after the end of an interval: unmaps what was not needed in it, bytes.
 */
size_t mp_kept_age(struct mp_kept *kept, struct mp_upstream *upstream);

/* Unmaps all: bytes. */
size_t mp_kept_drop(struct mp_kept *kept, struct mp_upstream *upstream);

#endif
