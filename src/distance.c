/* SPDX-License-Identifier: MIT */
#include "distance.h"

#include <string.h>

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t mp_distance(const char *a, const char *b)
{
	size_t row[MP_DISTANCE_LETTERS + 1];
	size_t width = strnlen(b, MP_DISTANCE_LETTERS);

	for (size_t j = 0; j <= width; j++)
		row[j] = j;
	for (size_t i = 0; i < MP_DISTANCE_LETTERS && a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < width; j++) {
			size_t changed = diagonal + (a[i] != b[j]);

			diagonal = row[j + 1];
			row[j + 1] =
				smaller(changed, smaller(diagonal, row[j]) + 1);
		}
	}
	return row[width];
}
