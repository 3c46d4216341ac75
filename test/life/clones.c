/* SPDX-License-Identifier: MIT */
/*
 * New processes and threads of which no fork handler hears: vfork, posix_spawn,
 * _Fork, raw clone with the memory copied, and raw clone as a thread that has
 * thread-local storage of its own.  Other threads are busy meanwhile, also
 * under the library's mutex.
 *
 * In a copy that was made without the handlers, only the thread that made it
 * goes on, and only with what takes no mutex: get, alloc, return and flush, on
 * pools that it had used before.
 */
#include <dlfcn.h>
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "crowd.h"
#include "life.h"
#include "sums.h"
#include "work.h"

enum { BUSY = 2, KEPT = 6, STACK = 256 << 10 };

static struct magpool *pool;
static struct life_hold kept; /* of the thread that makes the others */
static atomic_bool leave;

/* ---- beside it ----------------------------------------------------------- */

static void cycle_once(void *argument)
{
	life_cycle(argument, 3);
}

static void *busy(void *argument)
{
	while (!atomic_load(&leave)) {
		struct magpool *other = life_pool(1);

		life_cycle(pool, 7);
		crowd_one(cycle_once, pool);
		life_cycle(other, 2);
		life_end_pool(other);
		magpool_trim(pool);
	}
	return argument;
}

/* ---- processes ----------------------------------------------------------- */

static void use_after_copy(void)
{
	life_return_all(&kept);
	for (unsigned i = 0; i < 20; i++) {
		life_cycle(pool, 1 + i % LIFE_HOLD_MAX);
		magpool_thread_flush(pool);
	}
}

/* Inlined into a caller of vfork(), its variables would be the parent's. */
static __attribute__((noinline)) void use_and_become(char **arguments)
{
	/* More than POSIX allows; Linux does. */
	life_cycle(pool, 9);
	execv(arguments[0], arguments);
	_exit(errno);
}

/* The same memory and thread pointer, but the parent's thread waits. */
static void try_vfork(void)
{
	char *arguments[4];
	pid_t child;

	life_arguments(arguments, "vfork");
	/* NOLINTNEXTLINE(clang-analyzer-security.insecureAPI.vfork) */
	child = vfork();
	if (child == 0) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Vfork) */
		use_and_become(arguments);
	}
	life_check(child > 0, "vfork: %s", strerrordesc_np(errno));
	life_wait(child, "a child of vfork");
}

static void try_spawn(void)
{
	char *arguments[4];
	pid_t child;
	int error;

	life_arguments(arguments, "spawn");
	error = posix_spawn(&child, arguments[0], NULL, NULL, arguments, NULL);
	life_check(!error, "posix_spawn: %s", strerrordesc_np(error));
	life_wait(child, "a child of posix_spawn");
}

static void try_copy(pid_t child, const char *what)
{
	if (child == 0) {
		life_child_begin();
		use_after_copy();
		_exit(0);
	}
	life_check(child > 0, "%s: %s", what, strerrordesc_np(errno));
	life_wait(child, what);
}

static void try_raw_fork(void)
{
	try_copy(_Fork(), "a child of _Fork");
}

static void try_raw_clone(void)
{
	try_copy((pid_t)syscall(SYS_clone, (long)SIGCHLD, 0L, 0L, 0L, 0L),
		 "a child of a raw clone");
}

/* ---- threads ------------------------------------------------------------- */

/* glibc's own, for which it has no public name. */
static void *(*allocate_tls)(void *memory);
static void (*free_tls)(void *block, bool all);

static void find_tls(void)
{
	void *allocate = dlsym(RTLD_DEFAULT, "_dl_allocate_tls");
	void *give_back = dlsym(RTLD_DEFAULT, "_dl_deallocate_tls");

	if (!allocate || !give_back)
		life_skip("this C library has no _dl_allocate_tls()");
	memcpy(&allocate_tls, &allocate, sizeof allocate);
	memcpy(&free_tls, &give_back, sizeof give_back);
}

static int raw_thread(void *argument)
{
	(void)argument;
	for (unsigned i = 0; i < 20; i++)
		life_cycle(pool, 1 + i % LIFE_HOLD_MAX);
	magpool_trim(pool);
	return 0;
}

static void wait_for_end(_Atomic int *thread)
{
	int number;

	while ((number = atomic_load(thread)) != 0)
		syscall(SYS_futex, thread, FUTEX_WAIT, number, NULL, NULL, 0);
}

/* It ends without destructors, as if it had been killed. */
static void try_raw_thread(void)
{
	int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
		    CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS |
		    CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
	_Atomic int thread = 1;
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void **block = allocate_tls(NULL);

	life_check(stack != MAP_FAILED && block, "no memory");
#if defined __x86_64__
	/* The thread pointer points to a word that holds it. */
	block[0] = block;
	block[2] = block;
#endif
	life_check(clone(raw_thread, stack + STACK, flags, NULL, &thread, block,
			 &thread) > 0,
		   "clone: %s", strerrordesc_np(errno));
	wait_for_end(&thread);
	free_tls(block, true);
	munmap(stack, STACK);
}

/* ---- main ---------------------------------------------------------------- */

static void (*const ways[])(void) = {
	try_vfork, try_spawn, try_raw_fork, try_raw_clone, try_raw_thread,
};

enum { WAYS = sizeof ways / sizeof *ways };

static void run(void)
{
	unsigned times = life_times(150);
	pthread_t threads[BUSY];

	find_tls();
	pool = life_pool(2);
	for (unsigned i = 0; i < BUSY; i++)
		life_check(!pthread_create(&threads[i], NULL, busy, NULL),
			   "pthread_create");
	for (unsigned i = 0; i < times * WAYS; i++) {
		while (kept.count < KEPT)
			life_get(&kept, pool);
		ways[i % WAYS]();
		life_return_all(&kept);
	}
	atomic_store(&leave, true);
	for (unsigned i = 0; i < BUSY; i++)
		pthread_join(threads[i], NULL);
	/* Of raw threads, one after another, only a few may have stayed. */
	life_check(sums_read(pool).caches <= 4, "%llu caches are left",
		   (unsigned long long)sums_read(pool).caches);
	life_end_pool(pool);
	life_figures("%u each of vfork, posix_spawn, _Fork, raw clone, raw "
		     "thread with its own TLS",
		     times);
}

static int child(const char *kind)
{
	struct magpool *own = life_pool(2);

	(void)kind;
	life_cycle(own, 5);
	life_end_pool(own);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct life_program program = {
		.name = "clones",
		.text = "Processes and threads of which no handler hears",
		.seconds = 60,
		.run = run,
		.child = child,
	};

	return life_main(&program, argc, argv);
}
