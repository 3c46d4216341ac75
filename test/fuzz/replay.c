/* SPDX-License-Identifier: MIT */
/*
 * A fuzz target without a fuzzer: runs each file of the given directories and
 * files once.  Built by AFL++'s compiler it is that fuzzer's persistent loop
 * when no file is given.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define INPUT_MAX 65536

static uint8_t bytes[INPUT_MAX];
static size_t inputs;

/* On the heap, with its very size: a sanitizer then sees a read behind it. */
static void run(const uint8_t *from, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, from, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	inputs++;
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(2);
}

static void run_file(const char *path)
{
	FILE *file = fopen(path, "re");
	size_t size;

	if (!file)
		die(path);
	size = fread(bytes, 1, sizeof bytes, file);
	if (ferror(file))
		die(path);
	fclose(file);
	/* The last one named is the one that failed. */
	fprintf(stderr, "%s\n", path);
	run(bytes, size);
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* In the order of their names, so that two runs are the same. */
static void run_directory(const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, is_visible, alphasort);

	if (n < 0) {
		if (errno != ENOTDIR)
			die(path);
		run_file(path);
		return;
	}
	for (int i = 0; i < n; i++) {
		char name[4096];

		snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
		free(entries[i]);
		run_file(name);
	}
	free(entries);
}

#ifdef __AFL_COMPILER
__AFL_FUZZ_INIT();

static void run_afl(void)
{
	const uint8_t *from;

	__AFL_INIT();
	from = __AFL_FUZZ_TESTCASE_BUF;
	while (__AFL_LOOP(10000)) {
		size_t size = (size_t)__AFL_FUZZ_TESTCASE_LEN;

		run(from, size);
	}
}
#else
static void run_afl(void)
{
	fprintf(stderr, "which files or directories?\n");
	exit(2);
}
#endif

int main(int argc, char **argv)
{
	if (argc < 2)
		run_afl();
	for (int i = 1; i < argc; i++)
		run_directory(argv[i]);
	if (argc >= 2 && inputs == 0) {
		fprintf(stderr, "no input: nothing was tested\n");
		return 2;
	}
	printf("%zu inputs\n", inputs);
	return 0;
}
