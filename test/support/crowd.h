/* SPDX-License-Identifier: MIT */
/* Threads that start together and are joined together. */
#ifndef TEST_SUPPORT_CROWD_H
#define TEST_SUPPORT_CROWD_H

#include <stddef.h>

/* Runs work(argument) in one more thread and joins it. */
void crowd_one(void (*work)(void *argument), void *argument);

/* Runs work(argument) in `count` threads, 64 at most, that start at once. */
void crowd_run(size_t count, void (*work)(void *argument), void *argument);

#endif
