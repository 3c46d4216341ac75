/* SPDX-License-Identifier: MIT */
#include "fibers.h"

#include "strategy.h"
#include "system.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

enum {
	STACK = 256 << 10,
	TLS = 64,
	EXIT_ROUNDS = 4, /* PTHREAD_DESTRUCTOR_ITERATIONS of glibc */
};

enum fiber_state {
	FIBER_OVER,
	FIBER_READY,
	FIBER_WAITS,
};

struct fiber {
	ucontext_t context;
	void *stack;
	enum fiber_state state;
	const volatile void *waits_at;
	int error; /* errno */
	const void *specific[SCHEDULE_KEYS];
	char tls[TLS];
};

static struct fiber fibers[SCHEDULE_THREADS + 1];
static const struct schedule_bodies *bodies;
static unsigned int self;
static bool running; /* steps count, and threads change */
static bool tracing;
static uint64_t steps, all_steps;

unsigned int schedule_self(void)
{
	return self;
}

uint64_t schedule_steps(void)
{
	return steps;
}

uint64_t schedule_all_steps(void)
{
	return all_steps;
}

void schedule_trace(bool on)
{
	tracing = on;
}

/* ---- changing ------------------------------------------------------------ */

static void change_to(unsigned int next)
{
	struct schedule_tls tls = schedule_tls();
	struct fiber *from = &fibers[self], *to = &fibers[next];

	if (next == self)
		return;
	if (tls.size > TLS)
		schedule_violation("TLS is too small");
	from->error = errno;
	memcpy(from->tls, tls.words, tls.size);
	memcpy(tls.words, to->tls, tls.size);
	self = next;
	swapcontext(&from->context, &to->context);
	errno = from->error;
}

static uint32_t ready_mask(void)
{
	uint32_t mask = 0;

	for (unsigned int i = 1; i <= bodies->threads; i++)
		mask |= (uint32_t)(fibers[i].state == FIBER_READY) << i;
	return mask;
}

static bool are_over(void)
{
	for (unsigned int i = 1; i <= bodies->threads; i++) {
		if (fibers[i].state != FIBER_OVER)
			return false;
	}
	return true;
}

static void reschedule(enum schedule_why why)
{
	uint32_t ready = ready_mask();

	if (!ready && !are_over())
		schedule_violation("deadlock: all that are left wait");
	change_to(ready ? strategy_pick(self, ready, why) : 0);
}

/* ---- steps --------------------------------------------------------------- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void show_step(const volatile void *address,
		      const struct schedule_site *site, bool is_point)
{
	printf("%6llu%c thread %u  %-18s %s:%d  %s (%p)\n",
	       (unsigned long long)steps, is_point ? '*' : ' ', self,
	       site->kind, base_name(site->file), site->line, site->place,
	       (const void *)(uintptr_t)address);
}

void schedule_point(const volatile void *address,
		    const struct schedule_site *site)
{
	bool is_point;

	if (!running)
		return;
	steps++;
	all_steps++;
	is_point = points_meet(address, self, site->writes);
	if (is_point)
		reschedule(SCHEDULE_AT_POINT);
	if (tracing)
		show_step(address, site, is_point);
	if (steps > SCHEDULE_STEPS)
		schedule_violation("livelock: no end in %d steps",
				   SCHEDULE_STEPS);
}

void schedule_step(const volatile void *address,
		   const struct schedule_site *site)
{
	schedule_point(address, site);
}

/* Without volatile: while this thread runs, no other does. */
static bool swap(volatile void *word, void *expected, const void *value,
		 size_t size, const struct schedule_site *site)
{
	void *there = (void *)(uintptr_t)word;
	bool same = memcmp(there, expected, size) == 0;
	struct schedule_site half = *site;

	half.kind = "cas, second half";
	if (!same)
		memcpy(expected, there, size);
	if (system_tears())
		schedule_step(word, &half);
	if (same)
		memcpy(there, value, size);
	return same;
}

bool schedule_cas_strong(volatile void *word, void *expected, const void *value,
			 size_t size, const struct schedule_site *site)
{
	schedule_step(word, site);
	return swap(word, expected, value, size, site);
}

bool schedule_cas_weak(volatile void *word, void *expected, const void *value,
		       size_t size, const struct schedule_site *site)
{
	schedule_step(word, site);
	if (running && strategy_fails()) {
		memcpy(expected, (void *)(uintptr_t)word, size);
		return false;
	}
	return swap(word, expected, value, size, site);
}

int schedule_yield(void)
{
	static const struct schedule_site site = { "yield", "", "", 0, false };

	if (!running)
		return 0;
	steps++;
	all_steps++;
	if (tracing)
		show_step(NULL, &site, true);
	if (steps > SCHEDULE_STEPS)
		schedule_violation("livelock: no end in %d steps",
				   SCHEDULE_STEPS);
	reschedule(SCHEDULE_YIELDS);
	return 0;
}

void schedule_block(const volatile void *at)
{
	if (!running)
		schedule_violation("waits for one that stands still");
	fibers[self].state = FIBER_WAITS;
	fibers[self].waits_at = at;
	if (tracing)
		printf("        thread %u  waits\n", self);
	reschedule(SCHEDULE_STOPS);
}

void schedule_wake(const volatile void *at)
{
	for (unsigned int i = 1; i <= SCHEDULE_THREADS; i++) {
		if (fibers[i].state == FIBER_WAITS && fibers[i].waits_at == at)
			fibers[i].state = FIBER_READY;
	}
}

/* ---- threads ------------------------------------------------------------- */

/* Different words, as thread pointers are; always the same for a replay. */
uintptr_t schedule_thread_pointer(void)
{
	return (uintptr_t)(self + 1) << 12;
}

int schedule_setspecific(unsigned int key, const void *value)
{
	fibers[self].specific[key] = value;
	return 0;
}

/* As a thread does at its end. */
static void run_destructors(void)
{
	struct fiber *fiber = &fibers[self];

	for (unsigned int i = 0; i < EXIT_ROUNDS * SCHEDULE_KEYS; i++) {
		unsigned int key = i % SCHEDULE_KEYS;
		const void *value = fiber->specific[key];

		fiber->specific[key] = NULL;
		if (value)
			system_destructor(key)((void *)(uintptr_t)value);
	}
}

/* Stops three times: before the schedule, at its end, and for good. */
static void fiber_main(void)
{
	unsigned int index = self - 1;

	if (bodies->warm)
		bodies->warm(index);
	change_to(0);
	bodies->body(index);
	if (bodies->exits)
		run_destructors();
	fibers[self].state = FIBER_OVER;
	if (tracing)
		printf("        thread %u  ends\n", self);
	reschedule(SCHEDULE_STOPS);
	run_destructors();
	change_to(0);
}

static void make_stack(struct fiber *fiber)
{
	fiber->stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (fiber->stack == MAP_FAILED)
		schedule_violation("no memory for a stack");
	/* What overflows faults. */
	mprotect(fiber->stack, 4096, PROT_NONE);
}

static void make_fiber(struct fiber *fiber)
{
	if (!fiber->stack)
		make_stack(fiber);
	fiber->state = FIBER_READY;
	fiber->error = 0;
	memset(fiber->specific, 0, sizeof fiber->specific);
	memset(fiber->tls, 0, sizeof fiber->tls);
	getcontext(&fiber->context);
	fiber->context.uc_stack.ss_sp = fiber->stack;
	fiber->context.uc_stack.ss_size = STACK;
	fiber->context.uc_link = NULL;
	makecontext(&fiber->context, fiber_main, 0);
}

void schedule_run(const struct schedule_bodies *what)
{
	bodies = what;
	steps = 0;
	for (unsigned int i = 1; i <= bodies->threads; i++) {
		make_fiber(&fibers[i]);
		change_to(i);
	}
	strategy_begin();
	running = true;
	reschedule(SCHEDULE_STOPS);
	running = false;
	for (unsigned int i = 1; i <= bodies->threads; i++)
		change_to(i);
}
