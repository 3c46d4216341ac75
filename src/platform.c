/* SPDX-License-Identifier: MIT */
#include "platform.h"

#include "atomic.h"
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
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
		/* LCOV_EXCL_BR_LINE: two at once; no schedules here. */
	} while (!mp_cas_weak_release(&remnants, &head, remnant));
}

static void cut_off(char *address, size_t size)
{
	if (munmap(address, size) != 0)
		put_off(address, size);
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
		cut_off(address, before);
	/* Never nothing: less than the alignment was cut off in front. */
	cut_off(address + before + size, whole - before - size);
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

void mp_platform_huge(void *address, size_t size, bool wanted)
{
	int saved = errno;

	/* Refused where the system has none. */
	madvise(address, size, wanted ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	errno = saved;
}

bool mp_platform_protect(void *address, size_t size, bool usable)
{
	int saved = errno;
	bool done = mprotect(address, size,
			     usable ? PROT_READ | PROT_WRITE : PROT_NONE) == 0;

	errno = saved;
	return done;
}

/* ---- memory that others can open ----------------------------------------- */

/* Not in all headers yet (Linux 5.1). */
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

/* A file that may not be so large would be a signal, which ends a process. */
static bool may_be_as_large(size_t size)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) == 0 && size <= limit.rlim_cur;
}

static int make_file(const char *name, size_t size)
{
	int descriptor =
		may_be_as_large(size)
			? memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING)
			: -1;

	if (descriptor >= 0 && ftruncate(descriptor, (off_t)size) != 0) {
		close(descriptor);
		descriptor = -1;
	}
	return descriptor;
}

static void *map_file(void *address, size_t size, int descriptor)
{
	int fixed = address ? MAP_FIXED : 0;
	void *mapped = mmap(address, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | fixed, descriptor, 0);

	return mapped == MAP_FAILED ? NULL : mapped;
}

static void *map_over(void *address, size_t size)
{
	void *mapped = mmap(address, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	return mapped == MAP_FAILED ? NULL : mapped;
}

void *mp_platform_share(void *address, const char *name, size_t size,
			int *descriptor)
{
	int saved = errno;
	int file = make_file(name, size);
	void *mapped = file < 0 ? NULL : map_file(address, size, file);

	if (!mapped && file >= 0) {
		close(file);
		file = -1;
	}
	if (!mapped && address)
		mapped = map_over(address, size);
	*descriptor = file;
	errno = saved;
	return mapped;
}

void mp_platform_seal(int descriptor)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
	int saved = errno;

	if (fcntl(descriptor, F_ADD_SEALS, seals | F_SEAL_FUTURE_WRITE) != 0)
		fcntl(descriptor, F_ADD_SEALS, seals);
	errno = saved;
}

bool mp_platform_peek(int descriptor, void *out, size_t size)
{
	int saved = errno;
	bool done = pread(descriptor, out, size, 0) == (ssize_t)size;

	errno = saved;
	return done;
}

void mp_platform_close(int descriptor)
{
	int saved = errno;

	close(descriptor);
	errno = saved;
}

/* ---- files that grow by lines -------------------------------------------- */

#define LOOKS_AT_END 16

/* Is it one that we may append to?  0 or an error; what it ends with. */
static int check_file(int file, const char *start, size_t *size, char *end)
{
	size_t length = strlen(start);
	struct stat status;
	char found[16];

	*end = '\n';
	*size = 0;
	if (fstat(file, &status) != 0)
		return errno;
	if (!S_ISREG(status.st_mode))
		return EINVAL;
	if (status.st_size == 0)
		return 0;
	*size = (size_t)status.st_size;
	if (pread(file, found, length, 0) != (ssize_t)length ||
	    memcmp(found, start, length) != 0 ||
	    pread(file, end, 1, status.st_size - 1) != 1)
		return EEXIST;
	return 0;
}

/*
 * A write beyond the limit of the process would be a signal.  Half of it: other
 * processes may append to the same file.
 */
static size_t file_limit(size_t most)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 0;
	return limit.rlim_cur / 2 < most ? (size_t)limit.rlim_cur / 2 : most;
}

static int append(int file, const char *start, const char *line, size_t length,
		  size_t most)
{
	size_t size;
	char end;
	int looks = LOOKS_AT_END;
	ssize_t done;
	int error;

	for (;;) {
		error = check_file(file, start, &size, &end);
		if (error || end == '\n' || !--looks)
			break;
		/* Another process may be just writing that line. */
		sched_yield();
	}
	if (error)
		return error;
	most = file_limit(most);
	if (length > most)
		return EFBIG;
	if (size > most - length) {
		if (ftruncate(file, 0) != 0)
			return errno;
		end = '\n';
	}
	if (end == '\n') {
		line++;
		length--;
	}
	done = write(file, line, length);
	if (done < 0)
		return errno;
	/* LCOV_EXCL_BR_LINE: shorter when the file system is full. */
	return (size_t)done == length ? 0 : ENOSPC;
}

int mp_platform_append(const char *path, const char *start, const char *line,
		       size_t length, size_t most)
{
	/* For reading, too: what is in it has to be ours. */
	const int flags = O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK |
			  O_NOCTTY | O_NOFOLLOW;
	int saved = errno;
	int file = open(path, flags, S_IRUSR | S_IWUSR);
	int error = file < 0 ? errno : append(file, start, line, length, most);

	if (file >= 0)
		close(file);
	errno = saved;
	return error;
}

/* ---- who, when, where ---------------------------------------------------- */

static uint64_t read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t mp_platform_now(void)
{
	return read_clock(CLOCK_REALTIME);
}

uint64_t mp_platform_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

void mp_platform_sleep(uint64_t nanoseconds)
{
	struct timespec time = {
		(time_t)(nanoseconds / 1000000000),
		(long)(nanoseconds % 1000000000),
	};
	int saved = errno;

	/* The C library's would end a thread that was cancelled. */
	syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &time, NULL);
	errno = saved;
}

uint32_t mp_platform_process_id(void)
{
	return (uint32_t)getpid();
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

	/*
	 * Not sysconf(): it opens files, and it counts forbidden processors.
	 * The main thread's: one that is bound to a processor may come first.
	 */
	if (sched_getaffinity(getpid(), sizeof set, &set) == 0)
		count = CPU_COUNT(&set);
	errno = saved;
	return count > 0 ? (unsigned int)count : 1;
}

uint64_t mp_platform_milliseconds(void)
{
	int saved = errno;
	struct timespec now = { 0, 0 };

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	errno = saved;
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
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

	/* LCOV_EXCL_BR_LINE: that takes a set-user-ID program. */
	if (getauxval(AT_SECURE))
		return none; /* LCOV_EXCL_LINE: as above */
	return environ ? environ : none;
}
