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
	return true;
}

void mp_budget_release(struct mp_budget *budget, size_t bytes)
{
	for (; budget; budget = budget->parent)
		mp_sub_relaxed(&budget->used, bytes);
}
