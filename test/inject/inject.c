/* SPDX-License-Identifier: MIT */
#include "inject.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

const struct inject_failure inject_failures[] = {
	{ "mmap", INJECT_MMAP, ENOMEM },
	{ "munmap", INJECT_MUNMAP, ENOMEM },
	{ "madvise", INJECT_MADVISE, EAGAIN },
	{ "mprotect", INJECT_MPROTECT, ENOMEM },
	{ "membarrier", INJECT_MEMBARRIER, ENOSYS },
	/* As a filter, and as a process that is not registered. */
	{ "membarrier-eperm", INJECT_MEMBARRIER, EPERM },
	{ "key-create", INJECT_KEY_CREATE, EAGAIN },
	{ "setspecific", INJECT_SETSPECIFIC, ENOMEM },
	{ "atfork", INJECT_ATFORK, ENOMEM },
	{ "atexit", INJECT_ATEXIT, ENOMEM },
	{ "affinity", INJECT_AFFINITY, EINVAL },
	{ "write", INJECT_WRITE, EIO },
	{ "thread", INJECT_THREAD, EAGAIN },
	{ "memfd", INJECT_MEMFD, EMFILE },
	{ "ftruncate", INJECT_FTRUNCATE, ENOMEM },
	{ "seals", INJECT_SEALS, EINVAL },
	{ "getrlimit", INJECT_LIMIT, EPERM },
	{ "pread", INJECT_PREAD, EIO },
	{ "open", INJECT_OPEN, EMFILE },
	{ "fstat", INJECT_FSTAT, EIO },
	{ NULL, INJECT_KINDS, 0 },
};

/* A plan that is armed.  Set while only one thread calls the library. */
struct armed {
	struct inject_plan plan;
	_Atomic unsigned long calls, hits;
};

static struct armed armed[INJECT_PLANS];
static _Atomic unsigned long totals[INJECT_KINDS];
static _Atomic size_t live, released;
static _Thread_local unsigned long hits_here;

static void add(_Atomic size_t *sum, size_t value)
{
	atomic_fetch_add_explicit(sum, value, memory_order_relaxed);
}

static unsigned long one_more(_Atomic unsigned long *count)
{
	return atomic_fetch_add_explicit(count, 1, memory_order_relaxed) + 1;
}

/* ---- interruptions ------------------------------------------------------- */

static void (*interruption)(void);
static enum inject_kind interrupted;

void inject_interrupt(enum inject_kind kind, void (*handler)(void))
{
	interrupted = kind;
	interruption = handler;
}

static void interrupt(enum inject_kind kind)
{
	void (*handler)(void) = interruption;

	if (!handler || interrupted != kind)
		return;
	interruption = NULL;
	handler();
}

/* ---- plans --------------------------------------------------------------- */

const struct inject_failure *inject_find(const char *name)
{
	const struct inject_failure *failure = inject_failures;

	while (failure->name && strcmp(failure->name, name) != 0)
		failure++;
	return failure->name ? failure : NULL;
}

void inject_arm(const struct inject_plan plans[INJECT_PLANS])
{
	for (size_t i = 0; i < INJECT_PLANS; i++) {
		atomic_store_explicit(&armed[i].calls, 0, memory_order_relaxed);
		atomic_store_explicit(&armed[i].hits, 0, memory_order_relaxed);
		armed[i].plan = plans[i];
	}
}

void inject_disarm(void)
{
	for (size_t i = 0; i < INJECT_PLANS; i++)
		armed[i].plan.at = 0;
}

unsigned long inject_hits(size_t plan)
{
	return atomic_load_explicit(&armed[plan].hits, memory_order_relaxed);
}

unsigned long inject_hits_here(void)
{
	return hits_here;
}

static bool strikes(struct armed *one, enum inject_kind kind)
{
	const struct inject_plan *plan = &one->plan;
	unsigned long call;

	if (!plan->at || plan->failure->kind != kind)
		return false;
	call = one_more(&one->calls);
	if (plan->onwards ? call < plan->at : call != plan->at)
		return false;
	one_more(&one->hits);
	return true;
}

/* The error that this call fails with, or 0.  Both plans count each call. */
static int strike(enum inject_kind kind)
{
	int error = 0;

	interrupt(kind);
	for (size_t i = 0; i < INJECT_PLANS; i++) {
		if (strikes(&armed[i], kind))
			error = armed[i].plan.failure->error;
	}
	if (error) {
		one_more(&totals[kind]);
		hits_here++;
	}
	return error;
}

static bool fails(enum inject_kind kind)
{
	int error = strike(kind);

	if (error)
		errno = error;
	return error != 0;
}

void inject_print(char *out, size_t size,
		  const struct inject_plan plans[INJECT_PLANS])
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < INJECT_PLANS; i++) {
		const struct inject_plan *plan = &plans[i];

		if (!plan->at || used >= size)
			continue;
		used += (size_t)snprintf(out + used, size - used, "%s%s:%lu:%s",
					 used ? "," : "", plan->failure->name,
					 plan->at,
					 plan->onwards ? "on" : "once");
	}
}

static bool parse_one(const char *text, struct inject_plan *plan)
{
	char name[32], mode[8];
	char extra;

	if (sscanf(text, "%31[^:]:%lu:%7[a-z]%c", name, &plan->at, mode,
		   &extra) != 3)
		return false;
	plan->failure = inject_find(name);
	plan->onwards = strcmp(mode, "on") == 0;
	return plan->failure && plan->at &&
	       (plan->onwards || strcmp(mode, "once") == 0);
}

bool inject_parse(const char *text, struct inject_plan plans[INJECT_PLANS])
{
	char copy[128];
	char *comma;

	memset(plans, 0, INJECT_PLANS * sizeof *plans);
	if ((size_t)snprintf(copy, sizeof copy, "%s", text) >= sizeof copy)
		return false;
	comma = strchr(copy, ',');
	if (comma)
		*comma = '\0';
	return (!*copy || parse_one(copy, &plans[0])) &&
	       (!comma || parse_one(comma + 1, &plans[1]));
}

/* ---- the ledger ---------------------------------------------------------- */

static size_t read_sum(_Atomic size_t *sum)
{
	return atomic_load_explicit(sum, memory_order_relaxed);
}

size_t inject_live(void)
{
	return read_sum(&live);
}

size_t inject_released(void)
{
	return read_sum(&released);
}

void inject_add(enum inject_kind kind, unsigned long count)
{
	atomic_fetch_add_explicit(&totals[kind], count, memory_order_relaxed);
}

unsigned long inject_total(enum inject_kind kind)
{
	return atomic_load_explicit(&totals[kind], memory_order_relaxed);
}

const char *inject_kind_name(enum inject_kind kind)
{
	const struct inject_failure *failure = inject_failures;

	while (failure->kind != kind)
		failure++;
	return failure->name;
}

/* ---- in front of the C library: meson.build has the names ---------------- */

void *inject_mmap64(void *address, size_t size, int protection, int flags,
		    int file, off_t offset);
int inject_munmap(void *address, size_t size);
int inject_madvise(void *address, size_t size, int advice);
int inject_mprotect(void *address, size_t size, int protection);
long inject_syscall(long number, ...);
int inject_pthread_key_create(pthread_key_t *key, void (*end)(void *));
int inject_pthread_setspecific(pthread_key_t key, const void *value);
int inject_pthread_atfork(void (*prepare)(void), void (*parent)(void),
			  void (*child)(void));
int inject_atexit(void (*function)(void));
int inject_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set);
ssize_t inject_write(int file, const void *bytes, size_t size);
int inject_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*body)(void *), void *argument);
int inject_memfd_create(const char *name, unsigned int flags);
int inject_ftruncate64(int file, off_t length);
int inject_fcntl64(int file, int command, ...);
int inject_getrlimit64(unsigned int resource, struct rlimit *limit);
ssize_t inject_pread64(int file, void *bytes, size_t size, off_t at);
int inject_open64(const char *path, int flags, ...);
int inject_fstat64(int file, struct stat *status);

void *inject_mmap64(void *address, size_t size, int protection, int flags,
		    int file, off_t offset)
{
	void *given;

	if (fails(INJECT_MMAP))
		return MAP_FAILED;
	given = mmap(address, size, protection, flags, file, offset);
	if (given != MAP_FAILED)
		add(&live, size);
	return given;
}

int inject_munmap(void *address, size_t size)
{
	int result;

	if (fails(INJECT_MUNMAP))
		return -1;
	result = munmap(address, size);
	if (result == 0) {
		add(&live, -size);
		add(&released, size);
	}
	return result;
}

int inject_madvise(void *address, size_t size, int advice)
{
	int result;

	if (fails(INJECT_MADVISE))
		return -1;
	result = madvise(address, size, advice);
	if (result == 0 && advice == MADV_DONTNEED)
		add(&released, size);
	return result;
}

int inject_mprotect(void *address, size_t size, int protection)
{
	return fails(INJECT_MPROTECT) ? -1
				      : mprotect(address, size, protection);
}

long inject_syscall(long number, ...)
{
	long word[6];
	va_list arguments;

	va_start(arguments, number);
	for (size_t i = 0; i < 6; i++)
		word[i] = va_arg(arguments, long);
	va_end(arguments);
	if (number == SYS_membarrier && fails(INJECT_MEMBARRIER))
		return -1;
	return syscall(number, word[0], word[1], word[2], word[3], word[4],
		       word[5]);
}

int inject_pthread_key_create(pthread_key_t *key, void (*end)(void *))
{
	int error = strike(INJECT_KEY_CREATE);

	return error ? error : pthread_key_create(key, end);
}

int inject_pthread_setspecific(pthread_key_t key, const void *value)
{
	int error = strike(INJECT_SETSPECIFIC);

	return error ? error : pthread_setspecific(key, value);
}

int inject_pthread_atfork(void (*prepare)(void), void (*parent)(void),
			  void (*child)(void))
{
	int error = strike(INJECT_ATFORK);

	return error ? error : pthread_atfork(prepare, parent, child);
}

int inject_atexit(void (*function)(void))
{
	return strike(INJECT_ATEXIT) ? -1 : atexit(function);
}

int inject_sched_getaffinity(pid_t pid, size_t size, cpu_set_t *set)
{
	if (fails(INJECT_AFFINITY))
		return -1;
	return sched_getaffinity(pid, size, set);
}

ssize_t inject_write(int file, const void *bytes, size_t size)
{
	return fails(INJECT_WRITE) ? -1 : write(file, bytes, size);
}

int inject_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*body)(void *), void *argument)
{
	int error = strike(INJECT_THREAD);

	return error ? error
		     : pthread_create(thread, attributes, body, argument);
}

int inject_memfd_create(const char *name, unsigned int flags)
{
	return fails(INJECT_MEMFD) ? -1 : memfd_create(name, flags);
}

int inject_ftruncate64(int file, off_t length)
{
	return fails(INJECT_FTRUNCATE) ? -1 : ftruncate(file, length);
}

int inject_fcntl64(int file, int command, ...)
{
	va_list arguments;
	int argument;

	va_start(arguments, command);
	argument = va_arg(arguments, int);
	va_end(arguments);
	return fails(INJECT_SEALS) ? -1 : fcntl(file, command, argument);
}

int inject_getrlimit64(unsigned int resource, struct rlimit *limit)
{
	return fails(INJECT_LIMIT) ? -1 : getrlimit(resource, limit);
}

ssize_t inject_pread64(int file, void *bytes, size_t size, off_t at)
{
	return fails(INJECT_PREAD) ? -1 : pread(file, bytes, size, at);
}

int inject_open64(const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
	va_end(arguments);
	return fails(INJECT_OPEN) ? -1 : open(path, flags, mode);
}

int inject_fstat64(int file, struct stat *status)
{
	return fails(INJECT_FSTAT) ? -1 : fstat(file, status);
}
