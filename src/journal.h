/* SPDX-License-Identifier: MIT */
/*
 * MAGPOOL_STATS=json:PATH: the statistics as lines of JSON in a file.
 *
 * When: at the first use, at the end of each interval (MAGPOOL_TRIM_INTERVAL;
 * not when that is off), and when the process ends by exit(3).  An interval
 * ends on a trip to a depot, in magpool_trim(), or in the background thread.
 *
 * Who: the trip only notes that a line is due.  It is written by the next slow
 * path that has left its operation, usually the same one, so that a slow file
 * delays one call and keeps nobody else from anything: no drain, no wrap fence.
 * What a line costs is bounded by the number of caches and the length of the
 * line.  Statistics are read under the registry's mutex, because a get enters
 * no RCU section; if that is taken, the next slow path tries again.  The file
 * is opened and written without it.
 *
 * How: the file is opened, written to and closed for each line.  So there is no
 * descriptor that the host could close or inherit, a fork child with `%p` in
 * the path has a file of its own, and a file that was moved away is made again.
 * A line is one write(2) with O_APPEND: several processes may share a file.  No
 * malloc, no stdio: it may be in a signal handler or in the host's malloc.
 *
 * What goes wrong is told once and counted in the lines that follow (`lost`).
 */
#ifndef MP_JOURNAL_H
#define MP_JOURNAL_H

#include "atomic.h"

/* A line is due.  Relaxed: it only makes somebody look. */
extern _Atomic bool mp_journal_due;

/* At the first use, if there is to be one: writes the first line. */
void mp_journal_start(void);

/* Some pool's interval has ended, or a trim: is ours over, too? */
void mp_journal_pass_time(uint64_t milliseconds);

/* Writes the line that is due, if it can be written now.  Keeps errno. */
void mp_journal_write(void);

/* After each slow path, outside of operations and of the mutex. */
static inline void mp_journal_work(void)
{
	if (mp_unlikely(mp_load_relaxed(&mp_journal_due)))
		mp_journal_write();
}

/* In a fork child: another thread may have been at it. */
void mp_journal_after_fork(void);

#endif
