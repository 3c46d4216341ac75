/* SPDX-License-Identifier: MIT */
#include "kept.h"

#include "platform.h"

/* The low bits of a word: system pages, or that it is at least so many. */
#define SIZE_MANY ((uintptr_t)4095)

static uintptr_t word_of(const struct mp_kept *kept, struct mp_block *block)
{
	size_t pages = block->bytes / kept->system_page;

	return (uintptr_t)block | (pages < SIZE_MANY ? pages : SIZE_MANY);
}

static struct mp_block *block_of(uintptr_t word)
{
	return (struct mp_block *)(word & ~SIZE_MANY);
}

static uintptr_t size_of(uintptr_t word)
{
	return word & SIZE_MANY;
}

void mp_kept_init(struct mp_kept *kept, size_t limit, struct mp_tally *now)
{
	kept->budget.limit = limit;
	kept->now = now;
	kept->system_page = mp_platform_page_size();
}

static _Atomic uintptr_t *word_at(struct mp_kept *kept, uint32_t home,
				  uint32_t i)
{
	return &kept->word[(home * MP_KEPT_HOME + i) % MP_KEPT_WORDS];
}

/* Takes that word out, if it is still there. */
static bool claim(_Atomic uintptr_t *at, uintptr_t word)
{
	/* Acquire: see offer(). */
	return mp_cas_acquire(at, &word, 0);
}

static bool offer(_Atomic uintptr_t *at, uintptr_t word)
{
	uintptr_t none = 0;

	/* Release: our use of the block and of its header comes before that of
	 * whoever claims it. */
	return mp_load_relaxed(at) == 0 && mp_cas_release(at, &none, word);
}

static bool place(struct mp_kept *kept, uint32_t home, struct mp_block *block)
{
	uintptr_t word = word_of(kept, block);

	for (uint32_t i = 0; i < MP_KEPT_WORDS; i++)
		if (offer(word_at(kept, home, i), word))
			return true;
	return false;
}

static size_t unmap(struct mp_kept *kept, struct mp_upstream *upstream,
		    struct mp_block *block)
{
	mp_budget_release(&kept->budget, block->bytes);
	block->next = NULL;
	return mp_block_unmap_all(upstream, block);
}

/* Unmaps the first one that there is; false: none. */
static bool evict(struct mp_kept *kept, struct mp_upstream *upstream,
		  uint32_t home)
{
	for (uint32_t i = 0; i < MP_KEPT_WORDS; i++) {
		_Atomic uintptr_t *at = word_at(kept, home, i);
		uintptr_t word = mp_load_relaxed(at);

		if (word && claim(at, word)) {
			unmap(kept, upstream, block_of(word));
			return true;
		}
	}
	return false;
}

/* Several small ones make way for a large one. */
#define EVICTED_MAX 4

bool mp_kept_reserve(struct mp_kept *kept, struct mp_upstream *upstream,
		     uint32_t home, size_t bytes)
{
	for (int i = 0; i < EVICTED_MAX; i++) {
		if (mp_budget_reserve(&kept->budget, bytes))
			return true;
		/* It may all be front blocks (chain.h), which do not. */
		if (bytes > kept->budget.limit || !evict(kept, upstream, home))
			return false;
	}
	return mp_budget_reserve(&kept->budget, bytes);
}

/* Needed neither in this interval nor in the last one. */
static bool is_old(const struct mp_kept *kept, const struct mp_block *block)
{
	return block->needed + 1 < mp_tally_read(kept->now);
}

bool mp_kept_put(struct mp_kept *kept, struct mp_upstream *upstream,
		 uint32_t home, struct mp_block *block)
{
	if (block->used >= block->bytes / 4)
		block->needed = mp_tally_read(kept->now);
	if (is_old(kept, block) ||
	    !mp_kept_reserve(kept, upstream, home, block->bytes))
		return false;
	/* The words are full only if all of them are small: one makes way. */
	if (place(kept, home, block) ||
	    (evict(kept, upstream, home) && place(kept, home, block)))
		return true;
	mp_budget_release(&kept->budget, block->bytes);
	return false;
}

/* ---- take ---------------------------------------------------------------- */

/* Could it be that one?  Its size is in the word, if it is not too large. */
static bool may_fit(const struct mp_kept *kept, uintptr_t word,
		    const struct mp_kept_wish *wish)
{
	size_t bytes = size_of(word) * kept->system_page;

	if (!word || bytes > wish->most)
		return false;
	return size_of(word) == SIZE_MANY ||
	       mp_block_room(block_of(word), bytes, wish->alignment) >=
		       wish->size;
}

/* The smallest of the first `count` words, or 0. */
static uintptr_t find(struct mp_kept *kept, uint32_t home, uint32_t count,
		      const struct mp_kept_wish *wish,
		      _Atomic uintptr_t **where)
{
	uintptr_t best = 0;

	for (uint32_t i = 0; i < count; i++) {
		_Atomic uintptr_t *at = word_at(kept, home, i);
		uintptr_t word = mp_load_relaxed(at);

		if ((best == 0 || size_of(word) < size_of(best)) &&
		    may_fit(kept, word, wish)) {
			best = word;
			*where = at;
		}
	}
	return best;
}

/* NULL also if another one took it first, or it is not so after all: then a new
 * one is mapped. */
static struct mp_block *take_of(struct mp_kept *kept,
				struct mp_upstream *upstream, uint32_t home,
				uint32_t count, const struct mp_kept_wish *wish)
{
	_Atomic uintptr_t *at = NULL;
	uintptr_t word = find(kept, home, count, wish, &at);
	struct mp_block *block = block_of(word);

	if (!word || !claim(at, word))
		return NULL;
	if (block->bytes <= wish->most &&
	    mp_block_fits(block, wish->size, wish->alignment)) {
		mp_budget_release(&kept->budget, block->bytes);
		return block;
	}
	if (!offer(at, word))
		unmap(kept, upstream, block);
	return NULL;
}

struct mp_block *mp_kept_take(struct mp_kept *kept,
			      struct mp_upstream *upstream, uint32_t home,
			      const struct mp_kept_wish *wish)
{
	struct mp_block *block;

	/* A hint: most pools keep nothing. */
	if (!mp_load_relaxed(&kept->budget.used))
		return NULL;
	block = take_of(kept, upstream, home, MP_KEPT_HOME, wish);
	return block ? block
		     : take_of(kept, upstream, home, MP_KEPT_WORDS, wish);
}

/* ---- giving back --------------------------------------------------------- */

/* What may stay is out of its word for a moment: only its owner may look. */
static size_t sweep(struct mp_kept *kept, struct mp_upstream *upstream,
		    bool all)
{
	size_t bytes = 0;

	for (uint32_t i = 0; i < MP_KEPT_WORDS; i++) {
		uintptr_t word = mp_load_relaxed(&kept->word[i]);
		struct mp_block *block = block_of(word);

		if (!word || !claim(&kept->word[i], word))
			continue;
		if (all || is_old(kept, block) || !offer(&kept->word[i], word))
			bytes += unmap(kept, upstream, block);
	}
	return bytes;
}

size_t mp_kept_age(struct mp_kept *kept, struct mp_upstream *upstream)
{
	return sweep(kept, upstream, false);
}

size_t mp_kept_drop(struct mp_kept *kept, struct mp_upstream *upstream)
{
	return sweep(kept, upstream, true);
}
