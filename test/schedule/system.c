/* SPDX-License-Identifier: MIT */
#include "system.h"

#include "fibers.h"
#include "image.h"
#include "nodes.h"
#include "platform.h"
#include "rcu.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

static unsigned int broken;

void system_break(unsigned int faults)
{
	broken = faults;
}

bool system_tears(void)
{
	return broken & SYSTEM_CAS;
}

static void step(const volatile void *address, const char *kind)
{
	struct schedule_site site = { kind, "", "", 0, true };

	schedule_point(address, &site);
}

/* ---- memory -------------------------------------------------------------- */

/*
 * A region at the same address in every run, so that a replay sees the same
 * addresses.  What was unmapped faults until the next schedule, and no address
 * is given twice.
 */
#define REGION ((char *)0x1000000000)
#define REGION_SIZE ((size_t)64 << 20)
#define GAP ((size_t)4096)
#define MAPPINGS 512
#define CLEAR_MAX ((size_t)128 << 10)

struct mapping {
	char *address;
	size_t size;
	bool there;
};

static struct mapping mapping[MAPPINGS];
static size_t mappings, mapped;
static bool has_holes;

static void open_region(void)
{
	void *address = mmap(REGION, REGION_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
				     MAP_FIXED_NOREPLACE,
			     -1, 0);

	if (address != REGION)
		schedule_violation("no memory at %p: %s", (void *)REGION,
				   strerrordesc_np(errno));
}

void *mp_platform_map(size_t size, size_t alignment)
{
	size_t start;

	step(&mapped, "map");
	start = (mapped + GAP + alignment - 1) & ~(alignment - 1);
	if (start + size > REGION_SIZE || mappings == MAPPINGS)
		schedule_violation("the region is full");
	mapping[mappings++] = (struct mapping){ REGION + start, size, true };
	mapped = start + size;
	return REGION + start;
}

bool mp_platform_unmap(void *address, size_t size)
{
	step(&mapped, "unmap");
	for (size_t i = 0; i < mappings; i++) {
		struct mapping *m = &mapping[i];

		if (m->address != address || m->size != size || !m->there)
			continue;
		m->there = false;
		has_holes = true;
		mprotect(address, size, PROT_NONE);
		return true;
	}
	schedule_violation("unmaps %zu bytes at %p, which are not mapped", size,
			   address);
}

bool mp_platform_discard(void *address, size_t size)
{
	step(&mapped, "discard");
	madvise(address, size, MADV_DONTNEED);
	return true;
}

void mp_platform_huge(void *address, size_t size, bool wanted)
{
	(void)address;
	(void)size;
	(void)wanted;
}

size_t system_mappings(void)
{
	size_t n = 0;

	for (size_t i = 0; i < mappings; i++)
		n += mapping[i].there;
	return n;
}

/* A fault for each page costs more than the bytes of a few. */
static void clear(char *address, size_t size)
{
	if (size <= CLEAR_MAX)
		memset(address, 0, size);
	else
		madvise(address, size, MADV_DONTNEED);
}

static void reset_memory(void)
{
	if (has_holes)
		mprotect(REGION, mapped, PROT_READ | PROT_WRITE);
	for (size_t i = 0; i < mappings; i++)
		clear(mapping[i].address, mapping[i].size);
	has_holes = false;
	mappings = 0;
	mapped = 0;
}

/* ---- the rest of platform.h ---------------------------------------------- */

bool mp_platform_membarrier(void)
{
	static char here;

	step(&here, "membarrier");
	return true;
}

/* Time stands still, but when a scenario lets it pass. */
static uint64_t milliseconds;

void system_pass_time(uint64_t n)
{
	step(&milliseconds, "time");
	milliseconds += n;
}

uint64_t mp_platform_milliseconds(void)
{
	return milliseconds;
}

size_t mp_platform_page_size(void)
{
	return 4096;
}

unsigned int mp_platform_processors(void)
{
	return 1;
}

uint32_t mp_nodes_count(const char *directory)
{
	(void)directory;
	return 1;
}

struct mp_place mp_nodes_here(void)
{
	return (struct mp_place){ 0, 0 };
}

/* Debug arenas have no schedules: these are not called. */
bool mp_platform_protect(void *address, size_t size, bool usable)
{
	(void)address;
	(void)size;
	(void)usable;
	return false;
}

/* Nobody else looks: as where the system refuses it. */
void *mp_platform_share(void *address, const char *name, size_t size,
			int *descriptor)
{
	(void)address;
	(void)name;
	(void)size;
	*descriptor = -1;
	return NULL;
}

void mp_platform_seal(int descriptor)
{
	(void)descriptor;
}

bool mp_platform_peek(int descriptor, void *out, size_t size)
{
	(void)descriptor;
	(void)out;
	(void)size;
	return false;
}

void mp_platform_close(int descriptor)
{
	(void)descriptor;
}

int mp_platform_append(const char *path, const char *start, const char *line,
		       size_t length, size_t most)
{
	(void)path;
	(void)start;
	(void)line;
	(void)length;
	(void)most;
	return EROFS;
}

uint64_t mp_platform_now(void)
{
	return 0;
}

/* This clock goes on for who sleeps only. */
static uint64_t slept;

uint64_t mp_platform_monotonic(void)
{
	return slept;
}

void mp_platform_sleep(uint64_t nanoseconds)
{
	step(&slept, "sleep");
	slept += nanoseconds;
}

uint32_t mp_platform_process_id(void)
{
	return 1;
}

int mp_platform_thread_id(void)
{
	return 0;
}

/* The host's environment is not the schedule's. */
const char *mp_platform_getenv(const char *name)
{
	(void)name;
	return NULL;
}

char **mp_platform_environment(void)
{
	static char *none[] = { NULL };

	return none;
}

/* ---- the mutex ----------------------------------------------------------- */

/* The library has one; + 1: 0 is nobody. */
static unsigned int holder;

static bool take_mutex(void *mutex)
{
	static void *only;

	if (only && only != mutex)
		schedule_violation("a second mutex");
	only = mutex;
	if (holder && !(broken & SYSTEM_MUTEX))
		return false;
	holder = schedule_self() + 1;
	return true;
}

int schedule_mutex_lock(void *mutex)
{
	step(mutex, "mutex lock");
	if (holder == schedule_self() + 1)
		schedule_violation("locks the mutex that it holds");
	while (!take_mutex(mutex))
		schedule_block(mutex);
	return 0;
}

int schedule_mutex_trylock(void *mutex)
{
	step(mutex, "mutex trylock");
	return take_mutex(mutex) ? 0 : EBUSY;
}

int schedule_mutex_unlock(void *mutex)
{
	step(mutex, "mutex unlock");
	if (holder != schedule_self() + 1 && !(broken & SYSTEM_MUTEX))
		schedule_violation("unlocks a mutex that it does not hold");
	holder = 0;
	schedule_wake(mutex);
	return 0;
}

/* ---- RCU ----------------------------------------------------------------- */

static struct {
	unsigned int depth;
	uint64_t ended;
} section[SCHEDULE_THREADS + 1];

bool mp_rcu_read_lock(void)
{
	step(&section, "rcu read lock");
	section[schedule_self()].depth++;
	return true;
}

void mp_rcu_read_unlock(void)
{
	unsigned int self = schedule_self();

	step(&section, "rcu read unlock");
	if (!section[self].depth)
		schedule_violation("leaves a section that it is not in");
	section[self].ended += --section[self].depth == 0;
	schedule_wake(&section);
}

bool mp_rcu_wait(void)
{
	uint64_t before[SCHEDULE_THREADS + 1];

	step(&section, "rcu wait");
	if (section[schedule_self()].depth)
		schedule_violation("waits for its own section");
	if (broken & SYSTEM_RCU)
		return true;
	for (unsigned int i = 0; i <= SCHEDULE_THREADS; i++)
		before[i] = section[i].ended;
	for (unsigned int i = 0; i <= SCHEDULE_THREADS; i++) {
		while (section[i].depth && section[i].ended == before[i])
			schedule_block(&section);
	}
	return true;
}

/* ---- thread-specific data ------------------------------------------------ */

static void (*destructors[SCHEDULE_KEYS])(void *value);
static unsigned int keys, kept_keys;

int schedule_key_create(unsigned int *key, void (*destructor)(void *value))
{
	if (keys == SCHEDULE_KEYS)
		return EAGAIN;
	*key = keys++;
	destructors[*key] = destructor;
	return 0;
}

void (*system_destructor(unsigned int key))(void *value)
{
	return destructors[key];
}

/* ---- every schedule starts the same -------------------------------------- */

void system_keep(void)
{
	if (mappings)
		schedule_violation("memory is mapped before the first use");
	open_region();
	image_keep();
	kept_keys = keys;
}

void system_reset(void)
{
	image_restore();
	reset_memory();
	keys = kept_keys;
	holder = 0;
	slept = 0;
	milliseconds = 0;
	memset(section, 0, sizeof section);
}
