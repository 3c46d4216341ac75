/* SPDX-License-Identifier: MIT */
#include "operation.h"

#include "platform.h"

/* The first thread that uses an explicit cache becomes its owner. */
static void bias(struct mp_operation *o, uintptr_t thread)
{
	uintptr_t none = MP_OWNER_NONE;

	/* Only where the bias can be taken back. */
	if (!mp_platform_membarrier())
		thread = MP_OWNER_SHARED;
	if (mp_cas_relaxed(&o->owner, &none, thread))
		o->biased = mp_operation_mark(thread);
}

/* Takes the bias from another thread: one thread does, the others go on. */
static void revoke(struct mp_operation *o, uintptr_t owner)
{
	if (!mp_cas_relaxed(&o->owner, &owner, MP_OWNER_REVOKED))
		return;
	/*
	 * The owner's check after its store of `inside` is the other side.  If
	 * the system refuses now what it granted before, the cache stays
	 * closed: its calls go to the depot.
	 */
	if (mp_platform_membarrier())
		/* Release: the barrier comes before anybody's entry. */
		mp_store_release(&o->owner, MP_OWNER_SHARED);
}

static _Atomic uint32_t *enter_shared(struct mp_operation *o, uintptr_t thread)
{
	uint32_t nobody = 0;

	/*
	 * Acquire: all that the thread before us did in the cache (release in
	 * mp_operation_leave) is seen before we use it.
	 */
	if (!mp_cas_acquire(&o->busy, &nobody, mp_operation_mark(thread)))
		return NULL;
	/* Acquire: the same, for the former owner. */
	if (!mp_load_acquire(&o->inside))
		return &o->busy;
	mp_operation_leave(&o->busy);
	return NULL;
}

_Atomic uint32_t *mp_operation_enter_guest(struct mp_operation *o,
					   uintptr_t thread)
{
	uintptr_t owner = mp_load_relaxed(&o->owner);

	if (owner == MP_OWNER_NONE) {
		bias(o, thread);
		return mp_operation_enter_own(o, thread);
	}
	if (owner != thread && owner > MP_OWNER_SHARED)
		revoke(o, owner);
	/* Acquire: SHARED is seen after the barrier that made it safe. */
	if (mp_load_acquire(&o->owner) == MP_OWNER_SHARED)
		return enter_shared(o, thread);
	return NULL;
}
