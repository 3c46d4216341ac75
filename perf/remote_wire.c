/* SPDX-License-Identifier: MIT */
#include "remote_wire.h"

#include <errno.h>
#include <unistd.h>

bool perf_wire_read(int fd, void *to, size_t size)
{
	char *at = to;

	while (size) {
		ssize_t got = read(fd, at, size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += got;
		size -= (size_t)got;
	}
	return true;
}

bool perf_wire_write(int fd, const void *from, size_t size)
{
	const char *at = from;

	while (size) {
		ssize_t put = write(fd, at, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		at += put;
		size -= (size_t)put;
	}
	return true;
}
