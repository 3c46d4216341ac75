/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "util.h"

#if defined __clang__
#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#define COMPILER "clang " TEXT(__clang_major__) "." TEXT(__clang_minor__)
#else
#define COMPILER "gcc " __VERSION__
#endif

/* The value of the first line that begins with key, "" if there is none. */
static void read_cpuinfo(const char *key, char *value, size_t room)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[256];

	*value = '\0';
	while (file && !*value && fgets(line, sizeof(line), file)) {
		const char *colon = strchr(line, ':');

		if (!colon || strncmp(line, key, strlen(key)) != 0)
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(value, room, "%.90s", colon + strspn(colon, ": \t"));
	}
	if (file)
		fclose(file);
}

/* arm64 has no model name there: two numbers stand for it. */
static void read_cpu(char *cpu, size_t room)
{
	char implementer[32], part[32];

	read_cpuinfo("model name", cpu, room);
	if (*cpu)
		return;
	read_cpuinfo("CPU implementer", implementer, sizeof(implementer));
	read_cpuinfo("CPU part", part, sizeof(part));
	snprintf(cpu, room, "implementer %s, part %s", implementer, part);
}

void perf_machine_read(struct perf_machine *machine)
{
	struct utsname name;

	read_cpu(machine->cpu, sizeof(machine->cpu));
	machine->cores = perf_cores();
	if (uname(&name) != 0)
		strcpy(name.sysname, "unknown");
	snprintf(machine->kernel, sizeof(machine->kernel), "%.20s %.64s %.20s",
		 name.sysname, name.release, name.machine);
	snprintf(machine->compiler, sizeof(machine->compiler),
		 "%s, buildtype " PERF_BUILDTYPE, COMPILER);
	if (getloadavg(&machine->load, 1) != 1)
		machine->load = 0;
}
