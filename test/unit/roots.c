/* SPDX-License-Identifier: MIT */
/*
 * A fork child in a process with LeakSanitizer, whose lock another thread holds
 * at the moment of the fork.  The sanitizer is played by this program: it has
 * the functions that the library looks for, and stays in one of them.
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
	return status ? EXIT_FAILURE : EXIT_SUCCESS;
}
