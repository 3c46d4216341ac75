/* SPDX-License-Identifier: MIT */
/* What all verbs of the host use. */
#ifndef TEST_DEBUG_HOST_H
#define TEST_DEBUG_HOST_H

#include <magpool/magpool.h>

#include "hide.h"

#define LARGE 100000

_Noreturn void host_fail(const char *what);
void host_must(int good, const char *what);

/* With a label. */
struct magpool_arena *host_get(void);

/* The compiler does not see where it comes from. */
char *host_take(struct magpool_arena *arena, size_t size);

void host_write_all(char *bytes, size_t size);

/* Each way to allocate, several times; gives back its argument. */
void *host_use_all(void *unused);

#endif
