/* SPDX-License-Identifier: MIT */
/* How far two names are from each other, for the one that was meant. */
#ifndef MP_DISTANCE_H
#define MP_DISTANCE_H

#include <stddef.h>

/* A name has at most so many letters; what is longer is cut. */
#define MP_DISTANCE_LETTERS 40

/* Levenshtein's: how many letters come, go or change. */
size_t mp_distance(const char *a, const char *b);

#endif
