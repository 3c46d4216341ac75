/* SPDX-License-Identifier: MIT */
#include "watch.h"

#include <pthread.h>
#include <signal.h>

#if defined __has_include
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#define HAVE_VALGRIND 1
#endif
#endif

#define WEAK __attribute__((weak))

/* As sanitizer/asan_interface.h and its kin declare them, but weak. */
void WEAK __asan_poison_memory_region(const volatile void *at, size_t size);
void WEAK __asan_unpoison_memory_region(const volatile void *at, size_t size);
void WEAK __msan_poison(const volatile void *at, size_t size);
void WEAK __msan_allocated_memory(const volatile void *at, size_t size);
void WEAK __lsan_register_root_region(const void *at, size_t size);
void WEAK __lsan_unregister_root_region(const void *at, size_t size);

/* ---- valgrind ------------------------------------------------------------ */

#ifdef HAVE_VALGRIND

static bool on_valgrind(void)
{
	char byte = 0;

	/* Its other tools do not know this request: they see what is usual. */
	return VALGRIND_MAKE_MEM_DEFINED(&byte, sizeof byte) != 0;
}

static void valgrind_close(const void *memory, size_t size)
{
	(void)VALGRIND_MAKE_MEM_NOACCESS(memory, size);
}

static void valgrind_hand_out(const void *memory, size_t size)
{
	(void)VALGRIND_MAKE_MEM_UNDEFINED(memory, size);
}

static void valgrind_open(const void *memory, size_t size)
{
	(void)VALGRIND_MAKE_MEM_DEFINED(memory, size);
}

#else

static bool on_valgrind(void)
{
	return false;
}

static void valgrind_close(const void *memory, size_t size)
{
	(void)memory;
	(void)size;
}

#define valgrind_hand_out valgrind_close
#define valgrind_open valgrind_close

#endif

/* ---- all of them --------------------------------------------------------- */

bool mp_watch_is_on(void)
{
	/* LCOV_EXCL_BR_LINE: valgrind 3.19 cannot run what clang 14 builds. */
	return __asan_poison_memory_region || __msan_poison || on_valgrind();
}

void mp_watch_close(const void *memory, size_t size)
{
	if (__asan_poison_memory_region)
		__asan_poison_memory_region(memory, size);
	if (__msan_poison)
		__msan_poison(memory, size);
	valgrind_close(memory, size);
}

void mp_watch_hand_out(const void *memory, size_t size)
{
	if (__asan_unpoison_memory_region)
		__asan_unpoison_memory_region(memory, size);
	if (__msan_allocated_memory)
		__msan_allocated_memory(memory, size);
	valgrind_hand_out(memory, size);
}

void mp_watch_open(const void *memory, size_t size)
{
	if (__asan_unpoison_memory_region)
		__asan_unpoison_memory_region(memory, size);
	if (__msan_unpoison)
		__msan_unpoison(memory, size);
	valgrind_open(memory, size);
}

/* ---- roots --------------------------------------------------------------- */

/*
 * LeakSanitizer has a lock of its own, of which fork knows nothing: a child
 * would wait for ever for a thread of its parent's that held it.  So ours goes
 * around it, and fork takes that.  A handler that maps memory must not come
 * while this thread has it.
 */
static pthread_mutex_t roots = PTHREAD_MUTEX_INITIALIZER;
static __thread bool forking;

static void lock_roots(sigset_t *before)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, before);
	/* A fork handler of the host's may map memory, too. */
	if (!forking)
		pthread_mutex_lock(&roots);
}

static void unlock_roots(const sigset_t *before)
{
	if (!forking)
		pthread_mutex_unlock(&roots);
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

static void change_root(void (*change)(const void *at, size_t size),
			const void *memory, size_t size)
{
	sigset_t before;

	if (!change)
		return;
	lock_roots(&before);
	change(memory, size);
	unlock_roots(&before);
}

void mp_watch_add_root(const void *memory, size_t size)
{
	change_root(__lsan_register_root_region, memory, size);
}

void mp_watch_remove_root(const void *memory, size_t size)
{
	change_root(__lsan_unregister_root_region, memory, size);
}

void mp_watch_before_fork(void)
{
	sigset_t before;

	if (!__lsan_register_root_region)
		return;
	lock_roots(&before);
	forking = true;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void mp_watch_after_fork(void)
{
	sigset_t all, before;

	if (!forking)
		return;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	forking = false;
	unlock_roots(&before);
}
