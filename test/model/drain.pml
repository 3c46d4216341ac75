/* SPDX-License-Identifier: MIT */
/*
 * The drain of a cache without its owner's help (src/drain.h).  Thread 0 is the
 * owner; when it has ended, another thread gets the same record.  The last
 * thread is a drainer, and so are those between (with SHARED: they use the
 * cache too, which is an explicit one without an owner).
 *
 * What the cache holds is an arena in its slot, `hot`, and one in its magazine,
 * `top`.  A hit loads `hot` once, after it has announced itself, and stores it
 * or not.  So does an operation that is no hit, and `hot` is all it looks at:
 * only who finds DRAINED there looks at the state.
 *
 * size: THREADS=2 OPS=5 DRAINS=2
 * size: THREADS=3 OPS=3 DRAINS=1
 * size: THREADS=2 OPS=5 DRAINS=3 TSO
 * size: THREADS=3 OPS=2 DRAINS=1 SHARED
 * soak: THREADS=2 OPS=6 DRAINS=3
 * soak: THREADS=3 OPS=3 DRAINS=2 SHARED
 * bug: NO_MEMBARRIER -> two_inside: THREADS=2 OPS=2 DRAINS=1
 * bug: NO_MEMBARRIER -> held_twice: THREADS=2 OPS=2 DRAINS=1 TSO
 * bug: LOOK_BEFORE_BARRIER -> held_twice: THREADS=2 OPS=2 DRAINS=1 TSO
 * bug: INSIDE_NOT_READ -> held_twice: THREADS=2 OPS=2 DRAINS=1
 * bug: HOT_NOT_READ -> held_twice: THREADS=2 OPS=2 DRAINS=1
 * bug: TAKE_BY_STORE -> held_twice: THREADS=2 OPS=2 DRAINS=1
 * bug: WANTED_IGNORED -> held_twice: THREADS=2 OPS=2 DRAINS=1
 * bug: TAKEN_IGNORED -> lost: THREADS=2 OPS=2 DRAINS=1
 * bug: FURTHER_UNSEEING -> two_inside: THREADS=2 OPS=2 DRAINS=1
 * bug: SLOT_READ_AGAIN -> lost: THREADS=2 OPS=3 DRAINS=1
 * bug: CANCELLED_LEFT -> two_inside: THREADS=2 OPS=3 DRAINS=2
 * bug: TWO_DRAINERS -> two_inside: THREADS=3 OPS=2 DRAINS=1
 * bug: EXIT_UNMARKED -> two_inside: THREADS=2 OPS=2 DRAINS=1
 * bug: LOOK_RELAXED -> held_twice: THREADS=2 OPS=3 DRAINS=1
 * bug: RELEASE_RELAXED -> held_twice: THREADS=2 OPS=3 DRAINS=1
 * bug: LEAVE_RELAXED -> held_twice: THREADS=2 OPS=2 DRAINS=1
 * bug: SAVED_RELAXED -> lost: THREADS=2 OPS=3 DRAINS=1
 * see: DRAINED THREADS=2 OPS=2 DRAINS=1
 * see: BACKED_OUT THREADS=2 OPS=2 DRAINS=1
 * see: OVERWRITTEN THREADS=2 OPS=2 DRAINS=1
 * see: WON_BACK THREADS=2 OPS=2 DRAINS=1
 * see: FOUND_TAKEN THREADS=2 OPS=2 DRAINS=1
 * see: FOUND_OWNED THREADS=2 OPS=2 DRAINS=1
 * see: HIT_AFTER_DRAIN THREADS=2 OPS=3 DRAINS=1
 * see: DRAINED_AGAIN THREADS=2 OPS=3 DRAINS=2
 */
#define ARENAS 2
#define WORDS 6
#define INSIDE 0
#define HOT 1
#define TOP 2
#define STATE 3
#define SAVED 4
#define MUTEX 5

/* In `hot`, besides an arena; 0: empty. */
#define DRAINED 9

#define OWNED 0
#define WANTED 1
#define TAKEN 2
#define EMPTIED 3
#define ENDING 4

#include "memory.pmh"
#include "bag.pmh"

#define CAS_RELEASE(v, from, to, ok) \
	CAS_WHEN(MAY_RMW(v) && MAY_RELEASE, v, from, to, ok, skip)

byte inside_now;
byte drains; /* ever */

inline use()
{
	inside_now++;
	MUST(inside_now == 1, two_inside)
}

inline lock()
{
	do
	:: CAS_ACQUIRE(MUTEX, 0, 1, ok);
		if
		:: ok -> break
		:: else -> mem[MUTEX] == 0
		fi
	od
}

inline unlock()
{
	STORE_RELEASE(MUTEX, 0)
}

/* ---- the owner ------------------------------------------------------------ */

#ifdef SHARED
#define ENTER CAS_ACQUIRE(INSIDE, 0, 1, in)
#else
#define ENTER STORE(INSIDE, 1); in = true
#endif

inline leave()
{
#ifdef BUG_LEAVE_RELAXED
	STORE(INSIDE, 0)
#else
	STORE_RELEASE(INSIDE, 0)
#endif
}

/* The one look of a hit; without an order, so what is read later may be older. */
inline look()
{
	EARLY(TOP);
	LOAD(HOT, v);				/* step: drain.hot */
	if
	:: v == DRAINED -> FORGET_EARLY
	:: else ->
		use();
#ifdef SEE_HIT_AFTER_DRAIN
		if
		:: drains > 0 -> WITNESS
		:: else
		fi
#endif
	fi
}

inline leave_used()
{
	inside_now--;
	leave()
}

/* A hit; a is 0 after a miss. */
inline get_hit()
{
	look();
	if
	:: v == DRAINED -> leave()
	:: v > 0 && v != DRAINED ->
		FORGET_EARLY;
		STORE(HOT, 0);			/* step: drain.hot-clear */
		a = v;
		got(a);
		leave_used()
	:: v == 0 ->
		LOAD_MAYBE_EARLY(TOP, a);
		if
		:: a > 0 -> STORE(TOP, 0); STORE(HOT, 0); got(a)
		:: else
		fi;
		leave_used()
	fi
}

/* A further page: the magazine's, the slot is as it was. */
inline further_hit()
{
	look();
#ifdef BUG_FURTHER_UNSEEING
	if
	:: v == DRAINED -> use(); v = 0
	:: else
	fi;
#endif
	if
	:: v == DRAINED -> leave()
	:: else ->
		LOAD_MAYBE_EARLY(TOP, a);
		if
		:: a > 0 -> STORE(TOP, 0); got(a)
		:: else
		fi;
		leave_used()
	fi
}

/* a is 0 after a hit. */
inline put_hit()
{
	look();
	if
	:: v == DRAINED -> leave()
	:: else ->
		LOAD_MAYBE_EARLY(TOP, s);
		if
		:: v == 0 || s == 0 ->
			if
			:: v > 0 -> STORE(TOP, v)
			:: else
			fi;
			holders[a]--;
			STORE(HOT, a);		/* step: drain.hot-fill */
			a = 0
		:: else
		fi;
		leave_used()
	fi
}

#ifdef BUG_LOOK_RELAXED
#define LOOK(r) LOAD(STATE, r)
#else
#define LOOK(r) LOAD_ACQUIRE(STATE, r)
#endif

/* Finds DRAINED in the slot: what is in it now, or DRAINED: not to be used. */
inline reclaim()
{
	LOAD(SAVED, v);				/* step: reclaim.saved */
	EARLY(TOP);
	LOOK(s);				/* step: reclaim.state */
	if
	:: s == WANTED ->
#ifdef BUG_WANTED_IGNORED
		skip
#else
		CAS_ACQUIRE(STATE, WANTED, OWNED, ok); /* step: reclaim.cancel */
		if
		:: ok ->
#ifdef SEE_WON_BACK
			WITNESS;
#endif
			skip
		:: else -> v = DRAINED
		fi
#endif
	:: s == EMPTIED ->
		STORE(HOT, 0);			/* step: reclaim.hot */
		STORE_RELEASE(STATE, OWNED);	/* step: reclaim.owned */
		v = 0
	:: s == OWNED ->
#ifdef SEE_FOUND_OWNED
		WITNESS;
#endif
		/* It was given back meanwhile. */
		LOAD_ACQUIRE(HOT, v)		/* step: reclaim.again */
	:: else ->
#ifdef SEE_FOUND_TAKEN
		WITNESS;
#endif
#ifdef BUG_TAKEN_IGNORED
		v = 0
#else
		v = DRAINED
#endif
	fi
}

/* What is in the slot goes into the magazine.  Loads the slot once. */
inline claim()
{
	LOAD_ACQUIRE(HOT, v);			/* step: claim.hot */
	if
	:: v == DRAINED -> reclaim()
	:: else
	fi;
	if
	:: v == DRAINED -> in = false
	:: else ->
		use();
#ifdef BUG_SLOT_READ_AGAIN
		FORGET_EARLY;
		LOAD(HOT, v);
		if
		:: v == DRAINED -> v = 0
		:: else
		fi;
#endif
		if
		:: v > 0 ->
			LOAD_MAYBE_EARLY(TOP, s);
			if
			:: s == 0 -> STORE(TOP, v)
			:: else -> got(v); bag_give(v)
			fi
		:: else
		fi;
		STORE(HOT, 0)			/* step: claim.clear */
	fi
}

inline get_slow()
{
	ENTER;
	if
	:: in -> claim()
	:: else
	fi;
	if
	:: in ->
		LOAD_MAYBE_EARLY(TOP, a);
		if
		:: a > 0 -> STORE(TOP, 0); got(a)
		:: else -> bag_take(a)
		fi;
		leave_used()
	:: else ->
#ifndef SHARED
		leave();
#endif
		FORGET_EARLY;
		bag_take(a)
	fi
}

/* With SHARED: who is not in must not leave. */
inline put_slow()
{
	ENTER;
	if
	:: in -> claim()
	:: else
	fi;
	if
	:: in ->
		FORGET_EARLY;
		holders[a]--;
		STORE(HOT, a);			/* step: slow.fill */
		leave_used()
	:: else ->
#ifndef SHARED
		leave();
#endif
		FORGET_EARLY;
		bag_give(a)
	fi;
	a = 0
}

inline operate()
{
	ENTER;
	if
	:: !in ->
		if
		:: a > 0 -> put_slow()
		:: else -> get_slow()
		fi
	:: in && a > 0 ->
		put_hit();
		if
		:: a > 0 -> put_slow()
		:: else
		fi
	:: in && a == 0 ->
		if
		:: get_hit()
		:: further_hit()
		fi;
		if
		:: a == 0 -> get_slow()
		:: else
		fi
	fi
}

/* All that the cache has to the depot; its own words in the worse order. */
inline flush_cache(slot_)
{
	if
	:: slot_ > 0 -> got(slot_); bag_give(slot_)
	:: else
	fi;
	LOAD(TOP, s);
	if
	:: s > 0 -> got(s); bag_give(s); STORE(TOP, 0)
	:: else
	fi
}

/*
 * The end of the owner, and the next one's beginning with the same record.  The
 * mutex is not held while the cache is emptied: what that calls may be the
 * host's.  ENDING keeps drainers away instead.
 */
inline exit_and_bind()
{
#ifndef BUG_EXIT_UNMARKED
	lock();
	/* Nobody drains while we have the mutex. */
	MUST(mem[STATE] == OWNED || mem[STATE] == EMPTIED, two_inside);
	LOAD(STATE, s);				/* step: end.state */
	if
	:: s == EMPTIED -> STORE(HOT, 0)	/* step: end.hot */
	:: else
	fi;
	STORE(STATE, ENDING);			/* step: end.mark */
	unlock();
#endif
	FORGET_EARLY;
	STORE(INSIDE, 1);
	use();
	LOAD(HOT, v);				/* step: flush.hot */
#ifdef BUG_EXIT_UNMARKED
	if
	:: v == DRAINED -> v = 0
	:: else
	fi;
#endif
	MUST(v != DRAINED, two_inside);
	STORE(HOT, 0);				/* step: flush.clear */
	flush_cache(v);
	leave_used();
	lock();
	STORE_RELEASE(STATE, OWNED);		/* step: bind.state */
	unlock()
}

byte done;

proctype owner(byte me)
{
	byte v, a, s, left;
	bool ok, in, ended;

	left = OPS;
	do
	:: left > 0 ->
		operate();
		d_step { v = 0; s = 0; in = false; ok = false; left-- }
#ifndef SHARED
	:: left == 0 && !ended ->
		exit_and_bind();
		d_step {
			v = 0;
			s = 0;
			in = false;
			ok = false;
			ended = true;
			left = 2
		}
	:: left == 0 && ended -> break
#else
	:: else -> break
#endif
	od;
	a = 0;
	done++
}

/* ---- the drainer ---------------------------------------------------------- */

inline take_and_empty()
{
	use();
	flush_cache(v);
	inside_now--;
#ifdef SEE_DRAINED
	WITNESS;
#endif
#ifdef SEE_DRAINED_AGAIN
	if
	:: drains > 0 -> WITNESS
	:: else
	fi;
#endif
	drains++;
#ifdef BUG_RELEASE_RELAXED
	STORE(STATE, EMPTIED)
#else
	STORE_RELEASE(STATE, EMPTIED)		/* step: drain.emptied */
#endif
}

/* s: may it be taken? */
inline look_inside()
{
#ifdef BUG_INSIDE_NOT_READ
	s = 1;
#else
	LOAD_ACQUIRE(INSIDE, s);		/* step: drain.runs */
	s = !s;
#endif
#ifndef BUG_HOT_NOT_READ
	if
	:: s ->
		LOAD(HOT, s);			/* step: drain.look */
#ifdef SEE_OVERWRITTEN
		if
		:: s != DRAINED -> WITNESS
		:: else
		fi;
#endif
		s = (s == DRAINED)
	:: else
	fi
#endif
}

inline back_out()
{
#ifdef SEE_BACKED_OUT
	WITNESS;
#endif
	CAS(HOT, DRAINED, v, ok);		/* step: drain.restore */
	CAS_RELEASE(STATE, WANTED, OWNED, ok)	/* step: drain.let-go */
}

/* s: is the slot ours? */
inline want()
{
	s = 0;
	CAS_ACQUIRE(STATE, OWNED, WANTED, ok);	/* step: drain.wanted */
	if
	:: ok ->
		LOAD(HOT, v);			/* step: drain.slot */
		/* Never DRAINED, which the code asserts. */
		STORE(SAVED, v);		/* step: drain.saved */
#ifdef BUG_SAVED_RELAXED
		CAS(HOT, v, DRAINED, ok);
#else
		CAS_RELEASE(HOT, v, DRAINED, ok); /* step: drain.close */
#endif
		s = ok;
		if
		:: !s -> CAS_RELEASE(STATE, WANTED, OWNED, ok)
		:: else
		fi
	:: else
	fi
}

inline drain()
{
	want();
	if
	:: s ->
#ifdef BUG_LOOK_BEFORE_BARRIER
		look_inside();
		membarrier();
#else
#ifndef BUG_NO_MEMBARRIER
		membarrier();			/* step: drain.membarrier */
#endif
		look_inside();
#endif
		if
		:: s ->
#ifdef BUG_TAKE_BY_STORE
			STORE(STATE, TAKEN);
			ok = true
#else
			CAS_ACQUIRE(STATE, WANTED, TAKEN, ok) /* step: drain.take */
#endif
		:: else -> ok = false
		fi;
		if
		:: ok -> take_and_empty()
#ifdef BUG_CANCELLED_LEFT
		:: !ok && s
		:: !ok && !s -> back_out()
#else
		:: else -> back_out()
#endif
		fi
	:: else
	fi
}

proctype drainer(byte me)
{
	byte v, s, left;
	bool ok;

	left = DRAINS;
	do
	:: left > 0 ->
#ifdef BUG_TWO_DRAINERS
		drain();
#else
		CAS_ACQUIRE(MUTEX, 0, 1, ok);
		if
		:: ok -> drain(); unlock()
		:: else
		fi;
#endif
		d_step { v = 0; s = 0; ok = false; left-- }
	:: else -> break
	od;
	done++
}

#define EMPTY(t) (sb[t].n == 0)
#if THREADS > 2
#define ALL_EMPTY (EMPTY(0) && EMPTY(1) && EMPTY(2))
#else
#define ALL_EMPTY (EMPTY(0) && EMPTY(1))
#endif

#define HELD(a_) ((mem[HOT] == a_) + (mem[TOP] == a_))

init {
	byte a;

	atomic {
		mem[HOT] = 1;
		mem[TOP] = 2;
		run owner(0);
		run processor(0);
		for (a : 1 .. THREADS - 1) {
#ifdef SHARED
			if
			:: a < THREADS - 1 -> run owner(a)
			:: else -> run drainer(a)
			fi;
#else
			run drainer(a);
#endif
			run processor(a)
		}
		a = 0
	}
	d_step {
		done == THREADS && ALL_EMPTY ->
		for (a : 1 .. ARENAS) {
			MUST(holders[a] + in_bag[a] + HELD(a) == 1, lost)
		}
		MUST(mem[STATE] == OWNED || mem[STATE] == EMPTIED, lost);
		MUST((mem[HOT] == DRAINED) == (mem[STATE] == EMPTIED), lost)
	}
}
