/* SPDX-License-Identifier: MIT */
/* How numbers are shown to people. */
#ifndef STAT_SHOW_H
#define STAT_SHOW_H

#include "field.h"

enum { STAT_NUMBER_ROOM = 32 };

enum stat_units { STAT_SHORT, STAT_EXACT }; /* 12.3M, 12345678 */

/* A number of that field; nothing for NAN. */
const char *stat_show(char *to, const struct stat_field *field, double number,
		      enum stat_units units);

/* A time: 5 s, 2 min 10 s, 3 h 12 min, 2 d 4 h. */
const char *stat_show_time(char *to, double seconds);

/* The head of a column: short, and with /s if it is a rate. */
const char *stat_show_head(char *to, const struct stat_field *field);

/* What a part is called, for people; `command` numbers its threads. */
void stat_show_part(char *to, size_t room, pid_t pid,
		    const struct stat_part *part);

#endif
