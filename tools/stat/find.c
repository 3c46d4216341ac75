/* SPDX-License-Identifier: MIT */
#include "find.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "process.h"
#include "tool.h"

/* ---- where bytes come from ----------------------------------------------- */

static ssize_t read_file(const struct stat_source *source, void *to,
			 size_t bytes, uint64_t at)
{
	return pread(source->fd, to, bytes, (off_t)at);
}

static ssize_t read_memory(const struct stat_source *source, void *to,
			   size_t bytes, uint64_t at)
{
	struct iovec here = { to, bytes };
	struct iovec there = { (void *)(uintptr_t)(source->address + at),
			       bytes };

	return process_vm_readv(source->pid, &here, 1, &there, 1, 0);
}

/* ---- one segment --------------------------------------------------------- */

/* What is known while the places are looked through. */
struct search {
	struct stat_found *found;
	pid_t pid, inner;
	enum stat_exit fault; /* of the last one that could not be read */
};

static bool is_known(const struct stat_found *found, uint64_t inode)
{
	for (size_t i = 0; i < found->count; i++)
		if (found->inode[i] == inode)
			return true;
	return false;
}

static void note_fault(struct search *search, enum stat_fault fault,
		       const struct stat_segment *segment)
{
	if (fault == STAT_DAMAGED)
		search->fault = STAT_EXIT_DAMAGED;
	if (fault != STAT_OTHER_FORMAT)
		return;
	search->fault = STAT_EXIT_FORMAT;
	search->found->format = segment->format;
	memcpy(search->found->library, segment->library,
	       sizeof(segment->library));
}

/* Keeps the source if it is a segment that the process made itself. */
static bool take(struct search *search, const struct stat_source *source,
		 uint64_t inode)
{
	struct stat_found *found = search->found;
	struct stat_segment segment;
	enum stat_fault fault;

	if (found->count == STAT_MOST_SEGMENTS || is_known(found, inode))
		return false;
	fault = stat_segment_open(&segment, source);
	/* A fork child has its parent's segment too. */
	if (fault != STAT_FINE || segment.pid != (uint32_t)search->inner) {
		if (segment.pid == (uint32_t)search->inner)
			note_fault(search, fault, &segment);
		stat_segment_close(&segment);
		return false;
	}
	found->segment[found->count] = segment;
	found->inode[found->count++] = inode;
	return true;
}

/* ---- files --------------------------------------------------------------- */

/*
 * Whatever has that name may be anything: only what lies in memory is opened
 * for reading, so that nobody waits and nothing happens by opening it.
 */
static int open_memory_file(int folder, const char *name, struct stat *about)
{
	int path = openat(folder, name, O_PATH | O_CLOEXEC);
	struct statfs system;
	char again[64];
	int fd = -1;

	if (path < 0)
		return -1;
	snprintf(again, sizeof(again), "/proc/self/fd/%d", path);
	if (fstat(path, about) == 0 && S_ISREG(about->st_mode) &&
	    fstatfs(path, &system) == 0 && system.f_type == TMPFS_MAGIC)
		fd = open(again, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	close(path);
	return fd;
}

static void take_file(struct search *search, int folder, const char *name)
{
	struct stat about;
	struct stat_source source = {
		.read = read_file,
		.fd = open_memory_file(folder, name, &about),
	};

	if (source.fd < 0) {
		if (errno == EACCES || errno == EPERM)
			search->fault = STAT_EXIT_DENIED;
		return;
	}
	source.bytes = (size_t)about.st_size;
	if (!take(search, &source, about.st_ino))
		close(source.fd);
}

static bool is_named_so(int folder, const char *name)
{
	char target[64];
	ssize_t length = readlinkat(folder, name, target, sizeof(target) - 1);
	size_t start = strlen(MP_LIVE_LINK);

	return length >= (ssize_t)start && !memcmp(target, MP_LIVE_LINK, start);
}

/* 0 or an errno. */
static int look_at_files(struct search *search)
{
	const struct dirent *entry;
	char name[64];
	DIR *all;

	snprintf(name, sizeof(name), "/proc/%d/fd", (int)search->pid);
	all = opendir(name);
	if (!all)
		return errno;
	while ((entry = readdir(all)))
		if (is_named_so(dirfd(all), entry->d_name))
			take_file(search, dirfd(all), entry->d_name);
	closedir(all);
	return 0;
}

/* ---- mappings: the host closed the descriptor ---------------------------- */

struct mapping {
	uint64_t start, end, offset, inode;
	char *name;
};

static bool parse_mapping(const char *line, struct mapping *mapping)
{
	int at = 0;

	if (sscanf(line,
		   "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64 " %*s %" SCNu64 " %n",
		   &mapping->start, &mapping->end, &mapping->offset,
		   &mapping->inode, &at) != 4 ||
	    at == 0)
		return false;
	mapping->name = strdup(line + at);
	if (!mapping->name)
		tool_out_of_memory();
	return true;
}

static void take_mapping(struct search *search, const struct mapping *mapping)
{
	struct stat_source source = {
		.read = read_memory,
		.fd = -1,
		.pid = search->pid,
		.address = mapping->start,
		.bytes = (size_t)(mapping->end - mapping->start),
	};
	char byte, folder[64], name[64];
	int files;

	if (mapping->offset != 0 || is_known(search->found, mapping->inode))
		return;
	snprintf(folder, sizeof(folder), "/proc/%d/map_files",
		 (int)search->pid);
	snprintf(name, sizeof(name), "%" PRIx64 "-%" PRIx64, mapping->start,
		 mapping->end);
	files = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (files >= 0) {
		take_file(search, files, name);
		close(files);
	}
	if (is_known(search->found, mapping->inode))
		return;
	if (source.read(&source, &byte, 1, 0) < 0 && errno == EPERM)
		search->fault = STAT_EXIT_DENIED;
	else
		take(search, &source, mapping->inode);
}

/* 0 or an errno. */
static int look_at_mappings(struct search *search)
{
	char *line = NULL;
	size_t room = 0;
	char name[64];
	FILE *maps;

	snprintf(name, sizeof(name), "/proc/%d/maps", (int)search->pid);
	maps = fopen(name, "re");
	if (!maps)
		return errno;
	while (getline(&line, &room, maps) > 0) {
		struct mapping mapping;

		if (!parse_mapping(line, &mapping))
			continue;
		if (strncmp(mapping.name, MP_LIVE_LINK, strlen(MP_LIVE_LINK)) ==
		    0)
			take_mapping(search, &mapping);
		if (strstr(mapping.name, "/libmagpool.so"))
			search->found->has_library = true;
		free(mapping.name);
	}
	free(line);
	fclose(maps);
	return 0;
}

/* ---- all of them --------------------------------------------------------- */

static enum stat_exit exit_of(int error)
{
	if (error == ENOENT || error == ESRCH)
		return STAT_EXIT_GONE;
	return error == EACCES || error == EPERM ? STAT_EXIT_DENIED
						 : STAT_EXIT_FAILED;
}

enum stat_exit stat_find(pid_t pid, struct stat_found *found)
{
	struct search search = {
		.found = found,
		.pid = pid,
		.inner = stat_process_inner_pid(pid),
		.fault = STAT_EXIT_NONE,
	};
	int error;

	*found = (struct stat_found){ 0 };
	if (!stat_process_lives(pid))
		return STAT_EXIT_GONE;
	error = look_at_files(&search);
	if (!error && !found->count)
		error = look_at_mappings(&search);
	if (found->count)
		return STAT_EXIT_DONE;
	return error ? exit_of(error) : search.fault;
}

void stat_found_close(struct stat_found *found)
{
	for (size_t i = 0; i < found->count; i++) {
		if (found->segment[i].source.fd >= 0)
			close(found->segment[i].source.fd);
		stat_segment_close(&found->segment[i]);
	}
	found->count = 0;
}

bool stat_found_holds(pid_t pid, const struct stat_found *found)
{
	static struct stat_found now;
	bool holds = stat_find(pid, &now) == STAT_EXIT_DONE &&
		     now.count == found->count;

	for (size_t i = 0; holds && i < now.count; i++)
		holds = is_known(found, now.inode[i]);
	stat_found_close(&now);
	return holds;
}

void stat_find_complain(pid_t pid, enum stat_exit why,
			const struct stat_found *found)
{
	char command[STAT_COMMAND_ROOM];
	char line[160];

	stat_process_command(pid, command, sizeof(command));
	switch (why) {
	case STAT_EXIT_GONE:
		snprintf(line, sizeof(line), "no such process");
		break;
	case STAT_EXIT_DENIED:
		snprintf(line, sizeof(line),
			 "permission denied: only its user and root may look");
		break;
	case STAT_EXIT_NONE:
		snprintf(line, sizeof(line), "%s",
			 found->has_library
				 ? "its magpool was not used yet, or has "
				   "MAGPOOL_STATS=off"
				 : "no magpool inside");
		break;
	case STAT_EXIT_FORMAT:
		snprintf(line, sizeof(line),
			 "magpool %s shows its statistics in format %" PRIu32
			 ", %s than the format %d of this tool",
			 found->library, found->format,
			 found->format > MP_LIVE_FORMAT ? "newer" : "older",
			 MP_LIVE_FORMAT);
		break;
	case STAT_EXIT_DAMAGED:
		snprintf(line, sizeof(line),
			 "its statistics are nothing that a library writes");
		break;
	default:
		snprintf(line, sizeof(line), "cannot be looked at");
		break;
	}
	fprintf(stderr, "%s: %d%s%s%s: %s\n", program_invocation_short_name,
		(int)pid, why == STAT_EXIT_GONE ? "" : " (",
		why == STAT_EXIT_GONE ? "" : command,
		why == STAT_EXIT_GONE ? "" : ")", line);
}
