/* SPDX-License-Identifier: MIT */
#include "limits.h"

#include "demand.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- numbers of the system ----------------------------------------------- */

/* The first number in a file of /proc. */
static unsigned long number_in(const char *path)
{
	char text[64];
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = file < 0 ? -1 : read(file, text, sizeof text - 1);

	demand(size > 0, "cannot read %s", path);
	close(file);
	text[size] = '\0';
	return strtoul(text, NULL, 10);
}

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

size_t limits_mapped(void)
{
	return number_in("/proc/self/statm") * page_size();
}

/* ---- address space ------------------------------------------------------- */

static void set_address_space(rlim_t bytes)
{
	struct rlimit limit;

	demand(getrlimit(RLIMIT_AS, &limit) == 0, "getrlimit");
	limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
	demand(setrlimit(RLIMIT_AS, &limit) == 0, "setrlimit");
}

void limits_address_space(unsigned long pages)
{
	set_address_space(limits_mapped() + pages * page_size());
}

void limits_address_space_end(void)
{
	set_address_space(RLIM_INFINITY);
}

/* ---- mappings ------------------------------------------------------------ */

/* The kernel's default is 65530. */
#define MAPPINGS_MAX 70000

static char *region;
static size_t region_bytes;
static size_t split; /* single pages that are mappings of their own */

static bool set_page(size_t n, int protection)
{
	/* Every second one, so that none has a neighbour like it. */
	return mprotect(region + (2 * n + 1) * page_size(), page_size(),
			protection) == 0;
}

/* Until no mapping more can be had. */
static void split_all(void)
{
	while ((2 * split + 2) * page_size() < region_bytes &&
	       set_page(split, PROT_READ))
		split++;
	demand((2 * split + 2) * page_size() < region_bytes,
	       "the limit of mappings was not met");
}

bool limits_mappings_begin(void)
{
	unsigned long most = number_in("/proc/sys/vm/max_map_count");

	if (most > MAPPINGS_MAX)
		return false;
	region_bytes = (most + 4) * page_size();
	region = mmap(NULL, region_bytes, PROT_NONE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	demand(region != MAP_FAILED, "no room for mappings");
	split_all();
	/* Room for the test's own threads, until it is taken. */
	limits_mappings_off();
	return true;
}

/* Two mappings for each page that is as its neighbours again. */
static void join(size_t pages)
{
	for (; pages && split; pages--)
		demand(set_page(--split, PROT_NONE), "mprotect");
}

void limits_mappings(unsigned long left)
{
	split_all();
	join((left + 1) / 2);
	/* An odd number: a piece at the end that is unlike its neighbour. */
	if (left & 1)
		demand(mprotect(region + region_bytes - page_size(),
				page_size(), PROT_READ) == 0,
		       "mprotect");
}

void limits_mappings_off(void)
{
	demand(mprotect(region + region_bytes - page_size(), page_size(),
			PROT_NONE) == 0,
	       "mprotect");
	join(100);
}

void limits_mappings_end(void)
{
	munmap(region, region_bytes);
}

/* ---- keys ---------------------------------------------------------------- */

pthread_key_t limits_keys(void)
{
	pthread_key_t key, last = 0;
	unsigned keys = 0;

	while (pthread_key_create(&key, NULL) == 0) {
		last = key;
		keys++;
	}
	demand(keys, "no key at all");
	return last;
}

/* ---- filters ------------------------------------------------------------- */

void limits_forbid_membarrier(int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {
		.len = sizeof code / sizeof *code,
		.filter = code,
	};

	demand(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "prctl");
	demand(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		       SECCOMP_FILTER_FLAG_TSYNC, &program) == 0,
	       "seccomp");
	demand(syscall(SYS_membarrier, 0, 0, 0) == -1 && errno == error,
	       "the filter does not filter");
}
