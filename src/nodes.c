/* SPDX-License-Identifier: MIT */
#include "nodes.h"

#include "platform.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LIST_LENGTH 4096
#define PATH_LENGTH 256

static struct mp_place places[CPU_SETSIZE];

/* ---- the system's lists: "0-3,8,10-11" ----------------------------------- */

static const char *read_number(const char *at, unsigned int *number)
{
	unsigned int value = 0;

	while (*at >= '0' && *at <= '9') {
		value = value * 10 + (unsigned int)(*at++ - '0');
		/* More than a set holds is all the same to us. */
		if (value > CPU_SETSIZE)
			value = CPU_SETSIZE;
	}
	*number = value;
	return at;
}

/* One that begins with no digit ends the list. */
static void parse_list(const char *at, cpu_set_t *set)
{
	unsigned int first;
	unsigned int last;

	CPU_ZERO(set);
	while (*at >= '0' && *at <= '9') {
		at = read_number(at, &first);
		last = first;
		if (*at == '-')
			at = read_number(at + 1, &last);
		for (; first <= last && first < CPU_SETSIZE; first++)
			CPU_SET(first, set);
		at += *at == ',';
	}
}

/* Without stdio, which allocates.  None: an empty set. */
static void read_list(const char *path, cpu_set_t *set)
{
	char text[LIST_LENGTH];
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = 0;

	if (file >= 0) {
		length = pread(file, text, sizeof text - 1, 0);
		close(file);
	}
	text[length > 0 ? length : 0] = '\0';
	parse_list(text, set);
}

/* ---- at first use -------------------------------------------------------- */

/* Numbers the node's processors that we may use: is there one? */
static bool number_processors(const cpu_set_t *processors,
			      const cpu_set_t *allowed, uint32_t node)
{
	unsigned int number = 0;

	for (unsigned int i = 0; i < CPU_SETSIZE; i++) {
		if (CPU_ISSET(i, processors) && CPU_ISSET(i, allowed))
			places[i] = (struct mp_place){ (uint8_t)node,
						       (uint8_t)number++ };
	}
	return number > 0;
}

static uint32_t number_nodes(const char *directory, const cpu_set_t *nodes,
			     const cpu_set_t *allowed)
{
	uint32_t count = 0;

	memset(places, 0, sizeof places);
	for (unsigned int i = 0; i < CPU_SETSIZE && count < MP_NODES_MAX; i++) {
		char path[PATH_LENGTH];
		cpu_set_t processors;

		if (!CPU_ISSET(i, nodes))
			continue;
		snprintf(path, sizeof path, "%s/node%u/cpulist", directory, i);
		read_list(path, &processors);
		count += number_processors(&processors, allowed, count);
	}
	return count;
}

uint32_t mp_nodes_count(const char *directory)
{
	int saved = errno;
	uint32_t count = 0;
	char path[PATH_LENGTH];
	cpu_set_t allowed;
	cpu_set_t nodes;

	snprintf(path, sizeof path, "%s/has_cpu", directory);
	read_list(path, &nodes);
	if (CPU_COUNT(&nodes) > 1) {
		/* When it fails we may use none that we know of. */
		CPU_ZERO(&allowed);
		/* The main thread's: workers are often bound to one each. */
		sched_getaffinity(getpid(), sizeof allowed, &allowed);
		count = number_nodes(directory, &nodes, &allowed);
	}
	errno = saved;
	return count ? count : 1;
}

/* ---- later --------------------------------------------------------------- */

struct mp_place mp_nodes_here(void)
{
	int saved = errno;
	/* No system call where the C library knows another way. */
	int processor = sched_getcpu();

	errno = saved;
	/* LCOV_EXCL_BR_LINE: the system has it, and it is in the set. */
	return processor >= 0 && processor < CPU_SETSIZE
		       ? places[processor]
		       : (struct mp_place){ 0, 0 };
}
