/* SPDX-License-Identifier: MIT */
/*
 * Sequences of calls: each operation is one byte and its arguments.  The model
 * checks each call as it comes, and everything now and then.
 */
#include "world.h"

#define OPERATIONS_MAX 256 /* bounds what one input may cost */
#define CHECK_EVERY 8

/*
 * What a byte means, its two highest bits apart.  Kept inputs live on these
 * numbers: a new operation takes the place of one that is there several times.
 */
static world_operation *const operations[64] = {
	loans_get,           loans_get,
	loans_get,           loans_get,
	loans_get,           loans_return,
	loans_return,        loans_return,
	loans_return,        loans_get_batch,
	loans_return_batch,  loans_elsewhere,
	take_alloc,          take_alloc,
	take_alloc,          take_alloc,
	take_alloc,          take_by_hand,
	take_by_hand,        take_by_hand,
	take_words_back,     take_zalloc,
	take_zalloc,         take_aligned,
	take_aligned,        take_array,
	take_zalloc_array,   take_memdup,
	take_strdup,         take_strndup,
	take_strmem,         take_strv,
	take_strv,           take_format,
	take_reserve,        take_reserve,
	take_reserve,        take_commit,
	take_commit,         take_commit,
	take_rewind,         take_rewind,
	take_rewind,         take_reset,
	take_reset,          pools_create,
	pools_create,        pools_create,
	pools_destroy,       pools_abandon,
	pools_trim,          pools_flush,
	pools_short,         pools_statistics,
	loans_create_cache,  loans_create_cache,
	loans_destroy_cache, loans_flush_cache,
	misuse_return_twice, misuse_use_after_return,
	misuse_marks,        misuse_foreign_return,
	misuse_pools,        misuse_options,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, data + size };

	world_begin();
	for (size_t i = 1; i <= OPERATIONS_MAX && input.at < input.end; i++) {
		operations[fuzz_byte(&input) % 64](&input);
		if (i % CHECK_EVERY == 0)
			world_check();
	}
	world_check();
	world_end();
	return 0;
}
