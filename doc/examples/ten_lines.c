/* SPDX-License-Identifier: MIT */
#include <magpool/magpool.h>
#include <sys/uio.h>

int main(void)
{
	MAGPOOL_SCOPED(arena); /* returned at the end of the scope */
	if (!arena)
		return 1;
	struct iovec *parts = magpool_new_array(arena, struct iovec, 2);
	char *who = magpool_asprintf(arena, "%d threads\n", 64);
	char *hello = magpool_strmem(arena, "Hello, world", 7);
	if (!parts || !who || !hello)
		return 1;
	parts[0] = (struct iovec){ hello, 7 };
	parts[1] = (struct iovec){ who, 11 };
	return writev(1, parts, 2) == 18 ? 0 : 1;
}
