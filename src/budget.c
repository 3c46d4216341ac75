/* SPDX-License-Identifier: MIT */
#include "budget.h"

/*
 * Relaxed throughout: the word is compared with the limit and guards no other
 * memory.
 */
static void raise_peak(struct mp_budget *budget, size_t used)
{
	size_t peak = mp_load_relaxed(&budget->peak);

	while (peak < used && !mp_cas_weak_relaxed(&budget->peak, &peak, used))
		;
}

static void show(struct mp_budget *budget, uint64_t bytes, size_t used)
{
	_Atomic uint64_t *live = mp_load_relaxed(&budget->live);

	if (!live)
		return;
	mp_live_add(live, bytes);
	mp_live_raise(live + 1, used);
}

/* What is used then, 0: refused. */
static size_t reserve_one(struct mp_budget *budget, size_t bytes)
{
	size_t used = mp_load_relaxed(&budget->used);

	do {
		if (bytes > budget->limit || used > budget->limit - bytes)
			return 0;
	} while (!mp_cas_weak_relaxed(&budget->used, &used, used + bytes));
	return used + bytes;
}

bool mp_budget_reserve(struct mp_budget *budget, size_t bytes)
{
	size_t used = reserve_one(budget, bytes);

	if (!used)
		return false;
	if (budget->parent && !mp_budget_reserve(budget->parent, bytes)) {
		mp_sub_relaxed(&budget->used, bytes);
		return false;
	}
	raise_peak(budget, used);
	show(budget, bytes, used);
	return true;
}

void mp_budget_release(struct mp_budget *budget, size_t bytes)
{
	for (; budget; budget = budget->parent) {
		show(budget, -(uint64_t)bytes, 0);
		mp_sub_relaxed(&budget->used, bytes);
	}
}

void mp_budget_show(struct mp_budget *budget, _Atomic uint64_t *live)
{
	if (live) {
		mp_store_relaxed(live, mp_load_relaxed(&budget->used));
		mp_store_relaxed(live + 1, mp_load_relaxed(&budget->peak));
	}
	mp_store_relaxed(&budget->live, live);
}
