/* SPDX-License-Identifier: MIT */
#include "work.h"

#include <errno.h>
#include <string.h>

#include "life.h"
#include "sums.h"

/* Never 0, never the same twice. */
static uint64_t new_owner(void)
{
	static _Atomic uint64_t owners;

	return ++owners;
}

/* Mostly small, now and then another page, now and then a block. */
static size_t words_for(uint64_t owner, unsigned n)
{
	size_t mixed =
		(size_t)((owner + n) * UINT64_C(0x9e3779b97f4a7c15) >> 40);

	if (mixed % 512 == 0)
		return 2000;
	return mixed % 8 == 0 ? 500 : 1 + mixed % 60;
}

void life_keep(struct life_hold *hold, struct magpool_arena *arena)
{
	uint64_t *stamp = arena ? magpool_alloc(arena, 100) : NULL;
	unsigned n = hold->count;
	size_t words;

	if (!hold->owner)
		hold->owner = new_owner();
	words = words_for(hold->owner, n);
	if (stamp)
		stamp = magpool_alloc(arena, words * sizeof *stamp);
	life_check(n < LIFE_HOLD_MAX, "a test holds too many arenas");
	life_check(stamp, "no arena: %s", strerrordesc_np(errno));
	stamp[0] = hold->owner;
	stamp[words - 1] = hold->owner;
	hold->arena[n] = arena;
	hold->stamp[n] = stamp;
	hold->words[n] = words;
	hold->count = n + 1;
}

struct magpool_arena *life_drop(struct life_hold *hold)
{
	unsigned n = --hold->count;
	const uint64_t *stamp = hold->stamp[n];

	life_check(stamp[0] == hold->owner &&
			   stamp[hold->words[n] - 1] == hold->owner,
		   "an arena has two owners");
	return hold->arena[n];
}

void life_get(struct life_hold *hold, struct magpool *pool)
{
	life_keep(hold, magpool_get_from(pool));
}

void life_return(struct life_hold *hold)
{
	magpool_return(life_drop(hold));
}

void life_return_all(struct life_hold *hold)
{
	while (hold->count)
		life_return(hold);
}

void life_cycle(struct magpool *pool, unsigned count)
{
	struct life_hold hold = { .owner = new_owner() };

	while (hold.count < count)
		life_get(&hold, pool);
	life_return_all(&hold);
}

struct magpool *life_pool(size_t rounds)
{
	struct magpool_options options = { .size = sizeof options,
					   .name = "life",
					   .magazine_rounds = rounds };
	struct magpool *pool = magpool_create(&options);

	life_check(pool, "magpool_create: %s", strerrordesc_np(errno));
	return pool;
}

void life_check_sums(const struct magpool *pool, uint64_t out)
{
	const char *fault = sums_fault(pool);
	uint64_t really = sums_read(pool).arenas_out;

	life_check(!fault, "%s", fault);
	life_check(really == out, "%llu arenas are out instead of %llu",
		   (unsigned long long)really, (unsigned long long)out);
	life_check(sums_read(pool).misuse == 0, "misuse was reported");
}

void life_end_pool(struct magpool *pool)
{
	int error;

	life_check_sums(pool, 0);
	error = magpool_destroy(&pool);
	life_check(!error, "magpool_destroy: %s", strerrordesc_np(-error));
}
