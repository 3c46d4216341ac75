/* SPDX-License-Identifier: MIT */
/* The live segments of a process: several when it has several libraries. */
#ifndef STAT_FIND_H
#define STAT_FIND_H

#include "segment.h"

enum { STAT_MOST_SEGMENTS = 16 };

enum stat_exit {
#define STAT_EXIT(name, number, text) STAT_EXIT_##name = (number),
#include "exits.def"
#undef STAT_EXIT
};

struct stat_found {
	size_t count;
	struct stat_segment segment[STAT_MOST_SEGMENTS];
	uint64_t inode[STAT_MOST_SEGMENTS];
	uint32_t format;  /* with STAT_EXIT_FORMAT */
	char library[16]; /* the same */
	bool has_library; /* with STAT_EXIT_NONE: it is mapped */
};

/*
 * STAT_EXIT_DONE and at least one segment, or why there is none.  The process
 * is neither stopped nor written to.
 */
enum stat_exit stat_find(pid_t pid, struct stat_found *found);
void stat_found_close(struct stat_found *found);

/* Are the segments still those of the process?  (exec, a library more) */
bool stat_found_holds(pid_t pid, const struct stat_found *found);

/* Why stat_find found nothing, in one line on stderr. */
void stat_find_complain(pid_t pid, enum stat_exit why,
			const struct stat_found *found);

#endif
