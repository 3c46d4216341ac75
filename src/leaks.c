/* SPDX-License-Identifier: MIT */
#include "leaks.h"

#include "guard.h"
#include "registry_state.h"
#include "stack.h"

#include <unistd.h>

/* So many are shown; the rest are counted. */
#define LEAKS_SHOWN 20

/* At the end of the process, under the mutex: one thread. */
static uint32_t found;

static void see(struct mp_page *page)
{
	struct mp_guard *guard = mp_guard_of(page);
	char about[MP_REPORT_LINE / 2];

	/* Acquire: what get wrote there. */
	if (mp_load_acquire(&guard->out) != MP_GUARD_OUT ||
	    ++found > LEAKS_SHOWN)
		return;
	mp_guard_describe(about, sizeof about, page);
	mp_inform("pool %s: not returned: %s", page->pool->name, about);
	mp_stack_print(guard->frame, guard->frames, STDERR_FILENO);
}

static void visit_pools(void)
{
	struct magpool *pool = NULL;

	/* The level is the process's. */
	while ((pool = mp_registry_next_pool(pool)))
		mp_slabs_visit(&pool->slabs, see);
}

void mp_leaks_report(void)
{
	const size_t *value = mp_registry_settings()->value;

	if (value[MP_OPTION_debug] < 2 || value[MP_OPTION_quiet])
		return;
	/* Other threads may still run: the mutex keeps the pools. */
	if (!mp_registry_lock())
		return;
	visit_pools();
	mp_registry_release();
	if (found)
		mp_warn("%u arenas were not returned", found);
}
