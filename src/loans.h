/* SPDX-License-Identifier: MIT */
/*
 * How long arenas have been out.  Get and return keep no time: a look at all
 * pages of the pool marks those that are out with the time of the look, the
 * return of a marked one ends the mark, and what is still marked at a later
 * look has been out since.
 *
 * A mark stands where the return compares anyway (mp_page.plain_limit): no
 * limit is like it, so the return goes the longer way, where it ends.
 *
 * | who      | does                                                          |
 * |----------|---------------------------------------------------------------|
 * | look     | out, not marked: marks it, by compare-and-swap: what the owner |
 * |          | says at the same time is never lost                           |
 * |          | out, marked: that old                                         |
 * |          | not out, marked: a mark that came just after the return; it   |
 * |          | gets the time of now, so that it never makes a loan old       |
 * | return   | ends the mark: its own thread's, or one it does not know of   |
 * | growth   | ends it, too: the loan looks younger                          |
 *
 * So a loan is never taken for older than it is, but for less than the time
 * between two looks if a mark came just after a return; and for younger by that
 * time, or by that before it last took a further page.
 *
 * Looks are at the end of an interval (MAGPOOL_TRIM_INTERVAL; a part of the
 * slabs at a time, if there are many), in a trim, and before statistics are
 * printed.  A look reads the header of each page that is not in its slab: 3 to
 * 60 ns each (1000 pages; 192 000, that lie in no cache).
 */
#ifndef MP_LOANS_H
#define MP_LOANS_H

#include <stdbool.h>

struct magpool;

/*
 * One look: at all slabs, or at the next ones; at the end of a round it is
 * shown (longest_out).  Inside an operation on the pool, or pinned.  If another
 * thread looks already, nothing.
 */
void mp_loans_look(struct magpool *pool, bool all);

/* In a fork child: another thread may have been at it. */
void mp_loans_after_fork(struct magpool *pool);

#endif
