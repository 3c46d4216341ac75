/* SPDX-License-Identifier: MIT */
/* What a figure was taken on and with. */
#ifndef PERF_MACHINE_H
#define PERF_MACHINE_H

struct perf_machine {
	char cpu[96];
	char kernel[160];
	char compiler[96];
	unsigned cores;
	double load; /* of the last minute, before the run */
};

void perf_machine_read(struct perf_machine *machine);

#endif
