/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool report_quiet;
static bool report_strict;

void mp_report_configure(bool quiet, bool strict)
{
	report_quiet = quiet;
	report_strict = strict;
}

int mp_report_write(int fd, const char *bytes, size_t length)
{
	int saved = errno;
	int error = 0;

	while (length && !error) {
		ssize_t done = write(fd, bytes, length);

		if (done >= 0) {
			bytes += done;
			length -= (size_t)done;
		} else if (errno != EINTR) {
			error = -errno;
		}
	}
	errno = saved;
	return error;
}

void mp_report_printable(char *out, size_t size, const char *text)
{
	size_t n = 0;

	for (; n + 1 < size && text[n]; n++) {
		out[n] = text[n];
		if ((unsigned char)text[n] < ' ' || text[n] == 0x7f)
			out[n] = '?';
	}
	out[n] = '\0';
}

__attribute__((format(printf, 1, 0))) static void write_line(const char *format,
							     va_list arguments)
{
	static const char prefix[] = "magpool: ";
	char line[MP_REPORT_LINE];
	size_t length = sizeof prefix - 1;
	int wanted;

	if (report_quiet)
		return;
	memcpy(line, prefix, length);
	wanted = vsnprintf(line + length, sizeof line - length - 1, format,
			   arguments);
	/* LCOV_EXCL_BR_LINE: no format of ours is empty, or fails. */
	if (wanted > 0)
		length += strlen(line + length);
	line[length++] = '\n';
	mp_report_write(STDERR_FILENO, line, length);
}

void mp_warn(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_line(format, arguments);
	va_end(arguments);
	if (report_strict)
		abort();
}

void mp_inform(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_line(format, arguments);
	va_end(arguments);
}
