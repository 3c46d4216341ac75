/* SPDX-License-Identifier: MIT */
/*
 * A loan: one arena between its get and its return, with two oracles.
 *
 * Owner word.  A table beside the pool, keyed by the arena's address, says who
 * owns it: 0 must stand there at get, the borrower at return.  It is not in the
 * arena, since the system zeroes a page that was given back.  All accesses are
 * relaxed: the order that makes them right is the one that the library owes.
 *
 * Stamps.  Each allocation is stamped at both ends with plain stores, verified
 * before return: two owners of one page, or one page seen too early, break a
 * stamp, and ThreadSanitizer sees the missing order.
 */
#ifndef STRESS_LOAN_H
#define STRESS_LOAN_H

#include "support.h"

#include <magpool/magpool.h>

enum {
	LOAN_ITEMS = 10,
	/* Each item takes one further page at the most. */
	LOAN_PAGES = LOAN_ITEMS + 1,
	LOAN_BOXES = 64
};

struct loan_item {
	unsigned char *address;
	size_t size;
};

struct loan {
	struct magpool_arena *arena;
	void *context; /* of the scenario */
	uint64_t owner, sequence;
	unsigned items;
	unsigned takes; /* items ever, also those that a rewind freed */
	struct loan_item item[LOAN_ITEMS];
};

/** The table is resident from now on, not only as it fills. */
void loan_touch_owners(void);

/** Starts a loan of an arena that was just got.  NULL is a violation. */
void loan_open(struct loan *loan, struct stress_worker *worker,
	       struct magpool_arena *arena);

/** Random allocations, by options.light tiny ones only. */
void loan_fill(struct loan *loan, struct stress_worker *worker);

/** The most pages that a filled loan can have. */
unsigned loan_pages(void);

/** One allocation; false when it failed, errno says why. */
bool loan_take(struct loan *loan, size_t size);

/** Verifies all stamps. */
void loan_check(const struct loan *loan);

/** Verifies, ends the ownership, gives the arena that is to be returned. */
struct magpool_arena *loan_close(struct loan *loan,
				 struct stress_worker *worker);

/** loan_open() of magpool_get_from(), then loan_fill(). */
void loan_get(struct loan *loan, struct stress_worker *worker,
	      struct magpool *pool);
/** magpool_return() of loan_close(). */
void loan_return(struct loan *loan, struct stress_worker *worker);

/** Borrows `count` arenas at once, and returns them in random order. */
void loan_burst(struct stress_worker *worker, struct magpool *pool,
		struct loan *loans, unsigned count);

/** Where threads leave a loan for another one: any may put, any may take. */
struct loan_boxes {
	_Atomic(struct loan *) box[LOAN_BOXES];
};

/** Puts a loan (or NULL) in a random box, and gives what was there. */
struct loan *loan_swap(struct loan_boxes *boxes, struct stress_worker *worker,
		       struct loan *loan);
/** Takes what is in that box. */
struct loan *loan_fetch(struct loan_boxes *boxes, unsigned box);
/**
 * Borrows an arena of `pool` (NULL: none), leaves it in a random box, and
 * returns what somebody else left there.
 */
void loan_pass(struct loan_boxes *boxes, struct stress_worker *worker,
	       struct magpool *pool);
/** Returns and frees all that is left in the boxes. */
void loan_drain(struct loan_boxes *boxes, struct stress_worker *worker);

#endif
