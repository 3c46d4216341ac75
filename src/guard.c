/* SPDX-License-Identifier: MIT */
#include "guard.h"

#include "pool.h"
#include "watch.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ENDED 0x5a /* what is in memory that was given back */

/* ---- filling ------------------------------------------------------------- */

static int filling_of(const struct mp_page *page)
{
	return page->attention & MP_PAGE_ZERO ? 0 : ENDED;
}

void mp_guard_fill(const struct mp_page *page, char *from, size_t size)
{
	mp_watch_open(from, size);
	memset(from, filling_of(page), size);
	/* Not to be optimised away: who reads it is another use. */
	__asm__ volatile("" : : "r"(from) : "memory");
	mp_watch_close(from, size);
}

static const char *first_other(const char *from, size_t size, char byte)
{
	if (*from == byte && !memcmp(from, from + 1, size - 1))
		return NULL;
	while (*from == byte)
		from++;
	return from;
}

/*
 * Only on stderr: who wrote is not who asks now, and a get that on_error leaves
 * by longjmp would lose its arena.
 */
static void report_late_write(struct mp_page *page, const char *at)
{
	char about[MP_REPORT_LINE / 2];

	mp_tally_add(&page->pool->misuse, 1);
	mp_guard_describe(about, sizeof about, page);
	mp_warn("pool %s: written to after it was returned, at %p: %s",
		page->pool->name, (const void *)at, about);
}

void mp_guard_take(struct mp_page *page)
{
	struct mp_guard *guard = mp_guard_of(page);
	char *start = mp_page_start(page);
	size_t size = page->pool->slabs.page_size;
	const char *other = NULL;

	mp_watch_open(start, size);
	if (guard->state == MP_GUARD_FILLED)
		other = first_other(start, size, (char)filling_of(page));
	mp_watch_close(start, size);
	if (other)
		report_late_write(page, other);
}

void mp_guard_put(struct mp_page *page)
{
	mp_guard_fill(page, mp_page_start(page), page->pool->slabs.page_size);
	mp_guard_of(page)->state = MP_GUARD_FILLED;
}

void mp_guard_check(struct mp_page *first, const char *from, const char *to)
{
	mp_record_check(from, to, &mp_guard_of(first)->fault);
}

void mp_guard_end(struct mp_page *first, char *from, char *to)
{
	mp_guard_check(first, from, to);
	mp_guard_fill(first, from, (size_t)(to - from));
}

void mp_guard_inherit(struct mp_page *page)
{
	struct mp_guard *guard = mp_guard_of(page);

	if (mp_load_relaxed(&guard->out))
		mp_store_relaxed(&guard->out, MP_GUARD_INHERITED);
}

/* ---- reports ------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static void
append(char *out, size_t size, const char *format, ...)
{
	size_t length = strlen(out);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(out + length, size - length, format, arguments);
	va_end(arguments);
}

void mp_guard_describe(char *out, size_t size, const struct mp_page *first)
{
	const struct mp_guard *guard = mp_guard_of(first);

	out[0] = '\0';
	append(out, size, "arena %p", (const void *)first);
	if (guard->label[0])
		append(out, size, " \"%.*s\"", MP_GUARD_LABEL, guard->label);
	if (guard->got_by)
		append(out, size, ", got by thread %d", guard->got_by);
	if (guard->returned_by)
		append(out, size, ", returned by thread %d",
		       guard->returned_by);
}

static void describe_fault(char *out, size_t size, const struct mp_fault *fault)
{
	if (fault->kind == MP_FAULT_AROUND)
		snprintf(out, size, "written outside of allocations, near %p",
			 (const void *)fault->at);
	else if (fault->kind == MP_FAULT_PAST)
		snprintf(out, size,
			 "written past the end of the %zu bytes at %p, at +%td",
			 fault->size, (const void *)fault->address,
			 fault->at - fault->address);
	else
		snprintf(out, size,
			 "written before the %zu bytes at %p, near -%td",
			 fault->size, (const void *)fault->address,
			 fault->address - fault->at);
}

struct mp_finding mp_guard_finding(struct mp_page *first)
{
	struct mp_guard *guard = mp_guard_of(first);
	struct magpool *pool = first->pool;
	struct mp_finding finding = { .is_one = guard->fault.kind };
	char what[MP_REPORT_LINE / 4];
	char about[MP_REPORT_LINE / 2];

	if (!finding.is_one)
		return finding;
	mp_tally_add(&pool->misuse, 1);
	describe_fault(what, sizeof what, &guard->fault);
	mp_guard_describe(about, sizeof about, first);
	snprintf(finding.text, sizeof finding.text,
		 "pool %s: %s: %s, seen by thread %d", pool->name, what, about,
		 mp_platform_thread_id());
	finding.on_error = pool->on_error;
	finding.context = pool->upstream.context;
	memset(&guard->fault, 0, sizeof guard->fault);
	return finding;
}

void mp_guard_tell(const struct mp_finding *finding)
{
	int saved = errno;

	if (!finding->is_one)
		return;
	if (finding->on_error)
		finding->on_error(finding->context, EINVAL, finding->text);
	else
		mp_warn("%s", finding->text);
	errno = saved;
}
