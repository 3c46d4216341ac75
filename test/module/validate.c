/* SPDX-License-Identifier: MIT */
/* The validator walks the structures, and it can fail. */
#include "validate.h"

#include "registry.h"

#include <criterion/criterion.h>

#define HELD 100

static struct magpool *pool;

static void use_pool(void)
{
	struct magpool_options options = { .size = sizeof options,
					   .magazine_rounds = 4 };
	struct magpool_arena *arena[HELD];

	pool = magpool_create(&options);
	cr_assert_not_null(pool);
	for (int i = 0; i < HELD; i++)
		arena[i] = magpool_get_from(pool);
	for (int i = 0; i < HELD; i++)
		magpool_return(arena[i]);
}

TestSuite(validate, .init = use_pool);

Test(validate, a_used_pool_holds)
{
	cr_assert_null(mp_validate(pool));
	magpool_thread_flush(pool);
	cr_assert_null(mp_validate(pool));
	magpool_trim(pool);
	cr_assert_null(mp_validate(pool));
	cr_assert_eq(magpool_destroy(&pool), 0);
}

static struct mp_magazine *some_full(void)
{
	struct mp_depot *depot = &pool->depot;

	for (uint32_t i = 0; i < depot->shards; i++) {
		uint32_t index = mp_list_peek(&depot->shard[i].full);

		if (index)
			return mp_magazine_at(&depot->magazines, index);
	}
	cr_assert_fail("no full magazine in the depot");
	return NULL;
}

Test(validate, a_page_twice_is_seen)
{
	struct mp_magazine *full = some_full();

	full->round[0] = full->round[1];
	cr_assert_str_eq(mp_validate(pool), "a page is in two places");
}

Test(validate, a_lost_page_is_seen)
{
	struct mp_magazine *full = some_full();

	mp_magazine_set_count(full, 3);
	cr_assert_not_null(mp_validate(pool));
}

Test(validate, a_lost_magazine_is_seen)
{
	struct mp_trip trip = { 0, 0, 0 };

	cr_assert_not_null(mp_depot_take_full(&pool->depot, 0, &trip));
	cr_assert_not_null(mp_validate(pool));
}

Test(validate, a_ring_is_seen)
{
	struct mp_magazine *full = some_full();

	mp_store_relaxed(&full->link.next, full->index);
	cr_assert_not_null(mp_validate(pool));
}

Test(validate, a_page_that_is_not_closed_is_seen)
{
	struct mp_page *page = some_full()->round[0];

	page->words.cursor = (char *)page;
	cr_assert_str_eq(mp_validate(pool),
			 "a page in the depot is not closed");
	page->words.cursor = NULL;
	cr_assert_null(mp_validate(pool));
	page->check++;
	cr_assert_str_eq(mp_validate(pool),
			 "a page in the depot is not closed");
	page->check--;
	cr_assert_null(mp_validate(pool));
}

Test(validate, a_magazine_in_the_wrong_list_is_seen)
{
	struct mp_magazine *full = some_full();
	uint32_t count = mp_magazine_count(full);

	mp_magazine_set_count(full, 0);
	cr_assert_str_eq(mp_validate(pool), "a magazine in the wrong list");
	mp_magazine_set_count(full, count);
	cr_assert_null(mp_validate(pool));
}

#define CHECK_NUMBER(word, one)                                               \
	do {                                                                  \
		cr_assert_null(mp_validate(pool));                            \
		mp_add_relaxed(word, one);                                    \
		cr_assert_str_eq(mp_validate(pool),                           \
				 "the depot's counts are not what is in it"); \
		mp_sub_relaxed(word, one);                                    \
		cr_assert_null(mp_validate(pool));                            \
	} while (0)

Test(validate, a_wrong_number_is_seen)
{
	struct mp_shard *shard = &pool->depot.shard[0];

	CHECK_NUMBER(&shard->content, 1);
	CHECK_NUMBER(&shard->content, MP_CONTENT_ONE);
	CHECK_NUMBER(&shard->empties, 1);
	CHECK_NUMBER(&shard->loose_pages, 1);
	cr_assert_not_null(mp_magazine_make(&pool->depot.magazines));
	cr_assert_str_eq(mp_validate(pool),
			 "magazines are missing or too many");
}

/* And nothing behind it is looked at. */
Test(validate, a_loose_page_that_is_not_closed_is_seen)
{
	struct mp_trip trip = { 0, 0, 0 };

	for (int i = 0; i < 2; i++) {
		struct mp_page *page = mp_slabs_take(&pool->slabs, &trip);

		cr_assert_not_null(page);
		page->words.cursor = i ? (char *)page : NULL;
		mp_depot_push_loose(&pool->depot, 0, page);
	}
	cr_assert_str_eq(mp_validate(pool),
			 "a page in the depot is not closed");
}
