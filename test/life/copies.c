/* SPDX-License-Identifier: MIT */
/*
 * Several copies of the library in one process, as when two bindings bring
 * their own: the shared library that the program is linked with, a copy of that
 * file under another name, and the static library inside a plugin.  Threads use
 * all of them, end, and fork.  No copy may call into another one: the next one
 * could be of another version.
 *
 * And a copy in a namespace of its own (dlmopen): see in_namespace().
 */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <magpool/magpool.h>

#include "crowd.h"
#include "life.h"
#include "plugin.h"

enum { THREADS = 3, HELD = 6 };

struct copy {
	void *handle;
	struct magpool *(*create)(const struct magpool_options *options);
	int (*destroy)(struct magpool **pool);
	struct magpool_arena *(*get_from)(struct magpool *pool);
	char *(*strdup)(struct magpool_arena *arena, const char *string);
	void (*scope_end)(struct magpool_arena **arena);
	void (*flush)(struct magpool *pool);
	size_t (*trim)(struct magpool *pool);
	size_t (*stats_read)(const struct magpool *pool,
			     struct magpool_stats *out, size_t out_size);
	struct magpool *pool;
};

enum { LINKED, RENAMED, COPIES };

static struct copy copies[COPIES];
static int (*cycle_static)(unsigned count);
static int (*flush_static)(uint64_t *out);
static atomic_bool leave;
static _Atomic uint64_t cycles;

/* ---- loading ------------------------------------------------------------- */

/* A function's address out of dlsym(), which ISO C has no cast for. */
static void find(void *handle, const char *name, void *function)
{
	void *address = dlsym(handle, name);

	life_check(address, "no %s in what was loaded", name);
	memcpy(function, &address, sizeof address);
}

static void find_all(struct copy *copy, void *handle)
{
	struct magpool_options options = { .size = sizeof options,
					   .magazine_rounds = 2 };

	life_check(handle, "%s", dlerror());
	copy->handle = handle;
	find(handle, "magpool_create", &copy->create);
	find(handle, "magpool_destroy", &copy->destroy);
	find(handle, "magpool_get_from", &copy->get_from);
	find(handle, "magpool_strdup", &copy->strdup);
	find(handle, "magpool_scope_end", &copy->scope_end);
	find(handle, "magpool_thread_flush", &copy->flush);
	find(handle, "magpool_trim", &copy->trim);
	find(handle, "magpool_stats_read", &copy->stats_read);
	copy->pool = copy->create(&options);
	life_check(copy->pool, "no pool");
}

/* Another file, of which the loader does not know what it is a copy of. */
static void *load_renamed(void)
{
	int from = open(LIBRARY, O_RDONLY | O_CLOEXEC);
	int to = memfd_create("copy", MFD_CLOEXEC);
	struct stat status;
	char path[40];
	void *handle;

	life_check(from >= 0 && to >= 0 && fstat(from, &status) == 0 &&
			   sendfile(to, from, NULL, (size_t)status.st_size) ==
				   status.st_size,
		   "copying " LIBRARY ": %s", strerrordesc_np(errno));
	snprintf(path, sizeof path, "/proc/self/fd/%d", to);
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	close(from);
	close(to);
	return handle;
}

static void load_static(void)
{
	void *handle = dlopen(STATIC_PLUGIN, RTLD_NOW | RTLD_LOCAL);

	life_check(handle, "no " STATIC_PLUGIN);
	find(handle, "plugin_cycle", &cycle_static);
	find(handle, "plugin_flush", &flush_static);
}

/* ---- who calls whom ------------------------------------------------------ */

struct dynamic {
	const ElfW(Sym) * symbols;
	const char *strings;
	const ElfW(Rela) * tables[2];
	size_t sizes[2];
};

/* glibc has added the load address to the pointers in the dynamic section. */
static struct dynamic read_dynamic(const struct link_map *map)
{
	struct dynamic all = { 0 };

	for (const ElfW(Dyn) *d = map->l_ld; d->d_tag != DT_NULL; d++) {
		uintptr_t value = (uintptr_t)d->d_un.d_ptr;

		if (d->d_tag == DT_SYMTAB)
			all.symbols = (const ElfW(Sym) *)value;
		else if (d->d_tag == DT_STRTAB)
			all.strings = (const char *)value;
		else if (d->d_tag == DT_RELA)
			all.tables[0] = (const ElfW(Rela) *)value;
		else if (d->d_tag == DT_RELASZ)
			all.sizes[0] = d->d_un.d_val / sizeof(ElfW(Rela));
		else if (d->d_tag == DT_JMPREL)
			all.tables[1] = (const ElfW(Rela) *)value;
		else if (d->d_tag == DT_PLTRELSZ)
			all.sizes[1] = d->d_un.d_val / sizeof(ElfW(Rela));
	}
	return all;
}

/* What the loader has bound for a call of a public function in this copy. */
static void check_bound(const struct link_map *map, const char *name,
			uintptr_t slot)
{
	void *bound = *(void **)slot;
	Dl_info info;

	life_check(dladdr(bound, &info) != 0 &&
			   (uintptr_t)info.dli_fbase == map->l_addr,
		   "%s in one copy calls that of another one", name);
}

static unsigned check_calls(void *handle)
{
	struct link_map *map;
	struct dynamic all;
	unsigned count = 0;

	life_check(dlinfo(handle, RTLD_DI_LINKMAP, (void *)&map) == 0,
		   "dlinfo");
	all = read_dynamic(map);
	life_check(all.symbols && all.strings, "no symbols in a copy");
	for (unsigned t = 0; t < 2; t++) {
		for (size_t i = 0; all.tables[t] && i < all.sizes[t]; i++) {
			const ElfW(Rela) *r = &all.tables[t][i];
			size_t symbol = ELF64_R_SYM(r->r_info);
			const char *name =
				all.strings + all.symbols[symbol].st_name;

			if (strncmp(name, "magpool_", 8) != 0)
				continue;
			check_bound(map, name, map->l_addr + r->r_offset);
			count++;
		}
	}
	return count;
}

/* ---- work ---------------------------------------------------------------- */

/* Arenas of all copies at once; each goes back to its own. */
static void cycle_all(struct copy *all, unsigned count)
{
	struct magpool_arena *held[COPIES][HELD];
	char text[200];

	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	for (unsigned i = 0; i < HELD; i++) {
		for (unsigned c = 0; c < count; c++) {
			held[c][i] = all[c].get_from(all[c].pool);
			life_check(held[c][i], "no arena");
			/* Some take a second page. */
			for (unsigned k = 0; k < 5 * i; k++)
				life_check(all[c].strdup(held[c][i], text),
					   "no memory");
		}
	}
	for (unsigned i = 0; i < HELD; i++) {
		for (unsigned c = 0; c < count; c++)
			all[c].scope_end(&held[c][i]);
	}
}

static void cycle(void *argument)
{
	(void)argument;
	cycle_all(copies, COPIES);
	life_check(cycle_static(HELD) == 0, "no arena");
	cycles++;
}

static void *busy(void *argument)
{
	while (!atomic_load(&leave)) {
		cycle(NULL);
		crowd_one(cycle, NULL);
	}
	return argument;
}

static void check_sums(struct copy *copy, bool quiet)
{
	struct magpool_stats s;

	copy->flush(copy->pool);
	copy->trim(copy->pool);
	life_check(copy->stats_read(copy->pool, &s, sizeof s) == sizeof s,
		   "stats");
	life_check(!quiet || s.gets == s.returns, "arenas are out");
	life_check(!quiet || s.pages_created - s.pages_given_back ==
				     s.pages_out + s.pages_cached +
					     s.pages_depot + s.pages_loose +
					     s.pages_leaked,
		   "pages are lost");
	life_check(s.misuse == 0, "misuse was reported");
}

static int in_child(void *argument)
{
	uint64_t out;

	(void)argument;
	cycle(NULL);
	crowd_run(THREADS, cycle, NULL);
	for (unsigned i = 0; i < COPIES; i++)
		check_sums(&copies[i], false);
	return flush_static(&out);
}

static void use_together(unsigned forks)
{
	pthread_t threads[THREADS];
	uint64_t out;

	for (unsigned i = 0; i < THREADS; i++)
		life_check(!pthread_create(&threads[i], NULL, busy, NULL),
			   "pthread_create");
	for (unsigned i = 0; i < forks; i++) {
		cycle(NULL);
		life_fork(in_child, NULL);
	}
	atomic_store(&leave, true);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	life_check(flush_static(&out) == 0 && out == 0,
		   "the sums of the static copy do not hold");
	for (unsigned i = 0; i < COPIES; i++) {
		check_sums(&copies[i], true);
		life_check(copies[i].destroy(&copies[i].pool) == 0,
			   "magpool_destroy");
	}
}

/* ---- dlmopen ------------------------------------------------------------- */

static struct copy both[2];

static void cycle_namespace(void *argument)
{
	(void)argument;
	cycle_all(&both[1], 1);
}

static void cycle_both(void *argument)
{
	(void)argument;
	cycle_all(both, 2);
}

/*
 * A namespace has a C library of its own, whose keys have the same places in a
 * thread as those of the first one: at the end of a thread glibc may call the
 * destructor of one copy with the record of the other.  So several threads at a
 * time are not supported there; one after the other is, and what stays behind
 * does not grow.
 */
static int in_namespace(void *argument)
{
	(void)argument;
	find_all(&both[0], dlopen(LIBRARY, RTLD_NOW | RTLD_NOLOAD));
	find_all(&both[1], dlmopen(LM_ID_NEWLM, LIBRARY, RTLD_NOW));
	for (unsigned i = 0; i < 100; i++) {
		cycle_both(NULL);
		crowd_one(cycle_namespace, NULL);
		crowd_one(cycle_both, NULL);
	}
	for (unsigned i = 0; i < 2; i++) {
		struct magpool_stats s;

		check_sums(&both[i], true);
		both[i].stats_read(both[i].pool, &s, sizeof s);
		life_check(s.caches <= 4, "%llu caches are left",
			   (unsigned long long)s.caches);
		life_check(both[i].destroy(&both[i].pool) == 0,
			   "magpool_destroy");
	}
	return 0;
}

/* ---- main ---------------------------------------------------------------- */

static void run(void)
{
	unsigned forks = life_times(100);
	unsigned calls;

	/* The program is linked with the library, or there is one copy less. */
	life_check(magpool_default(), "no default pool");
	life_fork(in_namespace, NULL);
	find_all(&copies[LINKED], dlopen(LIBRARY, RTLD_NOW | RTLD_NOLOAD));
	find_all(&copies[RENAMED], load_renamed());
	load_static();
	life_check(copies[LINKED].create == magpool_create &&
			   copies[RENAMED].create != magpool_create,
		   "there are no two copies");
	calls = check_calls(copies[RENAMED].handle);
	use_together(forks);
	life_figures("3 copies in a process, %llu cycles through all of them, "
		     "%u forks, %u calls between public functions left to "
		     "the loader",
		     (unsigned long long)cycles, forks, calls);
}

int main(int argc, char **argv)
{
	static const struct life_program program = {
		.name = "copies",
		.text = "Several copies of the library in one process",
		.seconds = 60,
		.run = run,
	};

	return life_main(&program, argc, argv);
}
