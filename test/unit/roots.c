/* SPDX-License-Identifier: MIT */
/*
 * Forks of a process with LeakSanitizer: another thread holds its lock at the
 * moment of the fork; a fork handler of the host maps memory.  The sanitizer is
 * played by this program: it has the functions that the library looks for, and
 * stays in one of them.
 */
#include <magpool/magpool.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* As the real one: fork does not know of it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool stays, inside;

void __lsan_register_root_region(const void *at, size_t size);
void __lsan_unregister_root_region(const void *at, size_t size);

static void sleep_for(long milliseconds)
{
	struct timespec time = { 0, milliseconds * 1000000 };

	nanosleep(&time, NULL);
}

void __lsan_register_root_region(const void *at, size_t size)
{
	(void)at;
	(void)size;
	pthread_mutex_lock(&lock);
	if (atomic_exchange(&stays, false)) {
		atomic_store(&inside, true);
		sleep_for(300);
	}
	pthread_mutex_unlock(&lock);
}

void __lsan_unregister_root_region(const void *at, size_t size)
{
	(void)at;
	(void)size;
	pthread_mutex_lock(&lock);
	pthread_mutex_unlock(&lock);
}

/* A mapping of its own, which is gone at the end. */
static void map_and_unmap(void)
{
	struct magpool_arena *arena = magpool_get();

	if (!arena || !magpool_alloc(arena, (size_t)4 << 20))
		abort();
	magpool_return(arena);
}

/* Registered before the library's, so that it runs while that has its lock. */
static bool maps_in_handlers;
static unsigned int mapped_in_handlers;

static void map_in_handler(void)
{
	if (!maps_in_handlers)
		return;
	map_and_unmap();
	mapped_in_handlers++;
}

static void register_first(void)
{
	pthread_atfork(map_in_handler, map_in_handler, map_in_handler);
}

__attribute__((section(".preinit_array"),
	       used)) static void (*const preinit)(void) = register_first;

static void *map_once(void *unused)
{
	map_and_unmap();
	return unused;
}

/* Does the child end?  It has five seconds. */
static int wait_for(pid_t child)
{
	int status;

	for (int i = 0; i < 500; i++) {
		if (waitpid(child, &status, WNOHANG) == child)
			return status;
		sleep_for(10);
	}
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	return status;
}

static bool fork_with_handlers(void)
{
	pid_t child;
	int status;

	maps_in_handlers = true;
	child = fork();
	if (child == 0) {
		map_and_unmap();
		_exit(mapped_in_handlers != 2);
	}
	status = wait_for(child);
	printf("with handlers: status %#x\n", (unsigned)status);
	return mapped_in_handlers == 2 && status == 0;
}

int main(void)
{
	pthread_t thread;
	pid_t child;
	int status;

	map_and_unmap();
	atomic_store(&stays, true);
	if (pthread_create(&thread, NULL, map_once, NULL) != 0)
		return EXIT_FAILURE;
	while (!atomic_load(&inside))
		sleep_for(1);
	child = fork();
	if (child == 0) {
		map_and_unmap();
		_exit(0);
	}
	status = wait_for(child);
	pthread_join(thread, NULL);
	map_and_unmap();
	printf("the child: status %#x\n", (unsigned)status);
	return status == 0 && fork_with_handlers() ? EXIT_SUCCESS
						   : EXIT_FAILURE;
}
