/* SPDX-License-Identifier: MIT */
/* Memory of the system's, aligned as asked; files that grow by lines. */
#include "platform.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

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

/*
 * What lies between keeps them from being all alike: some of the mappings come
 * aligned as they are.
 */
Test(platform, what_is_cut_off_goes_back)
{
	size_t page = mp_platform_page_size();
	char *memory[64];
	char *between[64];

	for (size_t i = 0; i < 64; i++) {
		memory[i] = mp_platform_map(page, 2 * page);
		cr_assert_not_null(memory[i]);
		cr_assert_eq((uintptr_t)memory[i] & (2 * page - 1), 0);
		between[i] = mp_platform_map((1 + i % 3) * page, 1);
		cr_assert_not_null(between[i]);
	}
	for (size_t i = 0; i < 64; i++) {
		cr_assert(mp_platform_unmap(memory[i], page));
		cr_assert(mp_platform_unmap(between[i], (1 + i % 3) * page));
	}
}

Test(platform, what_cannot_be_is_refused)
{
	errno = 4711;
	cr_assert_null(mp_platform_map(SIZE_MAX - 4096, (size_t)1 << 20));
	cr_assert_null(mp_platform_map((size_t)1 << 62, (size_t)1 << 20));
	cr_assert_eq(errno, 4711);
}

/* ---- files that grow by lines -------------------------------------------- */

#define ERRNO 4711

static char directory[] = "/tmp/magpool-append-XXXXXX";
static char path[64];

static void make_directory(void)
{
	cr_assert_not_null(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/file", directory);
	umask(0);
}

static void remove_directory(void)
{
	unlink(path);
	cr_assert_eq(rmdir(directory), 0);
}

TestSuite(append, .init = make_directory, .fini = remove_directory,
	  .timeout = 30);

/* "\n" and a line that starts with "{x". */
static int append(const char *line, size_t most)
{
	int error;

	errno = ERRNO;
	error = mp_platform_append(path, "{x", line, strlen(line), most);
	cr_assert_eq(errno, ERRNO);
	return error;
}

static const char *contents(void)
{
	static char text[1000];
	int file = open(path, O_RDONLY);
	ssize_t length = read(file, text, sizeof text - 1);

	cr_assert_geq(length, 0);
	text[length] = '\0';
	close(file);
	return text;
}

static void write_file(const char *text)
{
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	cr_assert_eq(write(file, text, strlen(text)), (ssize_t)strlen(text));
	close(file);
}

Test(append, makes_a_file_for_its_owner)
{
	struct stat status;

	cr_assert_eq(append("\n{x1}\n", 100), 0);
	cr_assert_eq(append("\n{x2}\n", 100), 0);
	cr_assert_str_eq(contents(), "{x1}\n{x2}\n");
	cr_assert_eq(stat(path, &status), 0);
	cr_assert_eq(status.st_mode & 07777, 0600);
}

Test(append, goes_on_after_a_line_that_was_cut)
{
	write_file("{x1}\n{x");
	cr_assert_eq(append("\n{x2}\n", 100), 0);
	cr_assert_str_eq(contents(), "{x1}\n{x\n{x2}\n");
}

Test(append, begins_anew_when_it_is_full)
{
	cr_assert_eq(append("\n{x1}\n", 11), 0);
	cr_assert_eq(append("\n{x2}\n", 11), 0);
	cr_assert_str_eq(contents(), "{x1}\n{x2}\n");
	cr_assert_eq(append("\n{x3}\n", 11), 0);
	cr_assert_str_eq(contents(), "{x3}\n");
	write_file("{x345678901234567890");
	cr_assert_eq(append("\n{x3}\n", 20), 0);
	cr_assert_str_eq(contents(), "{x3}\n");
	cr_assert_eq(append("\n{x1}\n", 5), EFBIG);
	cr_assert_str_eq(contents(), "{x3}\n");
}

Test(append, leaves_the_files_of_others_alone)
{
	static const char *const others[] = { "y", "{", "{y}\n", "\n{x1}\n" };

	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		write_file(others[i]);
		cr_assert_eq(append("\n{x1}\n", 7), EEXIST);
		cr_assert_str_eq(contents(), others[i]);
	}
}

Test(append, does_not_wait_for_a_reader)
{
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_assert_eq(append("\n{x1}\n", 100), EINVAL);
}

Test(append, does_not_follow_links)
{
	cr_assert_eq(symlink("/dev/null", path), 0);
	cr_assert_eq(append("\n{x1}\n", 100), ELOOP);
}

Test(append, without_the_directory)
{
	snprintf(path, sizeof path, "%s/none/file", directory);
	cr_assert_eq(append("\n{x1}\n", 100), ENOENT);
}

/* The signal would end the process. */
Test(append, stays_below_the_limit_of_the_process)
{
	struct rlimit limit = { 20, 20 };

	signal(SIGXFSZ, SIG_DFL);
	cr_assert_eq(append("\n{x1}\n", 100), 0);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (int i = 0; i < 10; i++)
		cr_assert_eq(append("\n{x1}\n", 100), 0);
	cr_assert_str_eq(contents(), "{x1}\n");
	cr_assert_eq(append("\n{x12345678901234567890}\n", 100), EFBIG);
}
