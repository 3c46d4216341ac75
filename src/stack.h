/* SPDX-License-Identifier: MIT */
/*
 * Call stacks, where libc has backtrace(3); elsewhere they are empty.
 */
#ifndef MP_STACK_H
#define MP_STACK_H

#include <stdint.h>

/*
 * backtrace(3) loads a library and allocates the first time, which a get in a
 * signal handler must not do.  So its first time is here, when this library is
 * loaded; where that was left out, stacks are empty.
 */
void mp_stack_prepare(void);

/* The callers of our caller: how many were stored, `max` at most. */
uint32_t mp_stack_take(void **frame, uint32_t max);

/* One line a frame, on that file descriptor. */
void mp_stack_print(void *const *frame, uint32_t frames, int fd);

#endif
