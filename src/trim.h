/* SPDX-License-Identifier: MIT */
/* Giving unused memory back to the system. */
#ifndef MP_TRIM_H
#define MP_TRIM_H

#include "pool.h"

/*
 * Gives back what the depot holds: bytes.  Lock-free; work bounded by what the
 * depot held at the start.
 */
size_t mp_trim_pool(struct magpool *pool);

#endif
