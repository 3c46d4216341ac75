/* SPDX-License-Identifier: MIT */
/*
 * The operating system, in one place: memory, processors, the environment,
 * membarrier, the thread pointer.  Nothing here keeps state of the pool.
 */
#ifndef MP_PLATFORM_H
#define MP_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A word that differs between any two threads alive: the thread pointer.  A
 * thread that ended may leave its value to a later one.
 */
static inline uintptr_t mp_platform_thread_pointer(void)
{
#if defined __x86_64__ && !defined __ILP32__
	/* clang 14 has no __builtin_thread_pointer for x86. */
	uintptr_t self;

	__asm__("mov %%fs:0, %0" : "=r"(self));
	return self;
#else
	return (uintptr_t)__builtin_thread_pointer();
#endif
}

size_t mp_platform_page_size(void);

/*
 * Zeroed memory at a multiple of `alignment` (a power of two), or NULL; errno
 * is left alone.  `size` is a multiple of the page size.
 */
void *mp_platform_map(size_t size, size_t alignment);

/*
 * The system may refuse to unmap (a hole in a mapping is one mapping more, and
 * there may be too many).  False: that is put off until a later call here.
 */
bool mp_platform_unmap(void *address, size_t size);

/*
 * Drops the contents of whole system pages; they read as zero afterwards.
 * False: refused, they are as before.
 */
bool mp_platform_discard(void *address, size_t size);

/* May the system back it with huge pages?  Only a wish. */
void mp_platform_huge(void *address, size_t size, bool wanted);

/*
 * Memory of zeros that other processes can open by a descriptor, close-on-exec,
 * which goes to *descriptor (-1: for this process alone).  At `address`, in
 * place of what is mapped there, then also without a descriptor if need be; or,
 * NULL, anywhere.  NULL: not to be had.
 */
void *mp_platform_share(void *address, const char *name, size_t size,
			int *descriptor);

/* From now on nobody else changes it or its size, if the system knows how. */
void mp_platform_seal(int descriptor);

/* Reads from the start of what may be any file, or none; false: not so much. */
bool mp_platform_peek(int descriptor, void *out, size_t size);

void mp_platform_close(int descriptor);

/*
 * Appends a line, with one write(2), to a file that is made if need be (for its
 * owner alone), and that is empty or begins with `start`.  The newline that the
 * line begins with is left out, unless the file ends within a line.  A file
 * that would have more than `most` bytes begins anew with it.
 *
 * What is no regular file, or a link, is refused: nothing of this waits for a
 * reader, and no signal comes of it, neither of a pipe nor of a limit.  0, or
 * what errno would say: EEXIST is a file that begins with something else,
 * EINVAL what is no regular file.
 */
int mp_platform_append(const char *path, const char *start, const char *line,
		       size_t length, size_t most);

/* Nanoseconds since the epoch, and of a clock that nobody sets. */
uint64_t mp_platform_now(void);
uint64_t mp_platform_monotonic(void);

/* For about so many nanoseconds; no cancellation point.  errno is kept. */
void mp_platform_sleep(uint64_t nanoseconds);

uint32_t mp_platform_process_id(void);

/* Lets everybody use whole system pages, or nobody; false: no change. */
bool mp_platform_protect(void *address, size_t size, bool usable);

/* The thread as debuggers number it. */
int mp_platform_thread_id(void);

/* Those that the process may use. */
unsigned int mp_platform_processors(void);

/*
 * Milliseconds that never go back; may be some behind.  No system call where
 * the C library knows another way.
 */
uint64_t mp_platform_milliseconds(void);

/*
 * Every running thread of the process passes a full memory barrier between
 * call and return.  False: the system refuses it (old kernel, seccomp).
 */
bool mp_platform_membarrier(void);

/* NULL in a set-user-id process, and when the variable is not set. */
const char *mp_platform_getenv(const char *name);

/* The environment as "NAME=value" strings; empty in set-user-id processes. */
char **mp_platform_environment(void);

#endif
