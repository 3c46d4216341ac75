/* SPDX-License-Identifier: MIT */
/* What the host finds in the binding library.  0 = all is well. */
#ifndef PLUGIN_H
#define PLUGIN_H

#include <stdint.h>

#define PLUGIN_ARENAS_MAX 16

#define PLUGIN_API __attribute__((visibility("default")))

/* An arena, held for as long as the host wants; and its end. */
PLUGIN_API void *plugin_open(void);
PLUGIN_API int plugin_close(void *arena);

/* Gets that many arenas and returns them. */
PLUGIN_API int plugin_cycle(unsigned count);

/* Flushes and trims; how many arenas are out. */
PLUGIN_API int plugin_flush(uint64_t *out);

#endif
