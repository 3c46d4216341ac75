/* SPDX-License-Identifier: MIT */
#include "platform.h"

#include "atomic.h"
#include "watch.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

size_t mp_platform_page_size(void)
{
	/* AT_PAGESZ: no system call, and no libc state to be initialised. */
	return (size_t)getauxval(AT_PAGESZ);
}

static void *map_anywhere(size_t size)
{
	void *address = mmap(NULL, size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return address == MAP_FAILED ? NULL : address;
}

static void *map_aligned(size_t size, size_t alignment)
{
	size_t whole = size + alignment;
	char *address = map_anywhere(whole);
	size_t before;

	if (!address)
		return NULL;
	before = -(uintptr_t)address & (alignment - 1);
	if (before)
		munmap(address, before);
	if (whole - before - size)
		munmap(address + before + size, whole - before - size);
	return address + before;
}

void *mp_platform_map(size_t size, size_t alignment)
{
	int saved = errno;
	void *address;

	if (alignment <= mp_platform_page_size())
		address = map_anywhere(size);
	else if (size <= SIZE_MAX - alignment)
		address = map_aligned(size, alignment);
	else
		address = NULL;
	if (address)
		mp_watch_add_root(address, size);
	errno = saved;
	return address;
}

/* Memory that could not be unmapped yet: the record lies in it. */
struct remnant {
	struct remnant *next;
	size_t size;
};

static _Atomic(struct remnant *) remnants;

static void put_off(void *address, size_t size)
{
	struct remnant *remnant = address;
	struct remnant *head = mp_load_relaxed(&remnants);

	remnant->size = size;
	do {
		remnant->next = head;
		/* Release: the record is there before it is found. */
	} while (!mp_cas_weak_release(&remnants, &head, remnant));
}

/* All of them at once, so that nobody is left with a stale head. */
static void retry(void)
{
	/* Acquire: the records. */
	struct remnant *remnant = mp_exchange_acquire(&remnants, NULL);

	while (remnant) {
		struct remnant *next = remnant->next;

		if (munmap(remnant, remnant->size) != 0)
			put_off(remnant, remnant->size);
		remnant = next;
	}
}

bool mp_platform_unmap(void *address, size_t size)
{
	int saved = errno;
	bool done;

	mp_watch_remove_root(address, size);
	done = munmap(address, size) == 0;
	if (mp_likely(done) && mp_unlikely(mp_load_relaxed(&remnants)))
		retry();
	else if (!done)
		put_off(address, size);
	errno = saved;
	return done;
}

bool mp_platform_discard(void *address, size_t size)
{
	int saved = errno;
	bool done = madvise(address, size, MADV_DONTNEED) == 0;

	errno = saved;
	return done;
}

bool mp_platform_protect(void *address, size_t size, bool usable)
{
	int saved = errno;
	bool done = mprotect(address, size,
			     usable ? PROT_READ | PROT_WRITE : PROT_NONE) == 0;

	errno = saved;
	return done;
}

int mp_platform_thread_id(void)
{
	return (int)syscall(SYS_gettid);
}

unsigned int mp_platform_processors(void)
{
	cpu_set_t set;
	int saved = errno;
	int count = 0;

	/* Not sysconf(): it opens files, and it counts forbidden processors. */
	if (sched_getaffinity(0, sizeof set, &set) == 0)
		count = CPU_COUNT(&set);
	errno = saved;
	return count > 0 ? (unsigned int)count : 1;
}

static bool membarrier(int command)
{
	return syscall(SYS_membarrier, command, 0, 0) == 0;
}

bool mp_platform_membarrier(void)
{
	int saved = errno;
	bool done = membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);

	/* The first time, and after exec, the process must register. */
	if (!done && errno == EPERM &&
	    membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED))
		done = membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
	errno = saved;
	return done;
}

const char *mp_platform_getenv(const char *name)
{
	return secure_getenv(name);
}

char **mp_platform_environment(void)
{
	static char *none[] = { NULL };

	return getauxval(AT_SECURE) || !environ ? none : environ;
}
