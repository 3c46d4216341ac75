/* SPDX-License-Identifier: MIT */
/* What has to hold; else the process ends, and says in which run it was. */
#ifndef DEMAND_H
#define DEMAND_H

/* What is being done, for reports. */
extern char demand_label[256];

_Noreturn void demand_violation(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

#define demand(condition, ...)                         \
	do {                                           \
		if (!(condition))                      \
			demand_violation(__VA_ARGS__); \
	} while (0)

/* The process ends also if it still runs after that time. */
void demand_end_within(unsigned seconds);

#endif
