/* SPDX-License-Identifier: MIT */
/*
 * Assertions about ourselves.  What a caller can do wrong is never asserted:
 * it is reported (report.h).
 *
 * MP_ASSERT: cheap; debug builds.  MP_CHECK: walks structures; -Dchecks=true.
 */
#ifndef MP_CHECK_H
#define MP_CHECK_H

#include <assert.h>

#define MP_ASSERT(expression) assert(expression)

#if defined MP_CHECKS && MP_CHECKS
#define MP_CHECK(expression)                                           \
	((expression) ? (void)0                                        \
		      : __assert_fail(#expression, __FILE__, __LINE__, \
				      __extension__ __PRETTY_FUNCTION__))
#else
/* Keeps the expression compiled, so that it does not rot. */
#define MP_CHECK(expression) ((void)sizeof((expression) ? 1 : 0))
#endif

#endif
