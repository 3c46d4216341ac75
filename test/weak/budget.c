/* SPDX-License-Identifier: MIT */
/*
 * Byte limits (src/budget.c): never more than the limit, of the pool or of the
 * process; what was refused leaves nothing behind.
 *
 * source: budget.c
 * variant: no-exchange: budget.c reserve_one:
 *   !mp_cas_weak_relaxed(&budget->used, &used, used + bytes) ->
 *   (mp_store_relaxed(&budget->used, used + bytes), false)
 * variant: refused-kept: budget.c mp_budget_reserve:
 *   mp_sub_relaxed(&budget->used, bytes) -> (void)0
 */
static struct mp_budget process = { .limit = 3 };
static struct mp_budget pools[2] = {
	{ .limit = 2, .parent = &process },
	{ .limit = 2, .parent = &process },
};
static _Atomic size_t mapped;

static void *map(void *pool)
{
	if (!mp_budget_reserve(pool, 2))
		return NULL;
	assert(atomic_fetch_add(&mapped, 2) + 2 <= 3);
	atomic_fetch_sub(&mapped, 2);
	mp_budget_release(pool, 2);
	return NULL;
}

int main(void)
{
	pthread_t threads[3];

	pthread_create(&threads[0], NULL, map, &pools[0]);
	pthread_create(&threads[1], NULL, map, &pools[0]);
	pthread_create(&threads[2], NULL, map, &pools[1]);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	assert(mp_load_relaxed(&process.used) == 0);
	assert(mp_load_relaxed(&pools[0].used) == 0);
	assert(mp_load_relaxed(&process.peak) <= 2);
	return 0;
}
