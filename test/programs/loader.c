/* SPDX-License-Identifier: MIT */
/*
 * A host that loads and unloads the library while a thread that used it still
 * runs:  loader PATH
 *
 *   main    | dlopen              dlclose             join
 *   thread  |        get, return           ...           exit destructors
 *
 * It is not linked with the library: that would keep it loaded.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS 100

struct magpool_arena;

struct library {
	void *handle;
	struct magpool_arena *(*get)(void);
	void *(*zalloc)(struct magpool_arena *arena, size_t size);
	void (*give_back)(struct magpool_arena *arena);
	pthread_barrier_t used, closed;
};

static void must(int done, const char *what)
{
	if (!done) {
		fprintf(stderr, "loader: %s\n", what);
		_exit(EXIT_FAILURE);
	}
}

/* A function's address out of dlsym(), which ISO C has no cast for. */
static void find(void *handle, const char *name, void *function)
{
	void *address = dlsym(handle, name);

	must(address != NULL, name);
	memcpy(function, &address, sizeof address);
}

static void use(struct library *library)
{
	struct magpool_arena *arenas[20];

	for (size_t i = 0; i < 20; i++) {
		arenas[i] = library->get();
		must(arenas[i] && library->zalloc(arenas[i], 5000), "no arena");
	}
	for (size_t i = 0; i < 20; i++)
		library->give_back(arenas[i]);
}

static void *thread(void *argument)
{
	struct library *library = argument;

	use(library);
	pthread_barrier_wait(&library->used);
	pthread_barrier_wait(&library->closed);
	return NULL;
}

static void load_and_unload(const char *path)
{
	struct library library = { .handle = dlopen(path, RTLD_NOW) };
	pthread_t id;

	must(library.handle != NULL, path);
	find(library.handle, "magpool_get", &library.get);
	find(library.handle, "magpool_zalloc", &library.zalloc);
	find(library.handle, "magpool_return", &library.give_back);
	pthread_barrier_init(&library.used, NULL, 2);
	pthread_barrier_init(&library.closed, NULL, 2);
	must(!pthread_create(&id, NULL, thread, &library), "pthread_create");
	use(&library);
	pthread_barrier_wait(&library.used);
	must(dlclose(library.handle) == 0, "dlclose");
	pthread_barrier_wait(&library.closed);
	pthread_join(id, NULL);
	pthread_barrier_destroy(&library.used);
	pthread_barrier_destroy(&library.closed);
}

int main(int count, char **arguments)
{
	must(count == 2, "which library?");
	for (size_t i = 0; i < ROUNDS; i++)
		load_and_unload(arguments[1]);
	return EXIT_SUCCESS;
}
