/* SPDX-License-Identifier: MIT */
#include "journal.h"
#include "registry.h"

#include <stdlib.h>
#include <unistd.h>

static void print_at_exit(void)
{
	magpool_stats_print(NULL, STDERR_FILENO);
}

void mp_registry_announce(void)
{
	const size_t *value = mp_registry_settings()->value;

	mp_config_warn(mp_registry_settings());
	if (value[MP_OPTION_stats] & MP_STATS_EXIT && !value[MP_OPTION_quiet])
		atexit(print_at_exit);
	if (value[MP_OPTION_stats] & MP_STATS_JSON)
		mp_journal_start();
}
