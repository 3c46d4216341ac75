/* SPDX-License-Identifier: MIT */
/*
 * The idle drain of an implicit cache, without its owner's help: a protocol to
 * be built.  Thread 0 is the owner; when it has ended, another thread gets the
 * same record.  The others are drainers.
 *
 * What the words of the design leave open, and these runs decide:
 *  - one drainer at a time, kept apart from fork by the registry's mutex, which
 *    a drainer only tries for, and which it holds until it has let go;
 *  - a thread that ends marks its cache under the mutex before it empties it;
 *  - the owner's look is an acquire load, or else the drainer needs a second
 *    membarrier before it lets go (ALT_SECOND_BARRIER).
 *
 * size: THREADS=2 OPS=5 DRAINS=3
 * size: THREADS=3 OPS=3 DRAINS=2
 * size: THREADS=2 OPS=5 DRAINS=3 TSO
 * size: THREADS=2 OPS=5 DRAINS=3 ALT_SECOND_BARRIER
 * soak: THREADS=3 OPS=5 DRAINS=3
 * bug: NO_MEMBARRIER -> two_inside: THREADS=2 OPS=2 DRAINS=1
 * bug: NO_MEMBARRIER -> two_inside: THREADS=2 OPS=2 DRAINS=1 TSO
 * bug: LOOK_BEFORE_BARRIER -> two_inside: THREADS=2 OPS=2 DRAINS=1 TSO
 * bug: INSIDE_NOT_READ -> two_inside: THREADS=2 OPS=2 DRAINS=1
 * bug: TAKE_BY_STORE -> two_inside: THREADS=2 OPS=2 DRAINS=1
 * bug: WANTED_IGNORED -> two_inside: THREADS=2 OPS=2 DRAINS=1
 * bug: TAKEN_IGNORED -> two_inside: THREADS=2 OPS=2 DRAINS=1
 * bug: TWO_DRAINERS -> two_inside: THREADS=3 OPS=2 DRAINS=1
 * bug: EXIT_UNMARKED -> two_inside: THREADS=2 OPS=2 DRAINS=1
 * bug: LOOK_RELAXED -> held_twice: THREADS=2 OPS=2 DRAINS=1
 * bug: RELEASE_RELAXED -> held_twice: THREADS=2 OPS=2 DRAINS=1
 * bug: LEAVE_RELAXED -> held_twice: THREADS=2 OPS=2 DRAINS=1
 * see: DRAINED THREADS=2 OPS=2 DRAINS=1
 * see: BACKED_OUT THREADS=2 OPS=2 DRAINS=1
 * see: WON_BACK THREADS=2 OPS=2 DRAINS=1
 * see: FOUND_TAKEN THREADS=2 OPS=2 DRAINS=1
 * see: HIT_AFTER_DRAIN THREADS=2 OPS=3 DRAINS=1
 */
#define ARENAS 2
#define WORDS 4
#define INSIDE 0
#define OWNER 1
#define HOT 2
#define MUTEX 3

/* The owner word; a thread pointer is anything above. */
#define ENDING 0
#define WANTED 1
#define TAKEN 2
#define FIRST_OWNER 3
#define SECOND_OWNER 4

#include "memory.pmh"
#include "bag.pmh"

byte inside_now;
bool drained; /* ever */

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

/* The owner's look at the owner word. */
#if defined BUG_LOOK_RELAXED || defined ALT_SECOND_BARRIER
#define LOOK(r) LOAD(OWNER, r)
#else
#define LOOK(r) LOAD_ACQUIRE(OWNER, r)
#endif

inline look()
{
	do
	:: EARLY(HOT);
		LOOK(v);
		if
		:: v == self -> in = true; break
		:: v == WANTED ->
#ifdef BUG_WANTED_IGNORED
			in = true;
			break
#else
			CAS_ACQUIRE(OWNER, WANTED, self, ok);
			if
			:: ok ->
#ifdef SEE_WON_BACK
				WITNESS;
#endif
				in = true;
				break
			:: else
			fi
#endif
		:: else ->
#ifdef SEE_FOUND_TAKEN
			WITNESS;
#endif
#ifdef BUG_TAKEN_IGNORED
			in = true;
#endif
			break
		fi
	od
}

inline enter()
{
	in = false;
	STORE(INSIDE, 1);
	look();
	if
	:: in ->
		inside_now++;
		MUST(inside_now == 1, two_inside)
	:: else -> STORE(INSIDE, 0)
	fi
}

inline leave()
{
	inside_now--;
#ifdef BUG_LEAVE_RELAXED
	STORE(INSIDE, 0)
#else
	STORE_RELEASE(INSIDE, 0)
#endif
}

inline get()
{
	enter();
	if
	:: in ->
		LOAD_MAYBE_EARLY(HOT, a);
		if
		:: a > 0 ->
#ifdef SEE_HIT_AFTER_DRAIN
			if
			:: drained -> WITNESS
			:: else
			fi;
#endif
			STORE(HOT, 0);
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
	:: in ->
		LOAD_MAYBE_EARLY(HOT, v);
		if
		:: v == 0 -> holders[a]--; STORE(HOT, a)
		:: else -> bag_give(a)
		fi;
		leave()
	:: else -> FORGET_EARLY; bag_give(a)
	fi
}

/* All that the cache has to the depot; its own words in the worse order. */
inline flush_cache()
{
	LOAD(HOT, v);
	if
	:: v > 0 -> got(v); bag_give(v); STORE(HOT, 0)
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
	/* Fork holds the mutex as well: no child sees a cache half drained. */
	MUST(mem[OWNER] == self, two_inside);
	STORE(OWNER, ENDING);
	unlock();
#endif
	FORGET_EARLY;
	STORE(INSIDE, 1);
	inside_now++;
	MUST(inside_now == 1, two_inside);
	flush_cache();
	leave();
	lock();
	self = SECOND_OWNER;
	STORE_RELEASE(OWNER, SECOND_OWNER);
	unlock()
}

byte done;

proctype owner(byte me)
{
	byte v, a, self, left;
	bool ok, in, ended;

	self = FIRST_OWNER;
	left = OPS;
	do
	:: left > 0 ->
		if
		:: a > 0 -> put(); a = 0
		:: else -> get()
		fi;
		d_step { v = 0; in = false; ok = false; left-- }
	:: left == 0 && !ended ->
		exit_and_bind();
		d_step {
			v = 0;
			in = false;
			ok = false;
			ended = true;
			left = 2
		}
	:: else -> break
	od;
	a = 0;
	done++
}

inline take_and_empty()
{
	inside_now++;
	MUST(inside_now == 1, two_inside);
	flush_cache();
	inside_now--;
	drained = true;
#ifdef SEE_DRAINED
	WITNESS;
#endif
#ifdef ALT_SECOND_BARRIER
	membarrier();
#endif
#ifdef BUG_RELEASE_RELAXED
	STORE(OWNER, self)
#else
	STORE_RELEASE(OWNER, self)
#endif
}

inline look_inside()
{
#ifdef BUG_INSIDE_NOT_READ
	v = 0
#else
	LOAD_ACQUIRE(INSIDE, v)
#endif
}

inline drain()
{
	LOAD(OWNER, self);
	if
	:: self >= FIRST_OWNER -> CAS_ACQUIRE(OWNER, self, WANTED, ok)
	:: else -> ok = false
	fi;
	if
	:: ok ->
#ifdef BUG_LOOK_BEFORE_BARRIER
		look_inside();
		membarrier();
#else
#ifndef BUG_NO_MEMBARRIER
		membarrier();
#endif
		look_inside();
#endif
		if
		:: v == 0 ->
#ifdef BUG_TAKE_BY_STORE
			STORE(OWNER, TAKEN);
			ok = true;
#else
			CAS_ACQUIRE(OWNER, WANTED, TAKEN, ok);
#endif
			if
			:: ok -> take_and_empty()
			:: else
			fi
		:: else ->
#ifdef SEE_BACKED_OUT
			WITNESS;
#endif
			CAS(OWNER, WANTED, self, ok)
		fi
	:: else
	fi
}

proctype drainer(byte me)
{
	byte v, self, left;
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
		d_step { v = 0; self = 0; ok = false; left-- }
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

init {
	byte a;

	atomic {
		mem[OWNER] = FIRST_OWNER;
		mem[HOT] = 1;
		in_bag[2] = 1;
		run owner(0);
		run processor(0);
		for (a : 1 .. THREADS - 1) {
			run drainer(a);
			run processor(a)
		}
		a = 0
	}
	d_step {
		done == THREADS && ALL_EMPTY ->
		for (a : 1 .. ARENAS) {
			MUST(holders[a] + in_bag[a] + (mem[HOT] == a) == 1, lost)
		}
		MUST(mem[OWNER] == SECOND_OWNER, lost)
	}
}
