/* SPDX-License-Identifier: MIT */
#include "segment.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROUNDS = 10000 };

/* ---- finding it ---------------------------------------------------------- */

static bool is_segment(const char *path)
{
	char link[64] = "";
	ssize_t n = readlink(path, link, sizeof link - 1);

	return n > 0 &&
	       strncmp(link, MP_LIVE_LINK, sizeof MP_LIVE_LINK - 1) == 0;
}

static bool is_of(int file, pid_t pid)
{
	struct mp_live_header header;

	return pread(file, &header, sizeof header, 0) == sizeof header &&
	       memcmp(header.magic, MP_LIVE_MAGIC, sizeof header.magic) == 0 &&
	       header.format == MP_LIVE_FORMAT && header.pid == (uint32_t)pid;
}

static const char *map(int file)
{
	int seals = fcntl(file, F_GET_SEALS);
	struct stat stat;
	void *address;

	if (!(seals & F_SEAL_SHRINK) || fstat(file, &stat) != 0 ||
	    stat.st_size != MP_LIVE_BYTES)
		return NULL;
	address = mmap(NULL, MP_LIVE_BYTES, PROT_READ, MAP_SHARED, file, 0);
	return address == MAP_FAILED ? NULL : address;
}

/* Calls see(path, number) for each; stops when it says true. */
static bool each(pid_t pid, bool (*see)(void *what, const char *path, int n),
		 void *what)
{
	char path[64];
	bool done = false;
	DIR *directory;
	struct dirent *entry;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	directory = opendir(path);
	while (directory && !done && (entry = readdir(directory))) {
		int number = (int)strtol(entry->d_name, NULL, 10);

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, number);
		if (is_segment(path))
			done = see(what, path, number);
	}
	if (directory)
		closedir(directory);
	return done;
}

struct wanted {
	struct segment *segment;
	pid_t pid;
};

static bool take(void *what, const char *path, int number)
{
	struct wanted *wanted = what;
	int file = open(path, O_RDONLY | O_CLOEXEC);

	if (file >= 0 && is_of(file, wanted->pid))
		wanted->segment->map = map(file);
	wanted->segment->descriptor = file;
	wanted->segment->number = number;
	if (!wanted->segment->map && file >= 0)
		close(file);
	return wanted->segment->map != NULL;
}

bool segment_open(struct segment *segment, pid_t pid)
{
	struct wanted wanted = { segment, pid };

	segment->map = NULL;
	return each(pid, take, &wanted);
}

void segment_close(struct segment *segment)
{
	if (segment->map) {
		munmap((void *)(uintptr_t)segment->map, MP_LIVE_BYTES);
		close(segment->descriptor);
	}
	segment->map = NULL;
}

static bool count(void *what, const char *path, int number)
{
	(void)path;
	(void)number;
	++*(unsigned int *)what;
	return false;
}

unsigned int segment_count(pid_t pid)
{
	unsigned int n = 0;

	each(pid, count, &n);
	return n;
}

/* ---- a snapshot ---------------------------------------------------------- */

static uint64_t load(const char *at, memory_order order)
{
	return atomic_load_explicit((_Atomic uint64_t *)(uintptr_t)at, order);
}

static void copy(const struct segment *segment, struct segment_shot *shot)
{
	for (size_t i = 0; i < MP_LIVE_BYTES / 8; i++)
		shot->word[i] =
			load(segment->map + 8 * i, memory_order_acquire);
}

bool segment_shoot(const struct segment *segment, struct segment_shot *shot)
{
	const struct mp_live_header *header = (const void *)segment->map;
	const char *at = segment->map + header->changes_at;
	uint64_t before;

	for (int i = 0; i < ROUNDS; i++) {
		before = load(at, memory_order_acquire);
		copy(segment, shot);
		if (!(before & 1) && load(at, memory_order_acquire) == before)
			return true;
		sched_yield();
	}
	return false;
}

/* ---- what is in it ------------------------------------------------------- */

static const char *bytes(const struct segment_shot *shot)
{
	return (const char *)shot->word;
}

const struct mp_live_header *segment_header(const struct segment_shot *shot)
{
	return (const void *)bytes(shot);
}

const struct mp_live_changes *segment_changes(const struct segment_shot *shot)
{
	return (const void *)(bytes(shot) + segment_header(shot)->changes_at);
}

const struct mp_live_block *segment_next(const struct segment_shot *shot,
					 const struct mp_live_block *block)
{
	const struct mp_live_header *header = segment_header(shot);
	const char *next = block ? (const char *)block +
					   (size_t)block->units * header->unit
				 : bytes(shot) + header->blocks_at;

	if (next >= bytes(shot) + segment_changes(shot)->used_bytes)
		return NULL;
	return (const void *)next;
}

uint32_t segment_pool(const struct segment_shot *shot, const char *name)
{
	const struct mp_live_block *block = NULL;

	while ((block = segment_next(shot, block))) {
		if (block->type == MP_LIVE_POOL &&
		    strcmp(((const struct mp_live_pool *)block)->name, name) ==
			    0)
			return block->pool;
	}
	return 0;
}

static const struct mp_live_row *row_at(const struct segment_shot *shot,
					uint32_t row)
{
	const struct mp_live_header *header = segment_header(shot);

	return (const void *)(bytes(shot) + header->rows_at +
			      (size_t)row * header->row_bytes);
}

static uint64_t word_at(const void *base, uint32_t at)
{
	uint64_t word;

	memcpy(&word, (const char *)base + at, sizeof word);
	return word;
}

static uint64_t value_of(const struct mp_live_term *term,
			 const struct mp_live_block *block)
{
	uint64_t word = word_at(block, term->at) >> term->shift;

	if (term->bits < 64)
		word &= (UINT64_C(1) << term->bits) - 1;
	return term->minus ? -word : word;
}

/* Pool 0: of all. */
static uint64_t sum(const struct segment_shot *shot,
		    const struct mp_live_row *row, uint32_t pool)
{
	const struct mp_live_block *block = NULL;
	uint64_t sum = 0;

	while ((block = segment_next(shot, block))) {
		for (uint32_t i = 0; i < row->terms; i++) {
			if ((!pool || block->pool == pool) &&
			    row->term[i].types >> block->type & 1)
				sum += value_of(&row->term[i], block);
		}
	}
	return sum;
}

static uint64_t most(const struct segment_shot *shot,
		     const struct mp_live_row *row)
{
	const struct mp_live_block *block = NULL;
	uint64_t found = 0;

	while ((block = segment_next(shot, block))) {
		uint64_t one = block->type == MP_LIVE_POOL
				       ? sum(shot, row, block->pool)
				       : 0;

		if (one > found)
			found = one;
	}
	return found;
}

uint64_t segment_row(const struct segment_shot *shot, uint32_t number,
		     uint32_t pool)
{
	const struct mp_live_row *row = row_at(shot, number);

	if (!pool && row->total == MP_LIVE_TOTAL_CHANGES)
		return word_at(bytes(shot), row->total_at);
	if (!pool && row->total == MP_LIVE_TOTAL_MOST)
		return most(shot, row);
	if (!pool && row->total == MP_LIVE_TOTAL_DEFAULT)
		pool = segment_header(shot)->default_pool;
	return sum(shot, row, pool) +
	       (pool ? 0 : word_at(bytes(shot), row->retired_at));
}

uint64_t segment_value(const struct segment_shot *shot, const char *name,
		       uint32_t pool)
{
	for (uint32_t i = 0; i < segment_header(shot)->row_count; i++) {
		if (strcmp(bytes(shot) + row_at(shot, i)->name, name) == 0)
			return segment_row(shot, i, pool);
	}
	abort();
}

static uint64_t sum_word(const struct segment_shot *shot, uint32_t pool,
			 uint32_t at)
{
	const struct mp_live_term term = {
		1 << MP_LIVE_CACHE | 1 << MP_LIVE_DIRECT, 0, 0, 64, at
	};
	const struct mp_live_row row = { .terms = 1, .term = { term } };

	return sum(shot, &row, pool);
}

uint64_t segment_begun(const struct segment_shot *shot, uint32_t pool)
{
	return sum_word(shot, pool, offsetof(struct mp_live_cache, begun));
}

uint64_t segment_ended(const struct segment_shot *shot, uint32_t pool)
{
	const struct mp_live_header *header = segment_header(shot);

	for (uint32_t i = 0; i < header->row_count; i++) {
		const struct mp_live_row *row = row_at(shot, i);

		if (strcmp(bytes(shot) + row->name, "misses") == 0)
			return sum_word(shot, pool, row->term[0].at);
	}
	abort();
}
