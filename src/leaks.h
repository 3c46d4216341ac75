/* SPDX-License-Identifier: MIT */
/*
 * The arenas that were never returned, at the end of the process.
 */
#ifndef MP_LEAKS_H
#define MP_LEAKS_H

/* Under MAGPOOL_DEBUG=2: a line and a call stack for each, on stderr. */
void mp_leaks_report(void);

#endif
