/* SPDX-License-Identifier: MIT */
#include "demand.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char demand_label[256];

_Noreturn void demand_violation(const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "VIOLATION [%s]: ", demand_label);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	_exit(EXIT_FAILURE);
}

static void hung(int number)
{
	static const char message[] = "HUNG: still running after its time: ";

	(void)number;
	if (write(STDERR_FILENO, message, sizeof message - 1) < 0 ||
	    write(STDERR_FILENO, demand_label, strlen(demand_label)) < 0)
		_exit(EXIT_FAILURE);
	abort();
}

void demand_end_within(unsigned seconds)
{
	struct sigaction action = { .sa_handler = hung };

	sigaction(SIGALRM, &action, NULL);
	alarm(seconds);
}
