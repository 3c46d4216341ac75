/* SPDX-License-Identifier: MIT */
/*
 * What a debug page has in front of its header: whose it is and was, and what
 * was found wrong with it.
 *
 * | field    | written by                 | read by                          |
 * |----------|----------------------------|----------------------------------|
 * | out      | get; whoever returns it,   | the leak report                  |
 * |          | by an exchange             |                                  |
 * | the rest | the page's owner           | reports of misuse, leak report:  |
 * |          |                            | hints, they may be stale         |
 */
#ifndef MP_GUARD_H
#define MP_GUARD_H

#include "page.h"
#include "record.h"
#include "report.h"

#define MP_GUARD_LABEL 64
#define MP_GUARD_FRAMES 15

/* Of a page that is not in use. */
enum mp_guard_state {
	MP_GUARD_NEW,    /* zero: with anything in it */
	MP_GUARD_FILLED, /* with what mp_guard_put() filled it with */
	MP_GUARD_LOCKED, /* not to be touched (quarantine.h) */
};

/* Whose arena it is; 0: no arena, or one that is not out. */
enum mp_guard_out {
	MP_GUARD_OUT = 1,
	MP_GUARD_INHERITED, /* was out when this process was forked */
};

struct mp_guard {
	_Atomic uint32_t out; /* enum mp_guard_out */
	uint32_t state;       /* enum mp_guard_state */
	int got_by;           /* threads, as gettid(2) numbers them */
	int returned_by;
	size_t reserved; /* bytes of the open reservation */
	struct mp_fault fault;
	uint32_t frames;
	char label[MP_GUARD_LABEL];
	void *frame[MP_GUARD_FRAMES]; /* who got it */
};

_Static_assert(sizeof(struct mp_guard) <= MP_PAGE_FRONT,
	       "a guard fits the space in front of a debug page");

static inline struct mp_guard *mp_guard_of(const struct mp_page *page)
{
	return (struct mp_guard *)((uintptr_t)page - MP_PAGE_FRONT);
}

/* A page is taken from the pool, or put back there: closed. */
void mp_guard_take(struct mp_page *page);
void mp_guard_put(struct mp_page *page);

/* The records in [from, to) end: looks at them, fills them. */
void mp_guard_end(struct mp_page *first, char *from, char *to);

/* The records in [from, to) are only looked at. */
void mp_guard_check(struct mp_page *first, const char *from, const char *to);

/* That memory is nobody's: filled, and closed for all. */
void mp_guard_fill(const struct mp_page *page, char *from, size_t size);

/* In a fork child: the arena is the parent's to return. */
void mp_guard_inherit(struct mp_page *page);

/* What is known of an arena, for a report. */
void mp_guard_describe(char *out, size_t size, const struct mp_page *first);

/* A report that can be made when its page, and pool, are no longer ours. */
struct mp_finding {
	bool is_one;
	char text[MP_REPORT_LINE - 16];
	void (*on_error)(void *context, int error, const char *message);
	void *context;
};

/* What was noted about that arena, if anything; it is counted as misuse. */
struct mp_finding mp_guard_finding(struct mp_page *first);

/* Tells it to on_error, which may longjmp, or to stderr.  Keeps errno. */
void mp_guard_tell(const struct mp_finding *finding);

#endif
