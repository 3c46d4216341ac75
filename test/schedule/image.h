/* SPDX-License-Identifier: MIT */
/*
 * The state of the library under test: the writable memory of its shared
 * object.  Put back before each schedule, so that a seed alone gives the same
 * schedule as the same seed after a million others.
 */
#ifndef SCHEDULE_IMAGE_H
#define SCHEDULE_IMAGE_H

void image_keep(void);
void image_restore(void);

#endif
