/* SPDX-License-Identifier: MIT */
#include "stack.h"

#include <stdbool.h>

#if defined __has_include
#if __has_include(<execinfo.h>)
#include <execinfo.h>
#define HAVE_BACKTRACE 1
#endif
#endif

#ifdef HAVE_BACKTRACE

static bool prepared;

void mp_stack_prepare(void)
{
	void *frame;

	backtrace(&frame, 1);
	prepared = true;
}

uint32_t mp_stack_take(void **frame, uint32_t max)
{
	return prepared ? (uint32_t)backtrace(frame, (int)max) : 0;
}

void mp_stack_print(void *const *frame, uint32_t frames, int fd)
{
	backtrace_symbols_fd(frame, (int)frames, fd);
}

#else

void mp_stack_prepare(void)
{
}

uint32_t mp_stack_take(void **frame, uint32_t max)
{
	(void)frame;
	(void)max;
	return 0;
}

void mp_stack_print(void *const *frame, uint32_t frames, int fd)
{
	(void)frame;
	(void)frames;
	(void)fd;
}

#endif
