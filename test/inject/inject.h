/* SPDX-License-Identifier: MIT */
/*
 * Failures on demand of the system's calls.
 *
 * The programs are linked with a copy of the static library in which objcopy
 * has renamed what it calls: mmap64 is inject_mmap64 there.  So the library's
 * own calls come here and nobody else's do: libc's, liburcu's, the sanitizers'
 * and the test's own go to the system.
 *
 * A plan makes one kind of call fail at its n-th time, once or from then on;
 * two plans at once are a pair.  Counts are the process's, so that with several
 * threads each run hits another one.  All atomics are relaxed: a missing order
 * in the library must stay visible to ThreadSanitizer.
 */
#ifndef INJECT_H
#define INJECT_H

#include <stdbool.h>
#include <stddef.h>

enum inject_kind {
	INJECT_MMAP,
	INJECT_MUNMAP,
	INJECT_MADVISE,
	INJECT_MPROTECT,
	INJECT_MEMBARRIER,
	INJECT_KEY_CREATE,
	INJECT_SETSPECIFIC,
	INJECT_ATFORK,
	INJECT_ATEXIT,
	INJECT_AFFINITY,
	INJECT_WRITE,
	INJECT_THREAD,
	INJECT_MEMFD,
	INJECT_FTRUNCATE,
	INJECT_SEALS,
	INJECT_LIMIT,
	INJECT_PREAD,
	INJECT_OPEN,
	INJECT_FSTAT,
	INJECT_KINDS
};

/* What fails, and how: there may be several ways for one kind. */
struct inject_failure {
	const char *name;
	enum inject_kind kind;
	int error;
};

struct inject_plan {
	const struct inject_failure *failure;
	unsigned long at; /* the n-th call, from 1; 0: no plan */
	bool onwards;     /* and all that follow */
};

#define INJECT_PLANS 2

/* All failures there are; the last one has no name. */
extern const struct inject_failure inject_failures[];

const struct inject_failure *inject_find(const char *name);

/* The plans hold from now on; all counts of calls start again. */
void inject_arm(const struct inject_plan plans[INJECT_PLANS]);
void inject_disarm(void);

/* How often a plan has struck since it was armed. */
unsigned long inject_hits(size_t plan);

/* How often the calling thread was struck, ever. */
unsigned long inject_hits_here(void);

/* "mmap:3:once,munmap:1:on", and back; false: it is no such text. */
void inject_print(char *out, size_t size,
		  const struct inject_plan plans[INJECT_PLANS]);
bool inject_parse(const char *text, struct inject_plan plans[INJECT_PLANS]);

/*
 * Called in the calls of that kind, in front of the system's, once: the library
 * is in the middle of what it does then, as when a signal handler comes.
 */
void inject_interrupt(enum inject_kind kind, void (*handler)(void));

/* ---- what the system has given ------------------------------------------- */

/* Bytes that the library has mapped and not unmapped. */
size_t inject_live(void);

/* Bytes that went back to the system, unmapped or discarded, ever. */
size_t inject_released(void);

/* ---- figures ------------------------------------------------------------- */

/* Failures of a kind, ever; those of child processes are added. */
void inject_add(enum inject_kind kind, unsigned long count);
unsigned long inject_total(enum inject_kind kind);
const char *inject_kind_name(enum inject_kind kind);

#endif
