/* SPDX-License-Identifier: MIT */
/*
 * A page is put back while another thread looks for one (src/slab.c): nobody
 * uses a page that somebody discards, and no page is forgotten.
 *
 * include: mapping.h
 * source: table.c slab.c slab_layout.c
 * variant: claim-relaxed: slab.c claim:
 *   mp_cas_weak_acquire -> mp_cas_weak_relaxed
 * variant: park-relaxed: slab.c mp_slabs_park:
 *   mp_or_release -> weak_or_relaxed
 * variant: parked-relaxed: slab.c settle:
 *   mp_exchange_acquire(&slab->parked, 0) ->
 *   weak_exchange_relaxed(&slab->parked, 0)
 * variant: bits-relaxed: slab.c give_bits:
 *   mp_cas_weak_seq -> mp_cas_weak_relaxed
 * variant: enlist-relaxed: slab.c enlist:
 *   mp_exchange_seq -> weak_exchange_relaxed
 * variant: delist-relaxed: slab.c delist:
 *   mp_exchange_seq -> weak_exchange_relaxed
 * variant: no-second-look: slab.c delist:
 *   mp_load_seq(&slab->available) -> false
 * spare: second-look-relaxed: slab.c delist:
 *   mp_load_seq(&slab->available) -> mp_load_relaxed(&slab->available)
 * spare: enlist-no-total-order: slab.c enlist:
 *   mp_exchange_seq( -> weak_exchange_both(
 * spare: delist-no-total-order: slab.c delist:
 *   mp_exchange_seq( -> weak_exchange_both(
 */
static struct mp_page *mine, *settled, *found;

static void *giver(void *unused)
{
	struct mp_trip trip = { 0, 0, 0 };

	mp_slabs_settle(&slabs, 1, &trip);
	return unused;
}

static void *parker(void *unused)
{
	*payload(mine) = 2;
	mp_slabs_park(&slabs, mine);
	return unused;
}

static void *taker(void *unused)
{
	found = take();
	return unused;
}

int main(void)
{
	pthread_t threads[3];
	struct mp_trip trip = { 0, 0, 0 };

	begin(1);
	settled = take();
	mine = take();
	assert(settled && mine && !mp_load_relaxed(&records[0].available));
	pthread_create(&threads[0], NULL, parker, NULL);
	pthread_create(&threads[1], NULL, giver, NULL);
	pthread_create(&threads[2], NULL, taker, NULL);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	mp_slabs_settle(&slabs, 1, &trip);
	assert(found ? !take() : take() == mine);
	return 0;
}
