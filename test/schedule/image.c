/* SPDX-License-Identifier: MIT */
#include "image.h"

#include "fibers.h"

#include <link.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS = 4 };

static struct part {
	char *start, *copy;
	size_t size;
} parts[PARTS];
static size_t count;

static bool lies_in(const struct dl_phdr_info *info, const ElfW(Phdr) * header,
		    uintptr_t address)
{
	uintptr_t start = info->dlpi_addr + header->p_vaddr;

	return header->p_type == PT_LOAD && address >= start &&
	       address - start < header->p_memsz;
}

static bool has_library(const struct dl_phdr_info *info)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		if (lies_in(info, &info->dlpi_phdr[i],
			    (uintptr_t)schedule_tls().words))
			return true;
	}
	return false;
}

/* What the loader made read-only after relocation: the end of it. */
static uintptr_t end_of_relro(const struct dl_phdr_info *info)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];

		if (header->p_type == PT_GNU_RELRO)
			return info->dlpi_addr + header->p_vaddr +
			       header->p_memsz;
	}
	return 0;
}

static void add_part(uintptr_t start, uintptr_t end)
{
	struct part *part = &parts[count++];

	if (count == PARTS)
		schedule_violation("more segments than PARTS");
	part->start = (char *)start;
	part->size = end - start;
	part->copy = malloc(part->size);
	if (!part->copy)
		schedule_violation("no memory for a copy of the library");
	memcpy(part->copy, part->start, part->size);
}

static int keep_object(struct dl_phdr_info *info, size_t size, void *context)
{
	uintptr_t relro = end_of_relro(info);

	(void)size;
	(void)context;
	if (!has_library(info))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + header->p_vaddr;
		uintptr_t end = start + header->p_memsz;

		if (header->p_type != PT_LOAD || !(header->p_flags & PF_W))
			continue;
		/* It lies at the start of the segment. */
		if (relro > start && relro <= end)
			start = relro;
		add_part(start, end);
	}
	return 1;
}

void image_keep(void)
{
	dl_iterate_phdr(keep_object, NULL);
	if (!count)
		schedule_violation("no writable memory of the library found");
}

void image_restore(void)
{
	for (size_t i = 0; i < count; i++)
		memcpy(parts[i].start, parts[i].copy, parts[i].size);
}
