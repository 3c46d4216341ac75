/* SPDX-License-Identifier: MIT */
#include "grace.h"

void mp_grace_start(struct mp_grace *grace)
{
	grace->drained[0] = false;
	grace->drained[1] = false;
}

bool mp_grace_ended(struct mp_grace *grace)
{
	/* The word that nobody new is sent to comes first. */
	uint32_t old = mp_load_relaxed(&grace->phase) ^ 1;

	for (int i = 0; i < 2; i++, old ^= 1) {
		/*
		 * A change by nothing: what was removed is seen by all who
		 * enter later, and what those did who left is seen by us.
		 */
		if (!grace->drained[old] &&
		    mp_add_seq(&grace->inside[old], 0) != 0)
			break;
		grace->drained[old] = true;
		mp_store_relaxed(&grace->phase, old);
	}
	return grace->drained[0] && grace->drained[1];
}
