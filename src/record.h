/* SPDX-License-Identifier: MIT */
/*
 * Allocations of a debug arena.  They lie one on the other, each between bytes
 * that nobody may write to, so that they can be walked from the top down:
 *
 *     bottom                                                       top
 *     | lead: canaries | size bytes | canaries, 8 at least | shape |
 *                      ^ a multiple of 16, or as asked
 *
 * The shape word says size and lead.  A write past the end meets canaries
 * before it meets the shape; one in front of an allocation meets its lead, or
 * the shape of the one below.
 *
 * Knows addresses only.
 */
#ifndef MP_RECORD_H
#define MP_RECORD_H

#include <stddef.h>
#include <stdint.h>

/* In front of the first allocation of a page. */
#define MP_RECORD_LEAD ((size_t)16)
#define MP_RECORD_TAIL ((size_t)16)
/* Sizes above are refused; the shape word has room for these. */
#define MP_RECORD_SIZE_MAX (SIZE_MAX >> (sizeof(size_t) == 8 ? 18 : 1))

enum mp_fault_kind {
	MP_FAULT_NONE,
	MP_FAULT_PAST,   /* written past the end of `address` */
	MP_FAULT_BEFORE, /* written before it */
	MP_FAULT_AROUND, /* written somewhere around `at` */
};

struct mp_fault {
	enum mp_fault_kind kind;
	const char *address; /* of the allocation */
	size_t size;
	const char *at; /* the first byte that is wrong */
};

static inline size_t mp_record_bytes(size_t lead, size_t size)
{
	return lead + ((size + 15) & ~(size_t)15) + MP_RECORD_TAIL;
}

/* Makes one of memory that nobody has; the address to hand out. */
char *mp_record_make(char *bottom, size_t lead, size_t size);

/* The same where the caller has it already, and wrote to it. */
char *mp_record_make_around(char *bottom, size_t lead, size_t size);

/*
 * Walks the records in [from, to) and opens (watch.h) what lies between the
 * allocations.  The first fault that is found goes to *fault, unless there is
 * one already.
 */
void mp_record_check(const char *from, const char *to, struct mp_fault *fault);

/* The sizes of the records in [from, to), each rounded up to 16. */
size_t mp_record_used(const char *from, const char *to);

#endif
