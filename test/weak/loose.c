/* SPDX-License-Identifier: MIT */
/*
 * The loose list (src/depot.c): push one, take all, put the rest back.  Who
 * takes a page sees what was written to it; none is lost, none taken twice.
 *
 * source: depot.c
 * variant: push-relaxed: depot.c push_chain:
 *   mp_cas_weak_release -> mp_cas_weak_relaxed
 * variant: take-relaxed: depot.c take_some:
 *   mp_exchange_acquire -> weak_exchange_relaxed
 * variant: rest-relaxed: depot.c put_back:
 *   mp_cas_release -> mp_cas_relaxed
 * variant: newer-relaxed: depot.c put_back:
 *   mp_exchange_acquire -> weak_exchange_relaxed
 * variant: rest-dropped: depot.c put_back:
 *   mp_store_relaxed(&last_of(newer)->next, rest) -> (void)last_of(newer)
 */
static struct mp_depot depot;
static struct mp_page pages[3];

static void give(struct mp_page *page)
{
	page->outgrown++;
	mp_depot_push_loose(&depot, 0, page);
}

static uint32_t take(uint32_t max)
{
	struct mp_page *out[3];
	uint32_t count = mp_depot_take_loose(&depot, 0, out, max);

	for (uint32_t i = 0; i < count; i++)
		out[i]->outgrown++;
	return count;
}

static uint32_t others; /* what the other taker got */

static void *giver(void *unused)
{
	give(&pages[1]);
	give(&pages[2]);
	return unused;
}

static void *taker(void *unused)
{
	others = take(1);
	return unused;
}

int main(void)
{
	pthread_t threads[2];
	uint32_t taken;

	depot.shards = 1;
	depot.node_shards = 1;
	give(&pages[0]);
	pthread_create(&threads[0], NULL, giver, NULL);
	pthread_create(&threads[1], NULL, taker, NULL);
	pthread_join(threads[0], NULL);
	taken = take(1);
	pthread_join(threads[1], NULL);
	taken += others + take(3);
	assert(taken == 3);
	assert(mp_load_relaxed(&depot.shard[0].loose_pages) == 0);
	return 0;
}
