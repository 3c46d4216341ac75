/* SPDX-License-Identifier: MIT */
/*
 * Shards by node.  The nodes are this test's: it defines the functions of
 * nodes.h, so that the library's are left out of the link.
 */
#include "nodes.h"
#include "pool.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>

#define NODES 2
#define SHARDS 4
#define MANY 400

static __thread struct mp_place here;

uint32_t mp_nodes_count(const char *directory)
{
	(void)directory;
	return NODES;
}

struct mp_place mp_nodes_here(void)
{
	return here;
}

static struct magpool *pool;

/* Magazines of two; enough shards for two processors on each node. */
static void setup(void)
{
	setenv("MAGPOOL_SHARDS", "3", 1);
	setenv("MAGPOOL_CACHE_BYTES", "16K", 1);
	pool = magpool_create(NULL);
	cr_assert_not_null(pool);
	cr_assert_eq(pool->depot.shards, SHARDS, "3, rounded");
}

TestSuite(locality, .init = setup);

/* Who gets and returns so many, as a thread of its own. */
struct worker {
	uint8_t node, number;
	uint32_t count;
	struct magpool_arena *arena[MANY];
};

static struct worker worker;

static void *get(void *unused)
{
	here = (struct mp_place){ worker.node, worker.number };
	for (uint32_t i = 0; i < worker.count; i++) {
		worker.arena[i] = magpool_get_from(pool);
		cr_assert_not_null(worker.arena[i]);
	}
	return unused;
}

static void *put(void *unused)
{
	here = (struct mp_place){ worker.node, worker.number };
	for (uint32_t i = 0; i < worker.count; i++)
		magpool_return(worker.arena[i]);
	return unused;
}

static void run(void *(*work)(void *), uint8_t node, uint8_t number,
		uint32_t count)
{
	pthread_t thread;

	worker.node = node;
	worker.number = number;
	worker.count = count;
	cr_assert_eq(pthread_create(&thread, NULL, work, NULL), 0);
	pthread_join(thread, NULL);
}

static uint64_t in_shard(uint32_t shard)
{
	struct mp_depot_content content =
		mp_shard_content(&pool->depot.shard[shard]);

	return content.pages + content.loose;
}

static uint64_t on_node(uint32_t node)
{
	return in_shard(node * SHARDS / NODES) +
	       in_shard(node * SHARDS / NODES + 1);
}

static uint64_t full_on(uint32_t node)
{
	struct mp_shard *shard = &pool->depot.shard[node * SHARDS / NODES];

	return mp_shard_content(&shard[0]).full +
	       mp_shard_content(&shard[1]).full;
}

static uint64_t pages(void)
{
	return mp_pool_pages(pool);
}

Test(locality, what_is_given_on_a_node_lies_there)
{
	run(get, 0, 0, MANY);
	run(put, 0, 0, MANY);
	cr_assert_eq(on_node(0), MANY);
	run(get, 0, 1, MANY);
	run(put, 1, 1, MANY);
	cr_assert_eq(on_node(1), MANY);
	cr_assert_eq(in_shard(3), MANY, "that of its second processor");
	cr_assert_eq(pages(), MANY);
}

/*
 * Half of it on each; a node takes all its own magazines before any other's.
 * A thread that only returns starts without a cache, so that some are loose;
 * one that ends has some left.
 */
#define LOOSE 4

Test(locality, what_lies_on_the_own_node_is_taken_first)
{
	for (uint8_t node = 0; node < NODES; node++) {
		uint8_t other = (uint8_t)!node;

		run(get, 0, 0, MANY);
		worker.count = MANY / 2;
		run(put, node, 0, MANY / 2);
		for (uint32_t i = 0; i < MANY / 2; i++)
			worker.arena[i] = worker.arena[i + MANY / 2];
		run(put, other, 1, MANY / 2);
		cr_assert_eq(on_node(0), MANY / 2);
		cr_assert_eq(on_node(1), MANY / 2);
		/* The first ones are on the shard of the other processor. */
		run(get, node, 1, MANY / 2);
		cr_assert_leq(full_on(node), LOOSE);
		cr_assert_geq(on_node(other), MANY / 2 - LOOSE);
		run(put, node, 1, MANY / 2);
		cr_assert_eq(pages(), MANY);
		magpool_trim(pool);
		cr_assert_eq(pages(), 0);
	}
}

Test(locality, what_lies_on_another_node_is_found)
{
	run(get, 1, 0, MANY);
	run(put, 1, 0, MANY);
	run(get, 0, 0, MANY);
	cr_assert_eq(on_node(1), 0);
	cr_assert_eq(pages(), MANY, "nothing was made");
	run(put, 0, 0, MANY);
	cr_assert_eq(on_node(0), MANY);
}

static void *move_about(void *arena)
{
	struct magpool_arena **out = arena;

	for (uint32_t i = 0; i < MANY; i++) {
		here = (struct mp_place){ (uint8_t)(i / 7 % NODES), 1 };
		out[i] = magpool_get_from(pool);
		cr_assert_not_null(out[i]);
	}
	for (uint32_t round = 0; round < 100; round++) {
		for (uint32_t i = 0; i < MANY; i++) {
			here.node = (uint8_t)((round + i) % NODES);
			magpool_return(out[i]);
			here.node = (uint8_t)(i % 3);
			here.number = (uint8_t)(i / 5 % 2);
			out[i] = magpool_get_from(pool);
		}
	}
	for (uint32_t i = 0; i < MANY; i++) {
		here.node = (uint8_t)(i / 64 % NODES);
		magpool_return(out[i]);
	}
	return NULL;
}

/* Also with processors that came when the nodes had been counted. */
Test(locality, nothing_is_lost_when_threads_move)
{
	static struct magpool_arena *out[4][MANY];
	pthread_t thread[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, move_about, out[i]);
	for (int i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	cr_assert_eq(on_node(0) + on_node(1), pages());
	cr_assert_leq(pages(), 4 * (MANY + 1));
	magpool_trim(pool);
	cr_assert_eq(pages(), 0);
	cr_assert_eq(mp_load_relaxed(&pool->upstream.budget.used), 0);
}

/* Whose threads have nothing in their caches. */
Test(debug_locality, threads_without_a_cache_have_a_node)
{
	setenv("MAGPOOL_DEBUG", "1", 1);
	setup();
	run(get, 1, 1, MANY);
	run(put, 1, 1, MANY);
	cr_assert_eq(in_shard(3), MANY);
	run(get, 1, 0, MANY);
	run(put, 0, 1, MANY);
	cr_assert_eq(in_shard(1), MANY);
	cr_assert_eq(pages(), MANY);
}
