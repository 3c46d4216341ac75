/* SPDX-License-Identifier: MIT */
/*
 * What the tools that watch a program's memory are told: AddressSanitizer,
 * LeakSanitizer, MemorySanitizer and valgrind's memcheck.
 *
 * The sanitizers are found by weak symbols, valgrind by asking, so that the
 * ordinary build of the library works with each of them.  Without any, a call
 * is a few tests and does nothing.
 */
#ifndef MP_WATCH_H
#define MP_WATCH_H

#include <stdbool.h>
#include <stddef.h>

/* Is there a tool that knows for each byte whether it may be used? */
bool mp_watch_is_on(void);

/* Nobody may use that memory. */
void mp_watch_close(const void *memory, size_t size);

/* It was handed out, and nothing was written to it yet. */
void mp_watch_hand_out(const void *memory, size_t size);

/* It may be used, and what is in it was written: for our own work. */
void mp_watch_open(const void *memory, size_t size);

void __msan_unpoison(const volatile void *memory, size_t size)
	__attribute__((weak));

/*
 * We stored there for the caller.  MemorySanitizer does not see the stores of
 * an ordinary build.
 */
static inline void mp_watch_wrote(const void *memory, size_t size)
{
	if (__builtin_expect(__msan_unpoison != NULL, 0))
		__msan_unpoison(memory, size);
}

/* Memory of ours, which may hold the only pointer to some of the host's. */
void mp_watch_add_root(const void *memory, size_t size);
void mp_watch_remove_root(const void *memory, size_t size);

/* Around a fork, in the thread that forks (after it: also in the child).  Not
 * nested. */
void mp_watch_before_fork(void);
void mp_watch_after_fork(void);

#endif
