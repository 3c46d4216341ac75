/* SPDX-License-Identifier: MIT */
/*
 * A slab is unmapped while another thread looks for a page (src/slab.c): that
 * one claims nothing of it, and uses its record only when it is done with.
 *
 * include: mapping.h
 * source: table.c slab.c slab_layout.c
 * variant: unmapped-relaxed: slab.c unmap_slab:
 *   mp_store_release(&slab->state -> mp_store_relaxed(&slab->state
 * variant: spare-relaxed: slab.c delist:
 *   mp_cas_acquire(&slab->state -> mp_cas_relaxed(&slab->state
 * variant: bits-not-taken: slab.c settle:
 *   mp_exchange_acquire(&slab->available, 0) ->
 *   mp_load_relaxed(&slab->available)
 */
static struct mp_page *found;

static void *giver(void *page)
{
	struct mp_trip trip = { 0, 0, 0 };

	mp_slabs_park(&slabs, page);
	mp_slabs_settle(&slabs, 1, &trip);
	return NULL;
}

static void *taker(void *unused)
{
	found = take();
	return unused;
}

int main(void)
{
	struct mp_trip trip = { 0, 0, 0 };
	pthread_t threads[2];
	struct mp_page *page;

	begin(2);
	page = take();
	assert(page);
	/* Its other page is available. */
	pthread_create(&threads[0], NULL, giver, page);
	pthread_create(&threads[1], NULL, taker, NULL);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	assert(found);
	mp_slabs_park(&slabs, found);
	mp_slabs_settle(&slabs, mp_page_slab(found), &trip);
	assert(!records[0].base && !records[1].base);
	return 0;
}
