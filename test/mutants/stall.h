/* SPDX-License-Identifier: MIT */
/*
 * The door of src/atomic.h, with a stop in front of each access: what another
 * thread does while this one stands there is called from the stop.
 */
#ifndef MUTANTS_STALL_H
#define MUTANTS_STALL_H

void stall_stop(const volatile void *address, int is_change);

#define MP_ATOMIC_LOAD(p, order) \
	(stall_stop((p), 0), atomic_load_explicit((p), memory_order_##order))
#define MP_ATOMIC_CHANGE(what, p, v, order) \
	(stall_stop((p), 1),                \
	 atomic_##what##_explicit((p), (v), memory_order_##order))
#define MP_ATOMIC_CAS(strength, p, expected, v, order, failed)               \
	(stall_stop((p), 1),                                                 \
	 atomic_compare_exchange_##strength##_explicit((p), (expected), (v), \
						       memory_order_##order, \
						       memory_order_##failed))

#endif
