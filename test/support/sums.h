/* SPDX-License-Identifier: MIT */
/*
 * The sums that hold in every pool while nobody is inside a call of the
 * library.  A scenario that lost a page, handed one out twice or miscounted
 * breaks one of them.
 */
#ifndef TEST_SUPPORT_SUMS_H
#define TEST_SUPPORT_SUMS_H

#include <magpool/magpool.h>

/* The statistics of a pool; NULL is the sum of all. */
struct magpool_stats sums_read(const struct magpool *pool);

/* NULL when all sums hold, else which one does not, with its figures. */
const char *sums_fault(const struct magpool *pool);

/* The same in the child of a fork, where magazines may have been leaked. */
const char *sums_fault_in_child(const struct magpool *pool);

#endif
