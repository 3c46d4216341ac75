/* SPDX-License-Identifier: MIT */
#include "debug.h"

#include "arena.h"
#include "journal.h"
#include "leaks.h"
#include "registry.h"
#include "stack.h"

#include <errno.h>
#include <string.h>

/* ---- get and return ------------------------------------------------------ */

struct magpool_arena *mp_debug_open(struct mp_page *page)
{
	struct mp_guard *guard = mp_guard_of(page);

	guard->label[0] = '\0';
	guard->returned_by = 0;
	guard->got_by = mp_platform_thread_id();
	guard->frames = 0;
	if (page->attention & MP_PAGE_FENCED)
		guard->frames = mp_stack_take(guard->frame, MP_GUARD_FRAMES);
	mp_page_open(page);
	/* Release: all of this before a leak report reads it. */
	mp_store_release(&guard->out, MP_GUARD_OUT);
	return &page->words;
}

static void refuse_return(struct mp_page *first)
{
	char about[MP_REPORT_LINE / 2];

	mp_guard_describe(about, sizeof about, first);
	mp_pool_misuse(first->pool,
		       "magpool_return by thread %d and another at once: %s",
		       mp_platform_thread_id(), about);
}

void mp_debug_return(struct mp_page *first)
{
	struct magpool *pool = first->pool;
	struct mp_guard *guard = mp_guard_of(first);
	struct mp_finding finding;
	int saved = errno;

	/* Of two that are here at once, one wins. */
	if (!mp_exchange_seq(&guard->out, 0)) {
		refuse_return(first);
		return;
	}
	guard->returned_by = mp_platform_thread_id();
	mp_chain_strip(first);
	finding = mp_guard_finding(first);
	mp_page_close(first);
	mp_cache_put(pool, NULL, first, MP_USE_ARENA);
	mp_registry_reap();
	mp_journal_work();
	errno = saved;
	mp_guard_tell(&finding);
}

void mp_debug_not_out(struct mp_page *page, const char *call)
{
	char about[MP_REPORT_LINE / 2];

	mp_guard_describe(about, sizeof about, page);
	mp_pool_misuse(page->pool, "%s by thread %d, but it is not out: %s",
		       call, mp_platform_thread_id(), about);
}

void mp_debug_tell(struct mp_page *first)
{
	struct mp_finding finding = mp_guard_finding(first);

	mp_guard_tell(&finding);
}

/* ---- labels -------------------------------------------------------------- */

void magpool_set_label(struct magpool_arena *arena, const char *where)
{
	struct mp_page *page = mp_page_of(arena);

	if (mp_likely(mp_page_is_one(page) &&
		      !(page->attention & MP_PAGE_DEBUG)))
		return;
	if (mp_arena_is_out(arena, "magpool_set_label"))
		mp_report_printable(mp_guard_of(page)->label, MP_GUARD_LABEL,
				    where ? where : "");
}

/* ---- the start and the end of the process -------------------------------- */

__attribute__((constructor)) static void prepare_stacks(void)
{
	/* LCOV_EXCL_BR_LINE: branches are not counted so early. */
	if (mp_platform_getenv("MAGPOOL_DEBUG"))
		mp_stack_prepare();
}

/* A destructor: after the atexit(3) functions of the host, which may return. */
__attribute__((destructor)) static void report_leaks(void)
{
	mp_leaks_report();
}
