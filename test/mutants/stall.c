/* SPDX-License-Identifier: MIT */
/*
 * Two settles at once, and a settle that is late, each at the one moment that
 * matters: the first one stops in front of its change of a given word, the
 * second one runs from there to its end, the first one goes on.
 *
 * usage: stall halves|late
 */
#include "slab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_SIZE = 65536, SLABS = 3, PAGES = MP_SLAB_PAGES_MIN };

static struct mp_upstream upstream = { .budget = { .limit = SIZE_MAX } };
static struct mp_slabs slabs;
static struct mp_trip trip;
static struct mp_page *page[SLABS][PAGES];
static uint32_t index_of[SLABS]; /* a parked page has lost its header */

static const volatile void *stop_at;
static void (*meanwhile)(void);

void stall_stop(const volatile void *address, int is_change)
{
	void (*run)(void) = meanwhile;

	if (!run || !is_change || address != stop_at)
		return;
	meanwhile = NULL;
	run();
}

static void demand(bool holds, const char *what)
{
	if (holds)
		return;
	printf("VIOLATION: %s\n", what);
	exit(1);
}

/* The pages of all slabs; each slab but the last one is found to be empty. */
static void setup(int count)
{
	mp_slabs_init(&slabs, &upstream, NULL, PAGE_SIZE, 0);
	demand(slabs.pages == PAGES, "a slab has that many pages");
	for (int i = 0; i < count * PAGES; i++) {
		struct mp_page *one = mp_slabs_take(&slabs, &trip);

		demand(one, "there is memory");
		page[i / PAGES][i % PAGES] = one;
		index_of[i / PAGES] = mp_page_slab(one);
	}
}

static struct mp_slab *slab_of(int slab)
{
	return mp_table_at(&slabs.table, index_of[slab]);
}

static void settle(int slab)
{
	mp_slabs_settle(&slabs, index_of[slab], &trip);
}

/* ---- halves -------------------------------------------------------------- */

static void settle_last_page(void)
{
	mp_slabs_park(&slabs, page[0][PAGES - 1]);
	settle(0);
}

static void stop_in_discard(void)
{
	meanwhile = settle_last_page;
	stop_at = &slab_of(0)->available;
}

/* Each of two settles has a part of the slab: the last one sees the whole. */
static void halves(void)
{
	setup(1);
	for (int i = 0; i < PAGES - 1; i++)
		mp_slabs_park(&slabs, page[0][i]);
	/* Its first change takes what is available; the next one gives. */
	meanwhile = stop_in_discard;
	stop_at = &slab_of(0)->available;
	settle(0);
	demand(!meanwhile, "the settle came by");
	demand(upstream.budget.used == 0,
	       "a slab of which no page is out is unmapped");
}

/* ---- late ---------------------------------------------------------------- */

static void take_one(void)
{
	demand(mp_slabs_take(&slabs, &trip), "there is a page");
}

/* A settle has unmapped slab 1, which is listed, and has not come further. */
static void late(void)
{
	setup(SLABS);
	/* On top of the list: 1, then 0 with one page. */
	for (int slab = 0; slab < 2; slab++) {
		mp_slabs_park(&slabs, page[slab][0]);
		settle(slab);
	}
	demand(mp_list_peek(&slabs.list) == index_of[1], "slab 1 is on top");
	for (int i = 1; i < PAGES; i++)
		mp_slabs_park(&slabs, page[1][i]);
	meanwhile = take_one;
	stop_at = &slab_of(1)->listed;
	settle(1);
	demand(!meanwhile, "the settle came by");
	demand(mp_list_peek(&slabs.spare) == index_of[1], "slab 1 is spare");
	demand(mp_list_peek(&slabs.list) != index_of[1],
	       "a spare record is on no other list");
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	if (strcmp(argv[1], "halves") == 0)
		halves();
	else
		late();
	puts("ok");
	return 0;
}
