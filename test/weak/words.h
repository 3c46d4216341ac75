/* SPDX-License-Identifier: MIT */
/* For what closes pages, in front of src/cache.c. */
#ifndef WEAK_WORDS_H
#define WEAK_WORDS_H

#include <magpool/magpool.h>

#include <string.h>

/* GenMC wants a store for each word, where src/page.h clears both. */
static inline void clear_words(struct magpool_arena *words)
{
	words->cursor = NULL;
	words->limit = NULL;
}

#define memset(words, value, size) clear_words(words)

#endif
