/* SPDX-License-Identifier: MIT */
/* Memory of the system's, aligned as asked. */
#include "platform.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

Test(platform, maps_are_aligned)
{
	size_t page = mp_platform_page_size();

	for (size_t alignment = 1; alignment <= (size_t)64 << 20;
	     alignment *= 2) {
		char *memory = mp_platform_map(3 * page, alignment);

		cr_assert_not_null(memory);
		cr_assert_eq((uintptr_t)memory & (alignment - 1), 0, "%zu",
			     alignment);
		memset(memory, 1, 3 * page);
		cr_assert(mp_platform_unmap(memory, 3 * page));
	}
}

/* Often enough that a mapping also comes aligned by chance. */
Test(platform, what_is_cut_off_goes_back)
{
	size_t page = mp_platform_page_size();
	char *memory[64];

	for (int i = 0; i < 64; i++) {
		memory[i] = mp_platform_map(page, 2 * page);
		cr_assert_not_null(memory[i]);
		cr_assert_eq((uintptr_t)memory[i] & (2 * page - 1), 0);
	}
	for (int i = 0; i < 64; i++)
		cr_assert(mp_platform_unmap(memory[i], page));
}

Test(platform, what_cannot_be_is_refused)
{
	errno = 4711;
	cr_assert_null(mp_platform_map(SIZE_MAX - 4096, (size_t)1 << 20));
	cr_assert_null(mp_platform_map((size_t)1 << 62, (size_t)1 << 20));
	cr_assert_eq(errno, 4711);
}
