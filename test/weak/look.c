/* SPDX-License-Identifier: MIT */
/*
 * A slab is looked at while its last pages are put back (src/slab.c): it is not
 * unmapped under the look.
 *
 * include: mapping.h
 * source: table.c slab.c slab_layout.c
 * race: not-asked: slab.c begin_unmap:
 *   mp_load_seq(&slabs->looked_at) != index -> true
 * race: asked-relaxed: slab.c begin_unmap:
 *   mp_load_seq(&slabs->looked_at) -> mp_load_relaxed(&slabs->looked_at)
 * race: state-relaxed: slab.c mp_slabs_look:
 *   mp_load_seq(&slab->state) -> mp_load_relaxed(&slab->state)
 * race: end-relaxed: slab.c mp_slabs_look:
 *   mp_store_release -> mp_store_relaxed
 */
static struct mp_page *out[2];

static void see(void *context, struct mp_page *page)
{
	/* Plain: who unmaps it writes there. */
	*(uint32_t *)context += page->place;
}

static void *looker(void *unused)
{
	uint32_t sum = 0;

	mp_slabs_look(&slabs, 1, see, &sum);
	return unused;
}

static void *giver(void *unused)
{
	struct mp_trip trip = { 0, 0, 0 };

	mp_slabs_park(&slabs, out[0]);
	mp_slabs_park(&slabs, out[1]);
	mp_slabs_settle(&slabs, 1, &trip);
	return unused;
}

int main(void)
{
	pthread_t threads[2];

	begin(1);
	out[0] = take();
	out[1] = take();
	pthread_create(&threads[0], NULL, looker, NULL);
	pthread_create(&threads[1], NULL, giver, NULL);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	return 0;
}
