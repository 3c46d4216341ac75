/* SPDX-License-Identifier: MIT */
/*
 * The last two pages of a slab are put back at once (src/slab.c): one of the
 * two unmaps it, after the other's last use, and its record is used again.
 *
 * include: mapping.h
 * source: table.c slab.c slab_layout.c
 * variant: park-relaxed: slab.c mp_slabs_park:
 *   mp_or_release -> weak_or_relaxed
 * race: available-relaxed: slab.c settle:
 *   mp_exchange_acquire(&slab->available, 0) ->
 *   weak_exchange_relaxed(&slab->available, 0)
 * race: bits-relaxed: slab.c give_bits:
 *   mp_cas_weak_seq -> mp_cas_weak_relaxed
 * variant: not-whole: slab.c give_bits:
 *   whole ? 0 -> false ? 0
 */
static struct mp_page *first, *second;

static void give(struct mp_page *page)
{
	struct mp_trip trip = { 0, 0, 0 };
	uint32_t slab = mp_page_slab(page);

	*payload(page) = 2;
	mp_slabs_park(&slabs, page);
	mp_slabs_settle(&slabs, slab, &trip);
}

static void *giver(void *page)
{
	give(page);
	return NULL;
}

int main(void)
{
	pthread_t threads[2];

	begin(2);
	first = take();
	second = take();
	pthread_create(&threads[0], NULL, giver, first);
	pthread_create(&threads[1], NULL, giver, second);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	assert(!mp_load_relaxed(&records[0].parked));
	assert(!mp_load_relaxed(&records[0].available));
	assert(!records[0].base);
	/* The last uses came before that. */
	assert(*payload(first) == 0 && *payload(second) == 0);
	/* The same record, and nothing of the old slab. */
	first = take();
	assert((char *)first == memory[1] && mp_page_slab(first) == 1);
	return 0;
}
