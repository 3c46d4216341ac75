/* SPDX-License-Identifier: MIT */
/*
 * What membarrier is for: one thread stores and then loads without a fence,
 * the other one stores, calls membarrier, and loads.  Without the call both may
 * load what was there before, and then
 *
 *     bias: two threads are in one explicit cache;
 *     tick: a fence is paid while a pop that it should wait for still runs.
 *
 * The first thread's stores are delayed by others that miss every cache, so
 * that a processor with a store buffer shows it within seconds.
 *
 * usage: barrier bias|tick SECONDS
 */
#include "platform.h"
#include "quiesce.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LINE = 64, FAR_BYTES = 64 << 20, STORES = 24, SPINS = 1500 };

/* Only compared. */
#define OWNER ((uintptr_t)64)
#define GUEST ((uintptr_t)128)

/* Both sides of one trial, each run by its thread; neither leaves. */
struct trial {
	void (*prepare)(void);
	void (*owner)(void);
	void (*other)(void);
	bool (*is_wrong)(void);
};

static struct mp_table operations;
static struct mp_operation *operation;
static struct mp_counters counters;
static struct magpool *const pool = (struct magpool *)LINE; /* only compared */
static struct mp_quiesce quiesce;
static struct mp_list list;
static struct mp_list *const lists[] = { &list };

static volatile char *far_memory;
static _Atomic uint64_t started, ended;
static _Atomic bool stopped;
static uint64_t state = 1;

static uint32_t chance(void)
{
	state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(state >> 33);
}

/* ---- bias: operation.c's revoke() ---------------------------------------- */

static _Atomic uint32_t *owner_word, *guest_word;

static void bias_prepare(void)
{
	mp_store_relaxed(&operation->inside, 0);
	mp_store_relaxed(&operation->busy, 0);
	mp_store_relaxed(&operation->owner, OWNER);
}

static void bias_owner(void)
{
	owner_word = mp_operation_enter_own(operation, OWNER);
}

static void bias_guest(void)
{
	guest_word = mp_operation_enter_explicit(operation, GUEST);
}

static bool bias_is_wrong(void)
{
	return owner_word && guest_word;
}

/* ---- tick: quiesce.c ----------------------------------------------------- */

static uint64_t owner_head;

static void tick_prepare(void)
{
	mp_store_relaxed(&operation->inside, 0);
	memset(&quiesce, 0, sizeof quiesce);
	mp_store_relaxed(&list.head, 0);
	mp_store_relaxed(&list.paid, false);
}

/* As a pop that is stalled after its load. */
static void tick_owner(void)
{
	mp_operation_enter(operation);
	owner_head = mp_load_acquire(&list.head);
}

static void tick_observer(void)
{
	uint64_t before = 0;

	mp_cas_acquire(&list.head, &before, mp_list_word(MP_TAG_PHASE, 0));
	mp_quiesce_tick(&quiesce, pool, &operations, lists, 1);
}

static bool tick_is_wrong(void)
{
	return !mp_list_phase(owner_head) && mp_load_relaxed(&list.paid);
}

/* ---- trials -------------------------------------------------------------- */

static void delay_stores(void)
{
	for (int i = 0; i < STORES; i++)
		far_memory[chance() % (FAR_BYTES / LINE) * LINE] = 1;
}

/* Until the other thread has come that far; the processor may not be ours. */
static bool wait_for(_Atomic uint64_t *word, uint64_t value)
{
	for (unsigned int i = 1; mp_load_acquire(word) < value; i++) {
		if (mp_load_relaxed(&stopped))
			return false;
		if (i % 4096 == 0)
			sched_yield();
	}
	return true;
}

static void *run_owner(void *argument)
{
	const struct trial *trial = argument;

	for (uint64_t i = 1; wait_for(&started, i); i++) {
		delay_stores();
		trial->owner();
		mp_store_release(&ended, i);
	}
	return NULL;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* How many trials until one went wrong; 0: none did. */
static uint64_t run(const struct trial *trial, double seconds)
{
	double end = now() + seconds;
	uint64_t i;

	for (i = 1; i % 64 || now() < end; i++) {
		uint32_t spins = chance() % SPINS;

		trial->prepare();
		mp_store_release(&started, i);
		while (spins--)
			mp_compiler_barrier();
		trial->other();
		wait_for(&ended, i);
		if (trial->is_wrong())
			return i;
	}
	printf("ok, %llu trials\n", (unsigned long long)i);
	return 0;
}

static void setup(void)
{
	char *record;

	mp_table_init(&operations, MP_OPERATION_AT + sizeof *operation, 8);
	record = mp_table_at(&operations, mp_table_add(&operations));
	operation = (struct mp_operation *)(void *)(record + MP_OPERATION_AT);
	mp_store_relaxed(&operation->pool, pool);
	operation->counters = &counters;
	far_memory = calloc(1, FAR_BYTES);
	if (!far_memory || !mp_platform_membarrier()) {
		puts("cannot run: no memory, or no membarrier");
		exit(2);
	}
}

int main(int argc, char **argv)
{
	static const struct trial bias = { bias_prepare, bias_owner, bias_guest,
					   bias_is_wrong };
	static const struct trial tick = { tick_prepare, tick_owner,
					   tick_observer, tick_is_wrong };
	const struct trial *trial;
	pthread_t owner;
	uint64_t wrong;

	if (argc != 3)
		return 2;
	trial = strcmp(argv[1], "bias") == 0 ? &bias : &tick;
	setup();
	if (pthread_create(&owner, NULL, run_owner, (void *)trial) != 0)
		return 2;
	wrong = run(trial, atof(argv[2]));
	mp_store_relaxed(&stopped, true);
	pthread_join(owner, NULL);
	if (wrong)
		printf("VIOLATION: %s, trial %llu\n", argv[1],
		       (unsigned long long)wrong);
	return wrong != 0;
}
