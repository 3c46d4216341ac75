/* SPDX-License-Identifier: MIT */
/* Operations: pools, and what they say about themselves. */
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PICK(choices, n) \
	((choices)[(n) % (sizeof(choices) / sizeof *(choices))])

/* Only says that there is one: see world_make_pool(). */
static void *no_map(void *context, size_t size, size_t alignment)
{
	(void)context;
	(void)size;
	(void)alignment;
	return NULL;
}

static void no_unmap(void *context, void *address, size_t size)
{
	(void)context;
	(void)address;
	(void)size;
}

static struct magpool_options some_options(struct fuzz_input *input)
{
	static const size_t pages[] = { 0,    256,  300,  1000,
					1024, 4096, 8192, 16384 };
	static const size_t rounds[] = { 0, 1, 2, 4, 16, 256, 1, 3 };
	static const size_t caches[] = { 0, 0, 1, 4096 };
	static const size_t depots[] = { 0, 0, 1, 8192 };
	static const size_t retains[] = { 0, 0, 1, 65536 };
	static const size_t limits[] = { 0,      0,      0,      0,
					 262144, 524288, 300000, 1048576 };
	static const size_t arenas[] = { 0, 0, 0, 0, 0, 20000, 70000, 300 };
	static const char *const names[] = { NULL, "x", "",
					     "a name that is much longer than "
					     "what is kept of it\n" };
	size_t a = fuzz_byte(input), b = fuzz_byte(input);
	size_t c = fuzz_byte(input);

	return (struct magpool_options){
		.size = sizeof(struct magpool_options),
		.page_size = PICK(pages, a),
		.magazine_rounds = PICK(rounds, a >> 3),
		.cache_bytes = PICK(caches, a >> 6),
		.depot_bytes = PICK(depots, b),
		.retain_bytes = PICK(retains, b >> 2),
		.name = PICK(names, b >> 4),
		.flags = b & 64 ? MAGPOOL_ZERO_ON_RETURN : 0,
		.map = b & 128 ? NULL : no_map,
		.unmap = b & 128 ? NULL : no_unmap,
		.max_bytes = PICK(limits, c),
		.max_arena_bytes = PICK(arenas, c >> 3),
	};
}

void pools_create(struct fuzz_input *input)
{
	struct world_pool *pool = world_free_pool();
	struct magpool_options options;

	if (!pool)
		return;
	options = some_options(input);
	world_make_pool(pool, &options);
	world_check_pool(pool);
}

void pools_destroy(struct fuzz_input *input)
{
	struct world_pool *pool = world_some_pool(input);
	struct magpool *before = pool->pool;
	int error;

	if (pool == &world.pool[0] || pool->abandoned)
		return;
	world_call();
	error = magpool_destroy(&pool->pool);
	world_kept();
	if (pool->arenas || pool->caches) {
		FUZZ_CHECK(error == -EBUSY && pool->pool == before, "%d",
			   error);
		world_check_pool(pool);
	} else {
		FUZZ_CHECK(error == 0 && !pool->pool, "%d", error);
		world_forget_pool(pool);
	}
}

void pools_abandon(struct fuzz_input *input)
{
	struct world_pool *pool = world_some_pool(input);
	struct magpool *mine = pool->pool;

	if (pool == &world.pool[0] || pool->abandoned)
		return;
	world_call();
	magpool_abandon(&mine);
	world_kept();
	FUZZ_CHECK(!mine, "the pointer is still there");
	pool->abandoned = true;
	world_reap(pool);
}

/* NULL, all of them, now and then. */
static struct magpool *pool_or_all(const struct world_pool *pool, size_t choice)
{
	return choice % 4 ? pool->pool : NULL;
}

void pools_trim(struct fuzz_input *input)
{
	struct world_pool *pool = world_some_pool(input);
	struct magpool *which = pool_or_all(pool, fuzz_byte(input));
	struct magpool_stats before, after;
	size_t bytes;

	(void)magpool_stats_read(pool->pool, &before, sizeof before);
	world_call();
	bytes = magpool_trim(which);
	world_kept();
	(void)magpool_stats_read(pool->pool, &after, sizeof after);
	FUZZ_CHECK(after.bytes_mapped <= before.bytes_mapped, "more is mapped");
	FUZZ_CHECK(bytes >= before.bytes_mapped - after.bytes_mapped,
		   "%zu bytes", bytes);
	world_check();
}

void pools_flush(struct fuzz_input *input)
{
	struct world_pool *pool = world_some_pool(input);
	struct magpool *which = pool_or_all(pool, fuzz_byte(input));

	world_call();
	magpool_thread_flush(which);
	world_kept();
	world_check_pool(pool);
}

/* From now on upstream fails after some more calls, or does not any more. */
void pools_short(struct fuzz_input *input)
{
	struct world_pool *pool = world_some_pool(input);
	size_t left = fuzz_byte(input);

	if (pool->own_upstream)
		pool->left = left < 200 ? left % 8 : SIZE_MAX;
}

/* ---- statistics ---------------------------------------------------------- */

static void read_some(const struct magpool *pool, size_t size)
{
	struct {
		struct magpool_stats known;
		uint64_t more[4];
	} out;
	const unsigned char *bytes = memset(&out, 0x5a, sizeof out);
	size_t known;

	world_call();
	known = magpool_stats_read(pool, &out.known, size);
	world_kept();
	FUZZ_CHECK(known == sizeof out.known, "%zu", known);
	for (size_t i = size; i < sizeof out; i++)
		FUZZ_CHECK(bytes[i] == 0x5a, "byte %zu of %zu", i, size);
	for (size_t i = known; i < size; i++)
		FUZZ_CHECK(!bytes[i], "byte %zu of %zu", i, size);
}

static void print_to(const struct magpool *pool, int fd, int expected)
{
	int error;

	world_call();
	error = magpool_stats_print(pool, fd);
	world_kept();
	FUZZ_CHECK(error == expected, "%d", error);
}

void pools_statistics(struct fuzz_input *input)
{
	static int nowhere = -1;
	struct world_pool *pool = world_some_pool(input);
	size_t choice = fuzz_byte(input);

	if (nowhere < 0)
		nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	FUZZ_CHECK(nowhere >= 0, "errno %d", errno);
	read_some(pool_or_all(pool, choice),
		  choice * 8 % (sizeof(struct magpool_stats) + 32));
	print_to(pool_or_all(pool, choice), nowhere, 0);
	print_to(pool->pool, -1, -EBADF);
	FUZZ_CHECK(!magpool_stats_name(choice) ==
			   (choice >= sizeof(struct magpool_stats) / 8),
		   "word %zu", choice);
}
