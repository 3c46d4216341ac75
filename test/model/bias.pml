/* SPDX-License-Identifier: MIT */
/*
 * An explicit cache: biased to its first user, revoked by the second, shared
 * from then on (src/operation.h, src/operation.c).  Every thread gets and
 * returns through it; whoever cannot enter goes to the depot.
 *
 * What a cache holds is one arena, in `hot`.
 *
 * size: THREADS=2 OPS=4 OTHERS_OPS=4
 * size: THREADS=3 OPS=1 OTHERS_OPS=1 BIASED
 * size: THREADS=2 OPS=4 OTHERS_OPS=4 TSO
 * soak: THREADS=3 OPS=2 OTHERS_OPS=1 BIASED
 * soak: THREADS=3 OPS=2 OTHERS_OPS=2
 * bug: NO_MEMBARRIER -> two_inside: THREADS=2 OPS=2 OTHERS_OPS=2
 * bug: NO_MEMBARRIER -> lost: THREADS=2 OPS=2 OTHERS_OPS=2 TSO
 * bug: SHARES_FLAG -> two_inside: THREADS=3 OPS=2 OTHERS_OPS=1 BIASED
 * bug: SHARED_AT_ONCE -> two_inside: THREADS=3 OPS=2 OTHERS_OPS=1 BIASED
 * bug: NO_SECOND_LOOK -> two_inside: THREADS=2 OPS=2 OTHERS_OPS=2
 * bug: SECOND_LOOK_FIRST -> two_inside: THREADS=2 OPS=2 OTHERS_OPS=2
 * bug: INSIDE_NOT_READ -> two_inside: THREADS=2 OPS=2 OTHERS_OPS=2
 * bug: LEAVE_RELAXED -> lost: THREADS=2 OPS=2 OTHERS_OPS=2
 * bug: INSIDE_RELAXED -> lost: THREADS=2 OPS=2 OTHERS_OPS=2
 * bug: BUSY_RELAXED -> held_twice: THREADS=3 OPS=2 OTHERS_OPS=1 BIASED
 * see: REVOKED THREADS=2 OPS=2 OTHERS_OPS=2
 * see: CLOSED THREADS=3 OPS=2 OTHERS_OPS=1 BIASED
 * see: BACKED_OUT THREADS=2 OPS=2 OTHERS_OPS=2
 * see: OWNER_STILL_INSIDE THREADS=2 OPS=2 OTHERS_OPS=2
 * see: BUSY THREADS=3 OPS=2 OTHERS_OPS=1 BIASED
 * see: SHARED_HIT THREADS=2 OPS=2 OTHERS_OPS=2
 */
#define ARENAS 2
#define WORDS 4
#define INSIDE 0
#define BUSY 1
#define OWNER 2
#define HOT 3

/* Thread t is T(t) in the owner word. */
#define NONE 0
#define REVOKED 1
#define SHARED 2
#define T(t) (3 + (t))

#include "memory.pmh"
#include "bag.pmh"

byte inside_now; /* threads that the protocol let in */

/* Which word to leave with. */
#define OUT 0
#define AS_OWNER 1
#define AS_GUEST 2

inline mp_operation_enter_own()
{
	way = OUT;
	EARLY(HOT);
	LOAD(OWNER, v);				/* step: own.owner-first */
	if
	:: v == T(me) ->
		LOAD(INSIDE, v);		/* step: enter.inside */
		if
		:: v == 0 ->
#ifdef BUG_SECOND_LOOK_FIRST
			LOAD(OWNER, v);
			STORE(INSIDE, 1);
#else
			STORE(INSIDE, 1);	/* step: enter.inside-set, enter.barrier */
			EARLY(HOT);
#ifdef BUG_NO_SECOND_LOOK
			v = T(me);
#else
			LOAD(OWNER, v);		/* step: own.owner-again */
#endif
#endif
			if
			:: v == T(me) -> way = AS_OWNER
			:: else ->
#ifdef SEE_BACKED_OUT
				WITNESS;
#endif
				STORE(INSIDE, 0) /* step: own.back-out */
			fi
		:: else
		fi
	:: else
	fi
}

inline revoke()
{
	CAS(OWNER, owner,			/* step: revoke.cas */
#ifdef BUG_SHARED_AT_ONCE
	    SHARED, ok);
#else
	    REVOKED, ok);
#endif
	if
	:: ok ->
#ifdef SEE_REVOKED
		WITNESS;
#endif
#ifndef BUG_NO_MEMBARRIER
		membarrier();			/* step: revoke.membarrier */
#endif
#ifndef BUG_SHARED_AT_ONCE
		STORE_RELEASE(OWNER, SHARED)	/* step: revoke.shared */
#endif
	:: else
	fi
}

inline enter_shared()
{
#ifdef BUG_SHARES_FLAG
	CAS_ACQUIRE(INSIDE, 0, 1, ok);
	if
	:: ok -> way = AS_OWNER
	:: else
	fi
#else
#ifdef BUG_BUSY_RELAXED
	EARLY(HOT);
	CAS(BUSY, 0, 1, ok);
#else
	CAS_ACQUIRE(BUSY, 0, 1, ok);		/* step: shared.busy */
#endif
	if
	:: ok ->
#ifdef BUG_INSIDE_NOT_READ
		v = 0;
#else
#ifdef BUG_INSIDE_RELAXED
		EARLY(HOT);
		LOAD(INSIDE, v);
#else
#ifdef BUG_BUSY_RELAXED
		LOAD(INSIDE, v);
#else
		LOAD_ACQUIRE(INSIDE, v);	/* step: shared.inside */
#endif
#endif
#endif
		if
		:: v == 0 -> way = AS_GUEST
		:: else ->
#ifdef SEE_OWNER_STILL_INSIDE
			WITNESS;
#endif
			STORE_RELEASE(BUSY, 0)	/* step: leave */
		fi
	:: else ->
#ifdef SEE_BUSY
		WITNESS;
#endif
		skip
	fi
#endif
}

inline mp_operation_enter_guest()
{
	LOAD(OWNER, owner);			/* step: guest.owner */
	if
	:: owner == NONE ->
		CAS(OWNER, NONE, T(me), ok);	/* step: bias.cas */
		mp_operation_enter_own()
	:: else ->
		if
		:: owner != T(me) && owner > SHARED -> revoke()
		:: else
		fi;
		LOAD_ACQUIRE(OWNER, v);		/* step: guest.owner-again */
		if
		:: v == SHARED -> enter_shared()
		:: else ->
#ifdef SEE_CLOSED
			WITNESS;
#endif
			skip
		fi
	fi
}

inline enter()
{
	mp_operation_enter_own();
	if
	:: way == OUT -> mp_operation_enter_guest()
	:: else
	fi;
	if
	:: way != OUT ->
		inside_now++;
		MUST(inside_now == 1, two_inside)
	:: else
	fi
}

inline leave()
{
	inside_now--;
	if
	:: way == AS_OWNER ->
#ifdef BUG_LEAVE_RELAXED
		STORE(INSIDE, 0)
#else
		STORE_RELEASE(INSIDE, 0)	/* step: leave */
#endif
	:: else -> STORE_RELEASE(BUSY, 0)	/* step: leave */
	fi
}

inline get()
{
	enter();
	if
	:: way != OUT ->
		LOAD_MAYBE_EARLY(HOT, a);	/* step: cache.hot */
		if
		:: a > 0 ->
#ifdef SEE_SHARED_HIT
			if
			:: way == AS_GUEST -> WITNESS
			:: else
			fi;
#endif
			STORE(HOT, 0);		/* step: cache.hot-clear */
			got(a)
		:: else -> bag_take(a)
		fi;
		leave()
	:: else -> FORGET_EARLY; bag_take(a)
	fi
}

inline put()
{
	enter();
	if
	:: way != OUT ->
		LOAD_MAYBE_EARLY(HOT, v);	/* step: cache.hot */
		if
		:: v == 0 ->
			holders[a]--;
			STORE(HOT, a)		/* step: cache.hot-fill */
		:: else -> bag_give(a)
		fi;
		leave()
	:: else -> FORGET_EARLY; bag_give(a)
	fi
}

byte done;

proctype thread(byte me)
{
	byte v, a, owner, way, left;
	bool ok;

	left = (me == 0 -> OPS : OTHERS_OPS);
	do
	:: left > 0 ->
		if
		:: a > 0 -> put(); a = 0
		:: else -> get()
		fi;
		/* What is not used any more does not tell states apart. */
		d_step { v = 0; owner = 0; way = 0; ok = false; left-- }
	:: else -> break
	od;
	a = 0;
	done++
}

#define EMPTY(t) (sb[t].n == 0)
#if THREADS > 2
#define ALL_EMPTY (EMPTY(0) && EMPTY(1) && EMPTY(2))
#else
#define ALL_EMPTY (EMPTY(0) && EMPTY(1))
#endif

init {
	byte a;

	atomic {
		mem[HOT] = 1;
#ifdef BIASED
		mem[OWNER] = T(0);
#endif
		in_bag[2] = 1;
		for (a : 0 .. THREADS - 1) {
			run thread(a);
			run processor(a)
		}
		a = 0
	}
	d_step {
		done == THREADS && ALL_EMPTY ->
		for (a : 1 .. ARENAS) {
			MUST(holders[a] + in_bag[a] + (mem[HOT] == a) == 1, lost)
		}
	}
}
