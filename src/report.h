/* SPDX-License-Identifier: MIT */
/*
 * What the library says on stderr, and whether that ends the process.
 *
 * One line is one write(2), built on the stack: no stdio, no malloc, so that it
 * works in a signal handler, in a dying thread and inside the host's malloc.
 * MAGPOOL_QUIET silences it; MAGPOOL_STRICT aborts after a warning.
 */
#ifndef MP_REPORT_H
#define MP_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#define MP_REPORT_LINE 512

/* Set once while the environment is read, before any other thread looks. */
void mp_report_configure(bool quiet, bool strict);

/* "magpool: " + the text + newline on stderr; aborts under STRICT. */
__attribute__((format(printf, 1, 2))) void mp_warn(const char *format, ...);

/* The same for information that was asked for: never aborts. */
__attribute__((format(printf, 1, 2))) void mp_inform(const char *format, ...);

/* A copy that fits, and stays on one line: '?' for what cannot be printed. */
void mp_report_printable(char *out, size_t size, const char *text);

/* All of the bytes, whatever write(2) makes of it; 0 or -errno. */
int mp_report_write(int fd, const char *bytes, size_t length);

#endif
