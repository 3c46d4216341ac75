/* SPDX-License-Identifier: MIT */
/* What all verbs of the host use. */
#ifndef TEST_DEBUG_HOST_H
#define TEST_DEBUG_HOST_H

#include <magpool/magpool.h>
#include <stdint.h>

#include "hide.h"

#define SMALL 13
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

/* The sums hold, and so many calls were told as misuse. */
void host_check_sums(uint64_t misuse);

/* ---- verbs (harmless.c) -------------------------------------------------- */

void host_fine(void);
void host_many(void);
void host_own_memory(void);
void host_guarded(void);
void host_maps(void);
void host_late_pools(void);
void host_no_malloc(void);
void host_limit(void);
void host_refused(void);
void host_sizes(void);
void host_zero(void);
void host_handler(void);
void host_jumps(void);

/* (leaks.c) */
void host_leak(void);
void host_leak_many(void);
void host_leak_in_a_child(void);
void host_hold(void);
void host_drop(void);

#endif
