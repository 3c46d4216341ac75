/* SPDX-License-Identifier: MIT */
/* What ended is freed when, and only when, no walker reads it any more. */
#include "grace.h"
#include "registry.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <semaphore.h>
#include <urcu-bp.h>

static struct mp_grace grace;

/* ---- one period ---------------------------------------------------------- */

Test(grace, is_over_at_once_when_nobody_is_there)
{
	mp_grace_start(&grace);
	cr_assert(mp_grace_ended(&grace));
}

Test(grace, a_section_under_way_is_waited_for)
{
	uint32_t phase = mp_grace_enter(&grace);

	mp_grace_start(&grace);
	for (int i = 0; i < 5; i++)
		cr_assert_not(mp_grace_ended(&grace));
	mp_grace_leave(&grace, phase);
	cr_assert(mp_grace_ended(&grace));
}

/* Or sections that overlap would keep a period going for ever. */
Test(grace, sections_that_come_later_are_not_waited_for)
{
	uint32_t first = mp_grace_enter(&grace), next;

	for (int i = 0; i < 5; i++) {
		mp_grace_start(&grace);
		cr_assert_not(mp_grace_ended(&grace));
		next = mp_grace_enter(&grace);
		mp_grace_leave(&grace, first);
		cr_assert(mp_grace_ended(&grace));
		first = next;
	}
	mp_grace_leave(&grace, next);
}

/* It read the phase, slept, and counts where nobody new does. */
Test(grace, a_section_in_the_old_phase_is_waited_for)
{
	uint32_t old = mp_load_relaxed(&grace.phase);

	mp_grace_start(&grace);
	cr_assert(mp_grace_ended(&grace));
	mp_grace_start(&grace);
	mp_store_relaxed(&grace.phase, old ^ 1);
	mp_add_seq(&grace.inside[old], 1);
	cr_assert_not(mp_grace_ended(&grace));
	mp_grace_leave(&grace, old);
	cr_assert(mp_grace_ended(&grace));
}

Test(grace, each_period_waits_anew)
{
	uint32_t phase;

	for (int i = 0; i < 4; i++) {
		phase = mp_grace_enter(&grace);
		mp_grace_start(&grace);
		cr_assert_not(mp_grace_ended(&grace));
		mp_grace_leave(&grace, phase);
		cr_assert(mp_grace_ended(&grace));
	}
}

/* ---- what ended ---------------------------------------------------------- */

#define SECOND UINT64_C(1000000000)

static struct magpool_stats read_stats(void)
{
	struct magpool_stats stats;

	magpool_stats_read(NULL, &stats, sizeof stats);
	return stats;
}

static void end_a_pool(void)
{
	struct magpool *pool = magpool_create(NULL);

	cr_assert_not_null(pool);
	magpool_return(magpool_get_from(pool));
	magpool_abandon(&pool);
}

/* Grace periods that it passed; it never takes a second. */
static uint64_t trim(void)
{
	uint64_t start = mp_platform_monotonic();
	struct magpool_stats before = read_stats();

	magpool_trim(NULL);
	cr_assert_lt(mp_platform_monotonic() - start, SECOND);
	return read_stats().grace_periods - before.grace_periods;
}

Test(grace, a_trim_frees_what_ended)
{
	cr_assert_eq(trim(), 0);
	end_a_pool();
	cr_assert_eq(trim(), 1);
	cr_assert_eq(trim(), 0);
	cr_assert_eq(read_stats().stalled, 0);
}

Test(grace, a_trim_gives_up_on_a_walker_and_frees_the_next_time)
{
	enum mp_walk walk;
	uint64_t start;

	end_a_pool();
	walk = mp_registry_enter();
	start = mp_platform_monotonic();
	cr_assert_eq(trim(), 0);
	cr_assert_geq(mp_platform_monotonic() - start, SECOND / 100);
	cr_assert_eq(read_stats().stalled, 1);
	cr_assert_eq(trim(), 0);
	cr_assert_eq(read_stats().stalled, 2);
	mp_registry_leave(walk);
	cr_assert_eq(trim(), 1);
	cr_assert_eq(read_stats().stalled, 2);
}

/* The period that was given up goes on; what ended since has the next one. */
Test(grace, what_ended_meanwhile_waits_for_walkers_of_its_own)
{
	enum mp_walk first = mp_registry_enter(), second;

	end_a_pool();
	cr_assert_eq(trim(), 0);
	second = mp_registry_enter();
	end_a_pool();
	mp_registry_leave(first);
	cr_assert_eq(trim(), 1);
	mp_registry_leave(second);
	cr_assert_eq(trim(), 1);
	cr_assert_eq(trim(), 0);
}

/* An interval that ends, and a create, look and do not wait. */
Test(grace, others_do_not_even_wait_that_long)
{
	enum mp_walk walk = mp_registry_enter();

	for (int i = 0; i < 100; i++)
		end_a_pool();
	mp_registry_leave(walk);
	cr_assert_eq(read_stats().stalled, 0);
	cr_assert_eq(read_stats().grace_periods, 0);
	end_a_pool();
	cr_assert_geq(read_stats().grace_periods, 1);
}

/* As in a handler that interrupted a thread which holds the mutex. */
Test(grace, a_trim_under_the_mutex_leaves_it)
{
	end_a_pool();
	mp_registry_lock();
	cr_assert_eq(trim(), 0);
	mp_registry_unlock();
	cr_assert_eq(read_stats().stalled, 0);
	cr_assert_eq(trim(), 1);
}

/* A destroy waits for all that ended, whatever a trim began. */
Test(grace, a_destroy_frees_what_a_trim_gave_up)
{
	struct magpool *pool = magpool_create(NULL);
	enum mp_walk walk = mp_registry_enter();

	end_a_pool();
	cr_assert_eq(trim(), 0);
	end_a_pool();
	mp_registry_leave(walk);
	cr_assert_eq(magpool_destroy(&pool), 0);
	cr_assert_eq(read_stats().grace_periods, 1);
	cr_assert_eq(trim(), 0);
}

/* ---- readers of the host's, of the same liburcu -------------------------- */

static sem_t is_inside, may_go;

static void *stand_still(void *unused)
{
	urcu_bp_read_lock();
	sem_post(&is_inside);
	while (sem_wait(&may_go))
		;
	urcu_bp_read_unlock();
	return unused;
}

Test(grace, the_host_s_readers_are_not_waited_for, .timeout = 60)
{
	pthread_t thread;

	sem_init(&is_inside, 0, 0);
	sem_init(&may_go, 0, 0);
	cr_assert_eq(pthread_create(&thread, NULL, stand_still, NULL), 0);
	while (sem_wait(&is_inside))
		;
	end_a_pool();
	cr_assert_eq(trim(), 1);
	/* Nor the one that trims. */
	urcu_bp_read_lock();
	end_a_pool();
	cr_assert_eq(trim(), 1);
	urcu_bp_read_unlock();
	cr_assert_eq(read_stats().stalled, 0);
	sem_post(&may_go);
	pthread_join(thread, NULL);
}
