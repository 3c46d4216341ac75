/* SPDX-License-Identifier: MIT */
/*
 * What the library under test calls before each atomic access, and instead of
 * what would make a real thread wait.  The program (fibers.c, system.c) has
 * the other side.
 */
#ifndef SCHEDULE_STEP_H
#define SCHEDULE_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An access in the source, one constant each. */
struct schedule_site {
	const char *kind;
	const char *place; /* the expression that gives the address */
	const char *file;
	int line;
	bool writes;
};

/* Before the access, with all operands known: another thread may come here. */
void schedule_step(const volatile void *address,
		   const struct schedule_site *site);

/*
 * A compare-and-swap of `size` bytes, one step; `expected` becomes what is
 * there when it fails.  The weak one may do so without cause.
 */
bool schedule_cas_strong(volatile void *word, void *expected, const void *value,
			 size_t size, const struct schedule_site *site);
bool schedule_cas_weak(volatile void *word, void *expected, const void *value,
		       size_t size, const struct schedule_site *site);

uintptr_t schedule_thread_pointer(void);
int schedule_mutex_lock(void *mutex);
int schedule_mutex_trylock(void *mutex);
int schedule_mutex_unlock(void *mutex);
int schedule_key_create(unsigned int *key, void (*destructor)(void *value));
int schedule_setspecific(unsigned int key, const void *value);
int schedule_yield(void);

#endif
