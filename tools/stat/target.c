/* SPDX-License-Identifier: MIT */
#include "target.h"

#include <stdlib.h>
#include <string.h>

#include "tool.h"

static enum stat_exit take_all(struct stat_target *target)
{
	for (size_t i = 0; i < target->found.count; i++) {
		enum stat_fault fault = stat_sample_take(&target->sample[i]);

		if (fault != STAT_FINE)
			return fault == STAT_GONE ? STAT_EXIT_GONE
						  : STAT_EXIT_DAMAGED;
	}
	return STAT_EXIT_DONE;
}

enum stat_exit stat_target_open(struct stat_target *target, pid_t pid)
{
	enum stat_exit found;

	*target = (struct stat_target){ .pid = pid };
	stat_process_command(pid, target->command, sizeof(target->command));
	found = stat_find(pid, &target->found);
	if (found != STAT_EXIT_DONE)
		return found;
	for (size_t i = 0; i < target->found.count; i++)
		stat_sample_init(&target->sample[i], &target->found.segment[i]);
	found = take_all(target);
	if (found != STAT_EXIT_DONE)
		stat_target_close(target);
	return found;
}

enum stat_exit stat_target_take(struct stat_target *target)
{
	/* Our own descriptor keeps the memory of a process that ended. */
	if (!stat_process_lives(target->pid))
		return STAT_EXIT_GONE;
	return take_all(target);
}

void stat_target_close(struct stat_target *target)
{
	for (size_t i = 0; i < target->found.count; i++)
		stat_sample_free(&target->sample[i]);
	stat_found_close(&target->found);
}

void stat_target_move(struct stat_target *to, const struct stat_target *from)
{
	*to = *from;
	for (size_t i = 0; i < to->found.count; i++)
		to->sample[i].segment = &to->found.segment[i];
}

size_t stat_targets_open(struct stat_target **targets)
{
	struct stat_target *target = tool_zalloc(1, sizeof(*target));
	size_t count = 0;
	pid_t *pids;
	size_t all = stat_processes(&pids);

	*targets = NULL;
	for (size_t i = 0; i < all; i++) {
		if (stat_target_open(target, pids[i]) != STAT_EXIT_DONE)
			continue;
		*targets = tool_grow(*targets, count + 1, sizeof(**targets));
		(*targets)[count++] = *target;
	}
	/* Growing has moved them. */
	for (size_t i = 0; i < count; i++)
		stat_target_move(&(*targets)[i], &(*targets)[i]);
	free(target);
	free(pids);
	return count;
}
