/* SPDX-License-Identifier: MIT */
/* Pieces come out of regions once, go back, and empty regions are unmapped. */
#include "region.h"
#include "slab.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define STRIDE 4224
#define PAGES 62
#define PIECES 8
#define PIECE (MP_REGION_BYTES / PIECES)
#define MANY (3 * PIECES)

static struct mp_upstream upstream = { .budget = { .limit = SIZE_MAX } };
static struct mp_regions regions;
static char *piece[MANY];
static uint32_t region[MANY];

static void open_regions(enum mp_hugepages mode)
{
	mp_regions_init(&regions, &upstream, STRIDE, PAGES, mode);
	cr_assert_eq(regions.pieces, PIECES);
	cr_assert_eq(regions.bytes, PIECE);
	cr_assert_eq(regions.pages, PAGES);
}

static void take(uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		piece[i] = mp_regions_take(&regions, &region[i]);
		cr_assert_not_null(piece[i]);
	}
}

static size_t give(uint32_t i)
{
	return mp_regions_give(&regions, region[i], piece[i]);
}

static size_t used(void)
{
	return mp_load_relaxed(&upstream.budget.used);
}

/* What the hints say when all is quiet: the truth. */
static void check_counts(uint32_t free, uint32_t dirty)
{
	cr_assert_eq(mp_load_relaxed(&regions.free), free);
	cr_assert_eq(mp_load_relaxed(&regions.dirty), dirty);
}

Test(region, pieces_are_apart_and_regions_aligned)
{
	open_regions(MP_HUGEPAGES_MADVISE);
	take(0, MANY);
	cr_assert_eq(used(), MANY / PIECES * MP_REGION_BYTES);
	for (uint32_t i = 0; i < MANY; i++) {
		cr_assert_eq((uintptr_t)piece[i] % MP_REGION_BYTES,
			     i % PIECES * PIECE);
		cr_assert_eq(region[i], i / PIECES + 1);
		memset(piece[i], (int)i, PIECE);
	}
	for (uint32_t i = 0; i < MANY; i++) {
		cr_assert_eq(piece[i][0], (char)i);
		cr_assert_eq(piece[i][PIECE - 1], (char)i);
	}
	check_counts(0, 0);
	mp_regions_release(&regions);
	cr_assert_eq(used(), 0);
}

Test(region, one_that_is_empty_is_unmapped)
{
	open_regions(MP_HUGEPAGES_ALWAYS);
	for (int round = 0; round < 20; round++) {
		take(0, MANY);
		cr_assert_eq(mp_table_count(&regions.table), MANY / PIECES,
			     "records are used again");
		/* All but one of each, from the other end in each round. */
		for (uint32_t i = 0; i < MANY; i++) {
			if (i % PIECES != (uint32_t)round % PIECES)
				cr_assert_eq(give(i), 0);
		}
		cr_assert_eq(used(), MANY / PIECES * MP_REGION_BYTES);
		check_counts(MANY - MANY / PIECES, MANY - MANY / PIECES);
		for (uint32_t i = 0; i < MANY; i++) {
			if (i % PIECES == (uint32_t)round % PIECES)
				cr_assert_eq(give(i), MP_REGION_BYTES);
		}
		cr_assert_eq(used(), 0);
		check_counts(0, 0);
	}
	mp_regions_release(&regions);
}

Test(region, the_lowest_is_filled_first)
{
	open_regions(MP_HUGEPAGES_ALWAYS);
	take(0, MANY);
	give(MANY - 1);
	give(PIECES);
	give(3);
	take(0, 3);
	cr_assert_eq(region[0], 1);
	cr_assert_eq(region[1], 2);
	cr_assert_eq(region[2], 3);
	check_counts(0, 0);
	/* Also when the hint is of no use. */
	give(0);
	mp_store_relaxed(&regions.lowest, 3);
	take(0, 1);
	cr_assert_eq(region[0], 1);
	mp_regions_release(&regions);
}

/* One that was a slab holds memory until it is settled. */
Test(region, in_madvise_parts_go_back)
{
	open_regions(MP_HUGEPAGES_MADVISE);
	take(0, PIECES);
	for (uint32_t i = 0; i < PIECES; i++)
		memset(piece[i], 'x', PIECE);
	cr_assert_eq(mp_regions_settle(&regions), 0);
	for (uint32_t i = 0; i < PIECES; i++) {
		if (i != 2 && i != 7)
			give(i);
	}
	cr_assert_eq(piece[0][0], 'x');
	cr_assert_eq(mp_regions_settle(&regions), 6 * PIECE);
	cr_assert_eq(mp_regions_settle(&regions), 0, "there is no more");
	check_counts(6, 0);
	for (uint32_t i = 0; i < PIECES; i++) {
		char left = i == 2 || i == 7 ? 'x' : 0;

		for (size_t at = 0; at < PIECE; at += 512)
			cr_assert_eq(piece[i][at], left, "piece %u", i);
	}
	cr_assert_eq(give(2), 0);
	cr_assert_eq(give(7), 2 * PIECE, "what held memory");
	cr_assert_eq(used(), 0);
	mp_regions_release(&regions);
}

static void *never_called(void *context, size_t size, size_t alignment)
{
	(void)context;
	(void)size;
	(void)alignment;
	return NULL;
}

/* The piece is free all the same, with what was in it. */
Test(region, a_part_that_cannot_go_back_is_taken_again)
{
	open_regions(MP_HUGEPAGES_MADVISE);
	take(0, 2);
	memset(piece[1], 'x', PIECE);
	give(1);
	/* Memory of the host's own is not discarded. */
	upstream.map = never_called;
	cr_assert_eq(mp_regions_settle(&regions), 0);
	upstream.map = NULL;
	take(1, 2);
	cr_assert_eq(piece[1][PIECE - 1], 'x');
	mp_regions_release(&regions);
	cr_assert_eq(used(), 0);
}

Test(region, in_always_only_whole_ones_go_back)
{
	open_regions(MP_HUGEPAGES_ALWAYS);
	take(0, PIECES);
	memset(piece[0], 'x', PIECE);
	give(0);
	cr_assert_eq(mp_regions_settle(&regions), 0);
	cr_assert_not(mp_regions_split(&regions, region[1]));
	cr_assert_eq(piece[0][PIECE / 2], 'x');
	take(0, 1);
	check_counts(0, 0);
	for (uint32_t i = 0; i < PIECES; i++)
		give(i);
	cr_assert_eq(used(), 0);
	mp_regions_release(&regions);
}

Test(region, sizes_that_fit_and_others)
{
	static const struct {
		size_t page_size;
		uint32_t pieces;
	} rows[] = {
		{ 256, 0 },   { 512, 0 },    { 1024, 28 },   { 2048, 15 },
		{ 4096, 8 },  { 8192, 8 },   { 16384, 8 },   { 32768, 1 },
		{ 65536, 1 }, { 524288, 1 }, { 1048576, 0 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct mp_slabs slabs = { 0 };
		struct mp_regions *r = &slabs.regions;

		mp_slabs_init(&slabs, &upstream, NULL, rows[i].page_size, 0);
		mp_slabs_use_regions(&slabs, MP_HUGEPAGES_NEVER);
		cr_assert_not(mp_regions_are_used(r));
		mp_slabs_use_regions(&slabs, MP_HUGEPAGES_ALWAYS);
		cr_assert_eq(r->pieces, rows[i].pieces, "%zu: %u",
			     rows[i].page_size, r->pieces);
		cr_assert_leq(r->pages, MP_SLAB_PAGES_MAX);
		cr_assert_leq(r->pages * slabs.stride, r->bytes);
		cr_assert_leq(r->pieces * r->bytes, MP_REGION_BYTES);
	}
}

static void *refuse(void *context, size_t size, size_t alignment)
{
	(void)context;
	(void)size;
	(void)alignment;
	cr_assert_fail("the host was asked for a region");
	return NULL;
}

Test(region, without_room_there_is_none)
{
	uint32_t index;

	open_regions(MP_HUGEPAGES_MADVISE);
	upstream.budget.limit = 3 * MP_REGION_BYTES / 2;
	take(0, PIECES);
	for (int i = 0; i < 100; i++)
		cr_assert_null(mp_regions_take(&regions, &index));
	cr_assert_eq(mp_table_count(&regions.table), 2);
	give(4);
	take(4, 5);
	upstream.budget.limit = SIZE_MAX;
	upstream.map = refuse;
	cr_assert_null(mp_regions_take(&regions, &index));
	upstream.map = NULL;
	mp_store_relaxed(&regions.mapping, true);
	cr_assert_null(mp_regions_take(&regions, &index), "another one maps");
	/* Who will never end, in a fork child; nor will this piece come. */
	give(4);
	mp_store_relaxed(&regions.free, 5);
	mp_store_relaxed(&regions.dirty, 5);
	mp_regions_after_fork(&regions);
	check_counts(1, 1);
	take(0, 2);
	cr_assert_eq(region[1], 2);
	mp_regions_release(&regions);
	cr_assert_eq(used(), 0);
}

/* ---- threads ------------------------------------------------------------- */

#define THREADS 4
#define ROUNDS 3000
#define HELD 5

static atomic_uint faults;

/* Nobody else writes to a piece of ours, nor does it go away. */
static void *churn(void *argument)
{
	uint32_t self = *(uint32_t *)argument;
	uint32_t state = self;
	char *mine[HELD] = { NULL };
	uint32_t index[HELD];

	for (uint32_t round = 0; round < ROUNDS; round++) {
		uint32_t i = (state = state * 1664525 + 1013904223) >> 8;
		uint32_t *mark = NULL;

		i %= HELD;
		mark = (uint32_t *)(void *)mine[i];
		if (mine[i]) {
			faults += *mark != (self << 8) + i;
			mp_regions_give(&regions, index[i], mine[i]);
			mine[i] = NULL;
		} else {
			mine[i] = mp_regions_take(&regions, &index[i]);
			if (mine[i])
				*(uint32_t *)(void *)mine[i] = (self << 8) + i;
		}
		if (round % 7 == 0)
			mp_regions_settle(&regions);
	}
	for (uint32_t i = 0; i < HELD; i++) {
		if (mine[i])
			mp_regions_give(&regions, index[i], mine[i]);
	}
	return NULL;
}

static void run_churn(enum mp_hugepages mode)
{
	pthread_t thread[THREADS];
	uint32_t number[THREADS];

	open_regions(mode);
	for (uint32_t i = 0; i < THREADS; i++) {
		number[i] = i + 1;
		pthread_create(&thread[i], NULL, churn, &number[i]);
	}
	for (uint32_t i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	cr_assert_eq(faults, 0);
	cr_assert_eq(used(), 0, "all are back, so none is left");
	check_counts(0, 0);
	mp_regions_release(&regions);
}

Test(region, threads_do_not_share_pieces)
{
	run_churn(MP_HUGEPAGES_MADVISE);
	memset(&regions, 0, sizeof regions);
	run_churn(MP_HUGEPAGES_ALWAYS);
}

/* ---- slabs on top of it -------------------------------------------------- */

#define SLAB_PAGES (2 * PIECES * PAGES)

static struct mp_slabs slabs;
static struct mp_trip trip;
static struct mp_page *page[SLAB_PAGES];

static void ignore(struct mp_page *one)
{
	(void)one;
}

static void fill(enum mp_hugepages mode)
{
	mp_slabs_init(&slabs, &upstream, NULL, 4096, 0);
	mp_slabs_use_regions(&slabs, mode);
	for (int i = 0; i < SLAB_PAGES; i++) {
		page[i] = mp_slabs_take(&slabs, &trip);
		cr_assert_not_null(page[i]);
		memset(mp_page_start(page[i]), i % 97, 4096);
	}
	cr_assert_eq(used(), 2 * MP_REGION_BYTES);
}

/* Every third one stays. */
static size_t park_most(void)
{
	for (int i = 0; i < SLAB_PAGES; i++) {
		if (i % 3)
			mp_slabs_park(&slabs, page[i]);
	}
	return mp_slabs_settle_all(&slabs, &trip);
}

static void check_rest(void)
{
	for (int i = 0; i < SLAB_PAGES; i += 3) {
		cr_assert(mp_page_is_one(page[i]));
		for (int at = 0; at < 4096; at++)
			cr_assert_eq(mp_page_start(page[i])[at], i % 97);
		mp_slabs_park(&slabs, page[i]);
	}
	cr_assert_gt(mp_slabs_settle_all(&slabs, &trip), 0);
	cr_assert_eq(used(), 0, "both regions are gone");
	mp_slabs_release(&slabs, ignore);
}

Test(region, slabs_give_pages_back_in_madvise)
{
	fill(MP_HUGEPAGES_MADVISE);
	cr_assert_gt(park_most(), SLAB_PAGES / 3 * 4096);
	check_rest();
}

Test(region, slabs_keep_their_memory_in_always)
{
	fill(MP_HUGEPAGES_ALWAYS);
	cr_assert_eq(park_most(), 0);
	cr_assert_eq(mp_page_start(page[1])[100], 1);
	/* And use it again. */
	for (int i = 0; i < SLAB_PAGES; i++) {
		if (i % 3)
			page[i] = mp_slabs_take(&slabs, &trip);
	}
	cr_assert_eq(used(), 2 * MP_REGION_BYTES);
	park_most();
	check_rest();
}

/* A slab that went alone: its piece is given back at once. */
Test(region, one_slab_gives_its_piece_back)
{
	uint32_t index;
	size_t bytes = 0;

	fill(MP_HUGEPAGES_MADVISE);
	index = mp_page_slab(page[0]);
	for (int i = 0; i < SLAB_PAGES; i++) {
		if (mp_page_slab(page[i]) == index)
			mp_slabs_park(&slabs, page[i]);
	}
	bytes = mp_slabs_settle(&slabs, index, &trip);
	cr_assert_eq(bytes, PIECE);
	cr_assert_eq(mp_slabs_settle(&slabs, index, &trip), 0);
	mp_slabs_release(&slabs, ignore);
	cr_assert_eq(used(), 0);
}

/* Near a limit slabs are as small as they have to be. */
Test(region, near_a_limit_slabs_have_mappings_of_their_own)
{
	int count = 0;

	upstream.budget.limit = MP_REGION_BYTES + (300 << 10);
	mp_slabs_init(&slabs, &upstream, NULL, 4096, 0);
	mp_slabs_use_regions(&slabs, MP_HUGEPAGES_ALWAYS);
	while (count < SLAB_PAGES &&
	       (page[count] = mp_slabs_take(&slabs, &trip)))
		count++;
	cr_assert_gt(count, (PIECES + 1) * PAGES);
	cr_assert_lt(count, SLAB_PAGES);
	for (int i = 0; i < count; i++)
		mp_slabs_park(&slabs, page[i]);
	mp_slabs_settle_all(&slabs, &trip);
	cr_assert_leq(used(), 300 << 10);
	mp_slabs_release(&slabs, ignore);
	cr_assert_eq(used(), 0);
}
