/* SPDX-License-Identifier: MIT */
/* What the Criterion tests share. */
#ifndef TEST_UNIT_UNIT_H
#define TEST_UNIT_UNIT_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <magpool/magpool.h>

#include "child.h"
#include "crowd.h"
#include "hide.h"
#include "random.h"
#include "segment.h"
#include "sums.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Inline allocation is switched off where a sanitizer watches the arenas. */
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED 1
#elif defined __has_feature
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* An errno that nothing sets. */
#define UNTOUCHED 4711

/* A pool with these fields of struct magpool_options; never NULL. */
#define unit_pool(...)                              \
	unit_pool_create(&(struct magpool_options){ \
		.size = sizeof(struct magpool_options), __VA_ARGS__ })

static inline struct magpool *
unit_pool_create(const struct magpool_options *options)
{
	struct magpool *pool = magpool_create(options);

	cr_assert_not_null(pool, "magpool_create: errno %d", errno);
	return pool;
}

static inline struct magpool_arena *unit_get(struct magpool *pool)
{
	struct magpool_arena *arena = magpool_get_from(pool);

	cr_assert_not_null(arena, "magpool_get_from: errno %d", errno);
	return arena;
}

/* Bytes of the process that are in memory. */
static inline size_t unit_resident(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	size_t total, pages;

	cr_assert_not_null(file);
	cr_assert_eq(fscanf(file, "%zu %zu", &total, &pages), 2);
	fclose(file);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static inline void unit_sums(const struct magpool *pool)
{
	const char *fault = sums_fault(pool);

	cr_assert_null(fault, "%s", fault);
	fault = segment_fault(pool);
	cr_assert_null(fault, "%s", fault);
}

/* Every scenario ends so: the sums hold and nothing is out. */
static inline void unit_end(struct magpool *pool)
{
	unit_sums(pool);
	cr_assert_eq(sums_read(pool).arenas_out, 0);
	cr_assert_eq(magpool_destroy(&pool), 0);
	cr_assert_null(pool);
}

/* Fails with the expected errno and no change of the arena. */
#define unit_refused(arena, call, error)                       \
	do {                                                   \
		size_t unit_used = magpool_used(arena);        \
		errno = 0;                                     \
		cr_assert_null(call);                          \
		cr_assert_eq(errno, error, "errno %d", errno); \
		cr_assert_eq(magpool_used(arena), unit_used);  \
	} while (0)

static inline bool unit_all(const void *bytes, size_t size, int value)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < size; i++) {
		if (at[i] != value)
			return false;
	}
	return true;
}

#endif
