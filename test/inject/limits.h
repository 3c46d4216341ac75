/* SPDX-License-Identifier: MIT */
/* The limits of a process, and how much it has mapped.  Nothing here needs
 * memory while a limit holds. */
#ifndef LIMITS_H
#define LIMITS_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* Sanitizers need address space and mappings of their own. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define LIMITS_SANITIZED 1
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LIMITS_SANITIZED 1
#endif
#endif
#ifndef LIMITS_SANITIZED
#define LIMITS_SANITIZED 0
#endif

/* Bytes of address space in use. */
size_t limits_mapped(void);

/* No more than `pages` pages than now, until the end. */
void limits_address_space(unsigned long pages);
void limits_address_space_end(void);

/*
 * Nearly as many mappings as a process may have, between begin and end; just
 * so many that `left` are left between on and off.  False: that would be too
 * many for a test.
 */
bool limits_mappings_begin(void);
void limits_mappings(unsigned long left);
void limits_mappings_off(void);
void limits_mappings_end(void);

/* Uses up all keys; the last one, to be deleted. */
pthread_key_t limits_keys(void);

/* From now on, in all threads, membarrier fails with this error. */
void limits_forbid_membarrier(int error);

#endif
