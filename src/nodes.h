/* SPDX-License-Identifier: MIT */
/*
 * Where the calling thread runs: on which NUMA node, and on which of its
 * processors.
 *
 * The system tells it in files, which are read once, at first use; asking
 * later is a load and a look into a table.  (A file of its own: a test that
 * defines these functions has the nodes it likes.)
 */
#ifndef MP_NODES_H
#define MP_NODES_H

#include <stdint.h>

#define MP_NODES_MAX 64
#define MP_NODES_DIRECTORY "/sys/devices/system/node"

struct mp_place {
	uint8_t node;   /* from 0, of those that were counted */
	uint8_t number; /* of the processor, among those of its node */
};

/*
 * How many nodes have processors that this process may use; 1 if that cannot
 * be found out.  Called by one thread, before any other asks.
 */
uint32_t mp_nodes_count(const char *directory);

/*
 * At this moment: it may be another place when the caller looks at it.  A
 * processor that came later is the first one of the first node.
 */
struct mp_place mp_nodes_here(void);

#endif
