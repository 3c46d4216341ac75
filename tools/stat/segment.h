/* SPDX-License-Identifier: MIT */
/*
 * Reads a live segment (src/live_format.h) that may be anybody's: cut off,
 * random, hostile, or changing while it is read.
 *
 * Nothing is looked at before it was copied into memory of our own, and no
 * number is used before it was compared with what is there: a second look at
 * the file never decides where anything of the first one is.  Texts that leave
 * this module are printable ASCII and end.
 */
#ifndef STAT_SEGMENT_H
#define STAT_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "live_format.h"

enum {
	STAT_MOST_BYTES = 4 * MP_LIVE_BYTES, /* for libraries to come */
	STAT_MOST_ROWS = 256,
	STAT_MOST_TERMS = 16
};

enum stat_fault {
	STAT_FINE,
	STAT_GONE,         /* nothing can be read any more */
	STAT_FOREIGN,      /* no magic: it is something else */
	STAT_OTHER_FORMAT, /* segment.format says which */
	STAT_DAMAGED       /* nothing that a library writes */
};

/* Where the bytes are: a file, or the memory of a process. */
struct stat_source {
	/* As pread(2). */
	ssize_t (*read)(const struct stat_source *source, void *to,
			size_t bytes, uint64_t at);
	void *context; /* of a reader that needs one */
	int fd;
	pid_t pid;
	uint64_t address;
	size_t bytes; /* that there are */
};

struct stat_row {
	const char *name; /* a-z, 0-9 and _ */
	const char *unit;
	const char *line;
	const char *text;
	bool is_counter;
	uint16_t level, total; /* enum mp_live_level, mp_live_total */
	uint32_t total_at, retired_at;
	size_t terms;
	struct mp_live_term term[STAT_MOST_TERMS];
};

/* What never changes. */
struct stat_segment {
	struct stat_source source;
	uint32_t format; /* valid for STAT_OTHER_FORMAT too, as is library */
	char library[16];
	uint32_t pid; /* as the process numbers itself */
	uint32_t default_pool;
	uint64_t address;
	uint64_t started; /* ns since the epoch */
	bool is_forked;
	size_t rows;
	struct stat_row *row;
	uint32_t bytes, changes_at, blocks_at, unit; /* compared with bytes */
	char *texts;                                 /* private */
};

/* STAT_FINE, or the segment holds nothing but what the fault says. */
enum stat_fault stat_segment_open(struct stat_segment *segment,
				  const struct stat_source *source);
void stat_segment_close(struct stat_segment *segment);

/* All of the bytes, or false. */
bool stat_source_read(const struct stat_source *source, void *to, size_t bytes,
		      uint64_t at);

/* Copies a text, with ? for all that is not printable ASCII. */
void stat_printable(char *to, size_t room, const char *from, size_t length);

#endif
