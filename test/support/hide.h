/* SPDX-License-Identifier: MIT */
/*
 * The header lets the compiler see double returns, uses after return and
 * impossible sizes.  Tests of exactly those hide the value from it.
 */
#ifndef TEST_SUPPORT_HIDE_H
#define TEST_SUPPORT_HIDE_H

#include <stddef.h>

static inline void *hide(void *pointer)
{
	__asm__("" : "+r"(pointer));
	return pointer;
}

static inline size_t hide_size(size_t size)
{
	__asm__("" : "+r"(size));
	return size;
}

#endif
