/* SPDX-License-Identifier: MIT */
/*
 * The grace period that is polled (src/grace.[ch], take_passed in src/ends.c):
 * walkers, and threads that end pools and look whether their records may go.
 *
 * A walker finds any pool that is listed, and reads it some time later.  Bit p
 * of a set is pool p.
 *
 * size: POOLS=2 WALKERS=1 ENDERS=1 WALKS=3 LOOKS=4
 * size: POOLS=2 WALKERS=2 ENDERS=1 WALKS=2 LOOKS=4
 * size: POOLS=1 WALKERS=2 ENDERS=2 WALKS=1 LOOKS=2
 * size: POOLS=3 WALKERS=2 ENDERS=1 WALKS=1 LOOKS=4
 * soak: POOLS=2 WALKERS=2 ENDERS=2 WALKS=1 LOOKS=2
 * soak: POOLS=3 WALKERS=2 ENDERS=2 WALKS=2 LOOKS=3
 * soak: POOLS=3 WALKERS=3 ENDERS=1 WALKS=2 LOOKS=5
 * bug: FREES_AT_ONCE -> unmapped: POOLS=1 WALKERS=1 ENDERS=1 WALKS=1 LOOKS=1
 * bug: ONE_WORD -> unmapped: POOLS=1 WALKERS=1 ENDERS=1 WALKS=1 LOOKS=1
 * bug: NOT_CLEARED -> unmapped: POOLS=2 WALKERS=1 ENDERS=1 WALKS=1 LOOKS=2
 * bug: JOINS -> unmapped: POOLS=2 WALKERS=2 ENDERS=1 WALKS=1 LOOKS=3
 * bug: STARTS_LISTED -> unmapped: POOLS=1 WALKERS=1 ENDERS=2 WALKS=1 LOOKS=1
 * bug: NO_MUTEX -> lost: POOLS=2 WALKERS=1 ENDERS=2 WALKS=1 LOOKS=2
 * see: STALLED POOLS=1 WALKERS=1 ENDERS=1 WALKS=1 LOOKS=1
 * see: OLD_PHASE POOLS=2 WALKERS=1 ENDERS=1 WALKS=1 LOOKS=2
 * see: OVERLAPPED POOLS=1 WALKERS=2 ENDERS=1 WALKS=1 LOOKS=2
 * see: LATER_LOOK POOLS=1 WALKERS=1 ENDERS=1 WALKS=1 LOOKS=2
 */
#include "check.pmh"

#define ALL ((1 << POOLS) - 1)
#define NONE 255
#define HAS(set_, p_) (((set_) >> (p_)) & 1)

byte inside[2];
bit phase, drained[2];
byte listed = ALL, limbo, passing, freed;
bool mutex;
byte done;

inline lock()
{
#ifdef BUG_NO_MUTEX
	skip
#else
	atomic { !mutex -> mutex = true }
#endif
}

/* ---- walkers ------------------------------------------------------------- */

proctype walker()
{
	byte walk, pool = NONE;
	bit mine;

	do
	:: walk < WALKS ->
		mine = phase;			/* step: grace.phase */
#ifdef SEE_OLD_PHASE
		if
		:: mine != phase -> WITNESS
		:: else
		fi;
#endif
		inside[mine]++;			/* step: grace.enter */
		if
		:: HAS(listed, 0) -> pool = 0
#if POOLS > 1
		:: HAS(listed, 1) -> pool = 1
#endif
#if POOLS > 2
		:: HAS(listed, 2) -> pool = 2
#endif
		:: true
		fi;
		MUST(pool == NONE || !HAS(freed, pool), unmapped);
		pool = NONE;
		inside[mine]--;			/* step: grace.leave */
		walk++
	:: else -> break
	od;
	done++
}

/* ---- those that end pools, and trims ------------------------------------- */

inline end_one()
{
	lock();
	if
	:: listed > 0 ->
		/* The lowest one, retire() and put_limbo(). */
#ifdef BUG_STARTS_LISTED
		d_step { rest = listed & (listed - 1); pool = listed ^ rest; limbo = limbo | pool }
		mutex = false;
		lock();
		listed = listed & ~pool;
#else
		d_step { rest = listed & (listed - 1); pool = listed ^ rest; listed = rest };
		mutex = false;
		lock();
		limbo = limbo | pool;
#endif
		d_step { pool = 0; rest = 0 }
	:: else
	fi;
	mutex = false
}

inline look_at_word()
{
	if
	:: drained[old] || inside[old] == 0 ->	/* step: grace.look */
		drained[old] = 1;
		phase = old			/* step: grace.flip */
	:: else ->
#ifdef SEE_STALLED
		WITNESS;
#endif
		stands = true
	fi
}

inline ended()
{
	old = 1 - phase;			/* step: grace.old */
	look_at_word();
	old = 1 - old;
#ifdef BUG_ONE_WORD
	drained[old] = 1;
#else
	if
	:: !stands -> look_at_word()
	:: else
	fi;
#endif
	d_step { old = 0; stands = false }
}

inline look()
{
	lock();
	if
	:: passing == 0 ->
		d_step {
			passing = limbo;
			limbo = 0;
#ifndef BUG_NOT_CLEARED
			drained[0] = 0;
			drained[1] = 0;
#endif
		}
	:: else ->
#ifdef BUG_JOINS
		d_step { passing = passing | limbo; limbo = 0 }
#else
		skip
#endif
	fi;
	if
	:: passing > 0 ->
#ifdef BUG_FREES_AT_ONCE
		d_step { drained[0] = 1; drained[1] = 1 };
#else
		ended();
#endif
		if
		:: drained[0] && drained[1] ->
#ifdef SEE_OVERLAPPED
			if
			:: inside[0] + inside[1] > 0 -> WITNESS
			:: else
			fi;
#endif
#ifdef SEE_LATER_LOOK
			if
			:: looks > 0 -> WITNESS
			:: else
			fi;
#endif
			d_step { freed = freed | passing; passing = 0 }
		:: else
		fi
	:: else
	fi;
	mutex = false
}

proctype ender()
{
	byte looks, pool, rest;
	bit old;
	bool stands;

	do
	:: looks < LOOKS ->
		if
		:: end_one()
		:: true
		fi;
		look();
		looks++
	:: else -> break
	od;
	done++
}

init {
	byte t;

	atomic {
		for (t : 1 .. WALKERS) {
			run walker()
		}
		for (t : 1 .. ENDERS) {
			run ender()
		}
	}
	d_step {
		done == WALKERS + ENDERS ->
		MUST(inside[0] == 0 && inside[1] == 0, lost);
		MUST((listed | limbo | passing | freed) == ALL, lost)
	}
}
