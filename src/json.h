/* SPDX-License-Identifier: MIT */
/*
 * JSON, written into a buffer of the caller's.  What does not fit is left out,
 * and `full` says so; who takes a copy before can go back to it.
 */
#ifndef MP_JSON_H
#define MP_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mp_json {
	char *text;
	size_t size;
	size_t length;
	bool full;
};

/* As it is. */
void mp_json_put(struct mp_json *json, const char *text);

void mp_json_number(struct mp_json *json, uint64_t value);

/* In quotes; what is no UTF-8 is shown as U+FFFD. */
void mp_json_string(struct mp_json *json, const char *text);

#endif
