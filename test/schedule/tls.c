/* SPDX-License-Identifier: MIT */
/*
 * Where the library's thread-local words lie, which are plain words in a
 * section of their own here.  Part of the library under test: the linker gives
 * the bounds of a section within one object only.
 */
#include "fibers.h"

extern char begin[] __asm__("__start_schedule_tls");
extern char end[] __asm__("__stop_schedule_tls");

struct schedule_tls schedule_tls(void)
{
	return (struct schedule_tls){ begin,
				      (uintptr_t)end - (uintptr_t)begin };
}
