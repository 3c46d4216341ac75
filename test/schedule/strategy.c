/* SPDX-License-Identifier: MIT */
#include "strategy.h"

#include "fibers.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	DEPTH_MAX = 16,
	CHOICES = 1 << 16,
	FAILS_ONE_IN = 64, /* weak compare-and-swaps */
};

static unsigned int first_of(uint32_t ready)
{
	return (unsigned int)__builtin_ctz(ready);
}

/* ---- by seed ------------------------------------------------------------- */

static struct {
	bool on;
	uint64_t seed, state;
	unsigned int threads, depth;
	uint64_t length;
	uint64_t points;
	uint64_t change[DEPTH_MAX];
	int lowest;
	int priority[SCHEDULE_THREADS + 1];
} pct;

/* splitmix64: any seed is a good one. */
static uint64_t random_word(void)
{
	uint64_t z = pct.state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t random_below(uint64_t end)
{
	return random_word() % end;
}

void strategy_by_seed(uint64_t seed, unsigned int threads, unsigned int depth,
		      uint64_t length)
{
	pct.on = true;
	pct.seed = seed;
	pct.threads = threads;
	pct.depth = depth < DEPTH_MAX ? depth : DEPTH_MAX;
	pct.length = length ? length : 1;
}

static void begin_pct(void)
{
	pct.state = pct.seed;
	pct.points = 0;
	pct.lowest = 0;
	/* A random order: each in a random place among those before it. */
	for (unsigned int i = 1; i <= pct.threads; i++) {
		unsigned int other = 1 + (unsigned int)random_below(i);

		pct.priority[i] = pct.priority[other];
		pct.priority[other] = (int)i;
	}
	for (unsigned int i = 0; i + 1 < pct.depth; i++)
		pct.change[i] = 1 + random_below(pct.length);
}

static void lower(unsigned int thread)
{
	pct.priority[thread] = --pct.lowest;
}

static unsigned int pick_by_priority(unsigned int self, uint32_t ready,
				     enum schedule_why why)
{
	unsigned int best = first_of(ready);

	if (why == SCHEDULE_AT_POINT) {
		pct.points++;
		for (unsigned int i = 0; i + 1 < pct.depth; i++) {
			if (pct.change[i] == pct.points)
				lower(self);
		}
	} else if (why == SCHEDULE_YIELDS) {
		lower(self);
	}
	for (unsigned int i = best; i <= SCHEDULE_THREADS; i++) {
		if (ready >> i & 1 && pct.priority[i] > pct.priority[best])
			best = i;
	}
	return best;
}

bool strategy_fails(void)
{
	return pct.on && random_below(FAILS_ONE_IN) == 0;
}

/* ---- exhaustive ---------------------------------------------------------- */

struct choice {
	uint8_t taken, count; /* count 0: not reached yet */
};

static struct choice choices[CHOICES];
static size_t depth; /* choices that are fixed, or were made */
static size_t at;
static unsigned int bound, preemptions;

static unsigned int choose(unsigned int count)
{
	struct choice *choice = &choices[at];

	if (count < 2)
		return 0;
	if (at == CHOICES)
		schedule_violation("too long for an exhaustive search");
	if (at == depth) {
		depth++;
		choice->taken = 0;
	} else if ((choice->count && choice->count != count) ||
		   choice->taken >= count) {
		schedule_violation("the schedule is not the one before");
	}
	choice->count = (uint8_t)count;
	at++;
	return choice->taken;
}

static unsigned int nth_of(uint32_t ready, unsigned int n)
{
	while (n--)
		ready &= ready - 1;
	return first_of(ready);
}

static unsigned int pick_by_choice(unsigned int self, uint32_t ready,
				   enum schedule_why why)
{
	uint32_t others = ready & ~(UINT32_C(1) << self);
	unsigned int count = (unsigned int)__builtin_popcount(others);
	unsigned int n;

	if (why != SCHEDULE_AT_POINT)
		return others ? nth_of(others, choose(count)) : self;
	if (preemptions == bound)
		return self;
	n = choose(count + 1);
	if (n == 0)
		return self;
	preemptions++;
	return nth_of(others, n - 1);
}

void strategy_first(unsigned int most)
{
	pct.on = false;
	bound = most;
	depth = 0;
}

bool strategy_next(void)
{
	while (depth &&
	       choices[depth - 1].taken + 1 == choices[depth - 1].count)
		depth--;
	if (!depth)
		return false;
	choices[depth - 1].taken++;
	return true;
}

bool strategy_from_text(unsigned int most, const char *text)
{
	strategy_first(most);
	while (*text) {
		char *end;
		size_t index = strtoul(text, &end, 10);
		unsigned long taken;

		if (*end != ':' || index >= CHOICES || index < depth)
			return false;
		taken = strtoul(end + 1, &end, 10);
		if (taken > SCHEDULE_THREADS || (*end && *end != ','))
			return false;
		for (; depth <= index; depth++)
			choices[depth] = (struct choice){ 0, 0 };
		choices[index].taken = (uint8_t)taken;
		text = *end ? end + 1 : end;
	}
	return true;
}

void strategy_choices(char *out, size_t size)
{
	size_t length = 0;

	out[0] = '\0';
	for (size_t i = 0; i < at && length + 32 < size; i++) {
		if (choices[i].taken)
			length += (size_t)snprintf(out + length, size - length,
						   "%s%zu:%d",
						   length ? "," : "", i,
						   choices[i].taken);
	}
}

/* ---- both ---------------------------------------------------------------- */

void strategy_begin(void)
{
	points_begin();
	at = 0;
	preemptions = 0;
	if (pct.on)
		begin_pct();
}

unsigned int strategy_pick(unsigned int self, uint32_t ready,
			   enum schedule_why why)
{
	return pct.on ? pick_by_priority(self, ready, why)
		      : pick_by_choice(self, ready, why);
}
