/* SPDX-License-Identifier: MIT */
/*
 * The sums of doc/DESIGN.md, asserted by walking the structures themselves and
 * not by their counters.  For tests and for builds with checks.
 */
#ifndef MP_VALIDATE_H
#define MP_VALIDATE_H

#include "pool.h"

/*
 * NULL, or which sum does not hold.  The caller guarantees that nobody uses
 * the pool meanwhile.
 *
 *     pages that exist  = in caches + in full magazines + loose + out
 *                         + quarantined + leaked
 *     magazines         = held by caches + full + empty (+ lost to a fork)
 *     every page and every magazine is in one place only
 */
const char *mp_validate(struct magpool *pool);

#endif
