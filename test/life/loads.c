/* SPDX-License-Identifier: MIT */
/*
 * dlopen and dlclose, ten thousand times, with live threads.  The program is
 * not linked with the library: a plugin that uses it comes and goes, and so
 * does the library by itself, each time as RTLD_LOCAL.  Threads that used it
 * live on while nobody has it open, and end then.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <magpool/magpool.h>

#include "life.h"
#include "plugin.h"

enum { LOADERS = 2, MAPPINGS_MORE = 16 };

struct plugin {
	void *handle;
	void *(*open)(void);
	int (*close)(void *arena);
	int (*cycle)(unsigned count);
	int (*flush)(uint64_t *out);
};

static _Atomic uint64_t loads;
static _Atomic uint64_t threads_ended;
static bool side_by_side; /* several threads load and unload */

/* A function's address out of dlsym(), which ISO C has no cast for. */
static void find(void *handle, const char *name, void *function)
{
	void *address = dlsym(handle, name);

	life_check(address, "no %s in what was loaded", name);
	memcpy(function, &address, sizeof address);
}

static struct plugin load(void)
{
	void *handle = dlopen(PLUGIN, RTLD_NOW | RTLD_LOCAL);
	struct plugin plugin = { .handle = handle };

	life_check(plugin.handle, "%s", dlerror());
	find(plugin.handle, "plugin_open", &plugin.open);
	find(plugin.handle, "plugin_close", &plugin.close);
	find(plugin.handle, "plugin_cycle", &plugin.cycle);
	find(plugin.handle, "plugin_flush", &plugin.flush);
	loads++;
	return plugin;
}

static void unload(const struct plugin *plugin)
{
	life_check(dlclose(plugin->handle) == 0, "dlclose");
}

/* ---- a thread that outlives the plugin ----------------------------------- */

struct guest {
	struct plugin plugin;
	pthread_barrier_t used, closed;
	void *held;
};

static void *live(void *argument)
{
	struct guest *guest = argument;

	life_check(guest->plugin.cycle(7) == 0, "no arena");
	guest->held = guest->plugin.open();
	life_check(guest->held, "no arena");
	pthread_barrier_wait(&guest->used);
	pthread_barrier_wait(&guest->closed);
	/* The end of this thread runs the library's destructor. */
	threads_ended++;
	return NULL;
}

/* What a thread got is returned by another one, through a later load. */
static void with_thread(void)
{
	struct guest guest = { .plugin = load() };
	struct plugin later;
	pthread_t thread;

	pthread_barrier_init(&guest.used, NULL, 2);
	pthread_barrier_init(&guest.closed, NULL, 2);
	life_check(!pthread_create(&thread, NULL, live, &guest),
		   "pthread_create");
	pthread_barrier_wait(&guest.used);
	unload(&guest.plugin);
	if (!side_by_side)
		life_check(!dlopen(PLUGIN, RTLD_NOW | RTLD_NOLOAD),
			   "the plugin was not unloaded");
	pthread_barrier_wait(&guest.closed);
	pthread_join(thread, NULL);
	later = load();
	life_check(later.close(guest.held) == 0, "no return");
	unload(&later);
	pthread_barrier_destroy(&guest.used);
	pthread_barrier_destroy(&guest.closed);
}

static void without_thread(unsigned number)
{
	struct plugin plugin = load();

	life_check(plugin.cycle(number % PLUGIN_ARENAS_MAX) == 0, "no arena");
	unload(&plugin);
}

/* The library by itself. */
static void alone(void)
{
	void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	struct magpool_arena *(*get)(void);
	void (*give_back)(struct magpool_arena * arena);

	life_check(handle, "no " LIBRARY);
	find(handle, "magpool_get", &get);
	find(handle, "magpool_return", &give_back);
	give_back(get());
	loads++;
	life_check(dlclose(handle) == 0, "dlclose");
}

/* ---- main ---------------------------------------------------------------- */

static void load_some(unsigned times)
{
	for (unsigned i = 0; i < times; i++) {
		switch (i % 4) {
		case 0:
			with_thread(); /* loads twice */
			break;
		case 1:
			alone();
			break;
		default:
			without_thread(i);
		}
	}
}

static void *load_beside(void *times)
{
	load_some(*(unsigned *)times);
	return NULL;
}

static void load_side_by_side(unsigned times)
{
	pthread_t threads[LOADERS];

	side_by_side = true;
	for (unsigned i = 0; i < LOADERS; i++)
		life_check(!pthread_create(&threads[i], NULL, load_beside,
					   &times),
			   "pthread_create");
	for (unsigned i = 0; i < LOADERS; i++)
		pthread_join(threads[i], NULL);
	side_by_side = false;
}

static unsigned count_mappings(void)
{
	FILE *file = fopen("/proc/self/maps", "re");
	unsigned count = 0;
	int character;

	life_check(file, "no /proc/self/maps");
	while ((character = getc(file)) != EOF)
		count += character == '\n';
	fclose(file);
	return count;
}

static void check_end(unsigned mappings)
{
	struct plugin plugin = load();
	uint64_t out;

	life_check(plugin.flush(&out) == 0, "the sums do not hold");
	life_check(out == 0, "%llu arenas are out", (unsigned long long)out);
	unload(&plugin);
	life_check(count_mappings() <= mappings + MAPPINGS_MORE,
		   "%u mappings have become %u", mappings, count_mappings());
}

static void run(void)
{
	unsigned times = life_times(8000);
	unsigned mappings;

	load_some(times / 20);
	mappings = count_mappings();
	load_some(times / 4);
	load_side_by_side(times / 2 / LOADERS);
	load_some(times / 4);
	check_end(mappings);
	life_figures("%llu loads, %llu threads that outlived one",
		     (unsigned long long)loads,
		     (unsigned long long)threads_ended);
}

int main(int argc, char **argv)
{
	static const struct life_program program = {
		.name = "loads",
		.text = "dlopen and dlclose with live threads",
		.seconds = 60,
		.run = run,
	};

	return life_main(&program, argc, argv);
}
