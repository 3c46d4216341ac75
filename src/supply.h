/* SPDX-License-Identifier: MIT */
/*
 * Pages from the depot and the slabs and back to them, one by one: what a cache
 * falls back on, and all that an operation without a cache has.
 *
 * Inside an operation (quiesce.h); mp_supply_take and mp_supply_return are
 * operations themselves.  Everything here may run in any number of threads: it
 * only calls the depot and the slabs.
 */
#ifndef MP_SUPPLY_H
#define MP_SUPPLY_H

#include "pool.h"

/* A loose page, or NULL; others that are found go into magazines. */
struct mp_page *mp_supply_loose(struct magpool *pool, uint32_t shard,
				struct mp_trip *trip);

/* A new page, and enough magazines for all there are; NULL: no memory. */
struct mp_page *mp_supply_new(struct magpool *pool, uint32_t shard,
			      struct mp_trip *trip);

/* Onto the loose list. */
void mp_supply_put(struct magpool *pool, struct mp_counters *counters,
		   uint32_t shard, struct mp_page *page);

/* The depot is at its limit: pages, no more than a magazine, go back: bytes. */
size_t mp_supply_give_back(struct magpool *pool, struct mp_page **page,
			   uint32_t n, struct mp_trip *trip);

/* A get, or a further page, without a cache; NULL: no memory. */
struct mp_page *mp_supply_take(struct magpool *pool, enum mp_use use);

/* A return without a cache. */
void mp_supply_return(struct magpool *pool, struct mp_page *page,
		      enum mp_use use);

#endif
