/* SPDX-License-Identifier: MIT */
#include "strategy.h"

#include "fibers.h"

enum {
	PLACES_LOG2 = 17,
	PLACES = 1 << PLACES_LOG2,
	/*
	 * Loads without a write of the same thread, after which it waits for
	 * something by looking: it can be stopped there often enough.
	 */
	LOOKS = 250,
};

struct place {
	const volatile void *address;
	uint8_t readers, writers; /* a bit each */
	bool shared;
};

static struct place places[PLACES];
static unsigned int used, shared;
static uint64_t met;
static unsigned int looks[SCHEDULE_THREADS + 1];
static bool settled;

static struct place *place_of(const volatile void *address)
{
	uint64_t mixed = (uintptr_t)address * UINT64_C(0x9e3779b97f4a7c15);
	size_t at = (size_t)(mixed >> (64 - PLACES_LOG2));

	while (places[at].address && places[at].address != address)
		at = (at + 1) % PLACES;
	if (!places[at].address) {
		if (++used > PLACES / 2)
			schedule_violation("too many words for points.c");
		places[at].address = address;
	}
	return &places[at];
}

bool points_meet(const volatile void *address, unsigned int thread, bool writes)
{
	struct place *place = place_of(address);

	if (writes) {
		place->writers |= (uint8_t)(1u << thread);
		looks[thread] = 0;
	} else {
		place->readers |= (uint8_t)(1u << thread);
		looks[thread]++;
	}
	if ((settled && !place->shared) || looks[thread] > LOOKS)
		return false;
	met++;
	return true;
}

static bool is_shared(const struct place *place)
{
	unsigned int users = place->readers | place->writers;

	return place->writers && (users & (users - 1));
}

unsigned int points_settle(void)
{
	unsigned int before = shared;

	settled = true;
	for (size_t i = 0; i < PLACES; i++) {
		if (places[i].shared || !is_shared(&places[i]))
			continue;
		places[i].shared = true;
		shared++;
	}
	return shared - before;
}

uint64_t points_met(void)
{
	return met;
}

unsigned int points_shared(void)
{
	return shared;
}

void points_begin(void)
{
	met = 0;
	for (size_t i = 0; i <= SCHEDULE_THREADS; i++)
		looks[i] = 0;
}
