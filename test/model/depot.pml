/* SPDX-License-Identifier: MIT */
/*
 * The depot under the caches: get, return, exchange of magazines, the loose
 * list, the end of a thread, calls after it, destroy (src/cache.c, src/depot.c,
 * src/thread.c, src/ends.c).
 *
 * Magazines of one round, so that every second get or return is a trip.  A
 * thread returns whatever arena is out, also one that another thread got.
 * Lists are those of list.pml, in their single steps; on the loose list a push
 * has its steps, and taking keeps one page and packs the others.
 *
 * A thread ends in one of two orders: it flushes and then calls once more, as
 * destructors do that come after ours, or it has ended all its calls before it
 * flushes, and destroy may come at any moment from then on.
 *
 * size: THREADS=2 MAGAZINES=3 PAGES=2 OPS0=2 OPS1=3
 * size: THREADS=2 MAGAZINES=2 PAGES=3 OPS0=2 OPS1=2 DESTROY
 * size: THREADS=3 MAGAZINES=2 PAGES=2 OPS0=1 OPS1=1 OPS2=0
 * soak: THREADS=2 MAGAZINES=4 PAGES=3 OPS0=3 OPS1=4
 * soak: THREADS=3 MAGAZINES=2 PAGES=2 OPS0=1 OPS1=1 OPS2=1
 * bug: NO_TAG -> held_twice: THREADS=2 MAGAZINES=3 PAGES=3 OPS0=1 OPS1=5
 * bug: PREVIOUS_NOT_FLUSHED -> lost: THREADS=2 MAGAZINES=3 PAGES=3 OPS0=0 OPS1=4
 * bug: FLUSH_AFTER_DYING -> lost: THREADS=2 MAGAZINES=2 PAGES=2 OPS0=1 OPS1=2
 * bug: GIVEN_AND_KEPT -> held_twice: THREADS=2 MAGAZINES=3 PAGES=3 OPS0=0 OPS1=4
 * bug: PACK_DROPS_REST -> lost: THREADS=2 MAGAZINES=1 PAGES=3 OPS0=2 OPS1=3
 * bug: EXIT_UNPINNED -> unmapped: THREADS=2 MAGAZINES=2 PAGES=2 OPS0=1 OPS1=1 DESTROY
 * bug: POOL_READ_EARLY -> unmapped: THREADS=2 MAGAZINES=2 PAGES=2 OPS0=1 OPS1=1 DESTROY
 * see: TOOK_FULL THREADS=2 MAGAZINES=3 PAGES=2 OPS0=2 OPS1=2
 * see: TOOK_LOOSE THREADS=2 MAGAZINES=1 PAGES=2 OPS0=2 OPS1=2
 * see: PACKED THREADS=2 MAGAZINES=2 PAGES=3 OPS0=3 OPS1=3
 * see: EXCHANGED THREADS=2 MAGAZINES=4 PAGES=3 OPS0=0 OPS1=6
 * see: NO_MAGAZINE THREADS=2 MAGAZINES=1 PAGES=3 OPS0=1 OPS1=3
 * see: LATE_TOOK THREADS=2 MAGAZINES=2 PAGES=2 OPS0=1 OPS1=1
 * see: ORPHANED THREADS=2 MAGAZINES=2 PAGES=2 OPS0=1 OPS1=1 DESTROY
 * see: PINNED THREADS=2 MAGAZINES=2 PAGES=2 OPS0=1 OPS1=1 DESTROY
 * see: FOREIGN_RETURN THREADS=2 MAGAZINES=2 PAGES=2 OPS0=1 OPS1=1
 */
#include "check.pmh"

#ifndef OPS2
#define OPS2 0
#endif
#define FULL 0
#define EMPTY 1

byte head[2];
byte tag[2];
byte next[MAGAZINES + 1];
byte round[MAGAZINES + 1]; /* the page in it, or 0 */
byte loose;
byte loose_next[PAGES + 1];
bit out[PAGES + 1];       /* an arena, with whoever called get */
#ifdef SEE_FOREIGN_RETURN
byte getter[PAGES + 1];
#endif
bool mutex;
byte pins;                /* who keeps the pool from ending */
bool orphaned[THREADS];   /* its pool has ended */
bool gone;                /* magazines and slabs are unmapped */
byte resting;             /* threads whose calls have ended */
byte done;
bool over; /* destroy */

#define MAPPED MUST(!gone, unmapped)
#ifdef BUG_NO_TAG
#define SAME(l) (head[l] == h)
#else
#define SAME(l) (head[l] == h && tag[l] == t)
#endif

inline pop(l, m_)
{
	MAPPED;
	d_step { h = head[l]; t = tag[l] };	/* step: pop.head */
	do
	:: h > 0 ->
		r = next[h];			/* step: pop.next */
		d_step {
			if
			:: SAME(l) -> head[l] = r; tag[l]++; ok = true /* step: pop.cas */
			:: else -> h = head[l]; t = tag[l]
			fi
		};
		if
		:: ok -> break
		:: else
		fi
	:: else -> break
	od;
	atomic { m_ = h; h = 0; t = 0; r = 0; ok = false }
}

inline push(l, m_)
{
	MAPPED;
	d_step { h = head[l]; t = tag[l] };	/* step: push.head */
	do
	:: !ok ->
		next[m_] = h;			/* step: push.next */
		d_step {
			if
			:: SAME(l) -> head[l] = m_; ok = true /* step: push.cas */
			:: else -> h = head[l]; t = tag[l]
			fi
		}
	:: else -> break
	od;
	atomic { h = 0; t = 0; ok = false }
}

/* To the one list or the other, by what it holds. */
inline mp_depot_give(m_)
{
	if
	:: m_ > 0 -> l = (round[m_] > 0 -> FULL : EMPTY); push(l, m_); l = 0
	:: else
	fi
}

inline push_loose(p_)
{
	h = loose;				/* step: loose.push-head */
	do
	:: !ok ->
		loose_next[p_] = h;		/* step: loose.push-next */
		d_step {
			if
			:: loose == h -> loose = p_; ok = true /* step: loose.push-cas */
			:: else -> h = loose
			fi
		}
	:: else -> break
	od;
	atomic { h = 0; ok = false }
}

/* One for the caller; the others into magazines, or back. */
inline take_loose()
{
	d_step { p = loose; loose = 0 };	/* step: loose.take */
	if
	:: p > 0 -> rest = loose_next[p]
	:: else
	fi;
	do
	:: rest > 0 ->
		pop(EMPTY, m);
#ifdef BUG_PACK_DROPS_REST
		if
		:: m == 0 -> rest = 0; break
		:: else
		fi;
#endif
		d_step { r = rest; rest = loose_next[r] };
		if
		:: m > 0 ->
#ifdef SEE_PACKED
			WITNESS;
#endif
			d_step { round[m] = r; r = 0 };
			push(FULL, m)
		:: else -> m = r; r = 0; push_loose(m)
		fi;
		m = 0
	:: else -> break
	od
#ifdef SEE_TOOK_LOOSE
	;
	if
	:: p > 0 -> WITNESS
	:: else
	fi
#endif
}

inline swap()
{
	d_step { m = loaded; loaded = previous; previous = m; m = 0 }
}

/* What it takes out of its own magazine no one else can see. */
inline unload()
{
	d_step { p = round[loaded]; round[loaded] = 0 }
}

inline got()
{
	d_step {
		if
		:: p > 0 ->
			MUST(out[p] == 0, held_twice);
			out[p] = 1
#ifdef SEE_FOREIGN_RETURN
			;
			getter[p] = me
#endif
		:: else
		fi;
		p = 0
	}
}

inline get()
{
	if
	:: loaded > 0 && round[loaded] > 0 -> unload()
	:: else ->
		if
		:: previous > 0 && round[previous] > 0 -> swap(); unload()
		:: else ->
			pop(FULL, m);
			if
			:: m > 0 ->
#ifdef SEE_TOOK_FULL
				WITNESS;
#endif
				taken = m;
				m = 0;
				if
				:: loaded > 0 ->
					mp_depot_give(previous);
					previous = loaded
				:: else
				fi;
				loaded = taken;
				taken = 0;
				unload()
			:: else ->
				take_loose()	/* or a slab: slab.pml */
			fi
		fi
	fi;
	got()
}

/* Whatever arena is out: the step in which a thread hands it to another. */
#define CHOICE(n) (out[n] == 1)
inline choose()
{
	d_step {
		if
		:: CHOICE(1) -> p = 1
#if PAGES > 1
		:: CHOICE(2) -> p = 2
#endif
#if PAGES > 2
		:: out[1] != 1 && out[2] != 1 && CHOICE(3) -> p = 3
#endif
		:: else -> p = 0
		fi;
		out[p] = 0
	}
#ifdef SEE_FOREIGN_RETURN
	;
	if
	:: p > 0 && getter[p] != me -> WITNESS
	:: else
	fi
#endif
}

inline put()
{
	choose();
	if
	:: p == 0
	:: p > 0 && loaded > 0 && round[loaded] == 0 -> round[loaded] = p
	:: else ->
		if
		:: previous > 0 && round[previous] == 0 ->
			swap();
			round[loaded] = p
		:: else ->
			pop(EMPTY, m);
			if
			:: m == 0 ->
#ifdef SEE_NO_MAGAZINE
				WITNESS;
#endif
				push_loose(p)
			:: else ->
				taken = m;
				m = 0;
				if
				:: previous > 0 && loaded > 0 ->
#ifdef SEE_EXCHANGED
					WITNESS;
#endif
					push(FULL, previous)
				:: else
				fi;
				if
#ifdef BUG_GIVEN_AND_KEPT
				:: loaded > 0 && previous == 0 ->
#else
				:: loaded > 0 ->
#endif
					previous = loaded
				:: else
				fi;
				loaded = taken;
				taken = 0;
				round[loaded] = p
			fi
		fi
	fi;
	p = 0
}

/* ---- without a cache ----------------------------------------------------- */

inline late_get()
{
	pop(FULL, m);
	if
	:: m > 0 ->
#ifdef SEE_LATE_TOOK
		WITNESS;
#endif
		d_step { p = round[m]; round[m] = 0 };
		push(EMPTY, m);
		m = 0
	:: else ->
		take_loose()
	fi;
	got()
}

inline late_put()
{
	choose();
	if
	:: p > 0 -> push_loose(p)
	:: else
	fi;
	p = 0
}

/* ---- the end of a thread, of the pool ------------------------------------ */

inline mp_cache_empty()
{
	d_step { m = loaded; taken = previous; loaded = 0; previous = 0 };
	mp_depot_give(m);
#ifndef BUG_PREVIOUS_NOT_FLUSHED
	mp_depot_give(taken);
#endif
	atomic { m = 0; taken = 0 }
}

#define LOCK d_step { !mutex -> mutex = true }
#define UNLOCK mutex = false

/* The pool does not end while it is pinned; pins are taken under the mutex. */
inline pin_home()
{
#ifdef BUG_POOL_READ_EARLY
	ended = orphaned[me];
	LOCK;
#else
	LOCK;
	ended = orphaned[me];
#endif
#ifndef BUG_EXIT_UNPINNED
	if
	:: !ended -> pins++			/* step: pin.cas */
	:: else
	fi;
#endif
	UNLOCK
}

inline end_thread()
{
	pin_home();
	if
	:: ended ->
#ifdef SEE_ORPHANED
		WITNESS;
#endif
		skip
	:: else ->
		mp_cache_empty();
#ifndef BUG_EXIT_UNPINNED
		pins--				/* step: unpin.sub */
#endif
	fi
}

#define ANY_OUT (out[1] == 1 || ANY_OUT2 || ANY_OUT3)
#if PAGES > 1
#define ANY_OUT2 (out[2] == 1)
#else
#define ANY_OUT2 false
#endif
#if PAGES > 2
#define ANY_OUT3 (out[3] == 1)
#else
#define ANY_OUT3 false
#endif

proctype thread(byte me)
{
	byte h, t, r, l, m, p, rest, taken, loaded, previous, left;
	bool ok, ended;

	left = (me == 0 -> OPS0 : (me == 1 -> OPS1 : OPS2));
	do
	:: left > 0 && ANY_OUT -> put(); left--
	:: left > 0 -> get(); left--
	:: left == 0 -> break
	od;
	if
	:: resting++; end_thread()
	:: end_thread();
		if
#ifdef BUG_FLUSH_AFTER_DYING
		/* As a living thread, with a cache that nobody flushes. */
		:: get()
		:: ANY_OUT -> put()
#else
		:: late_get()
		:: ANY_OUT -> late_put()
#endif
		fi;
		resting++
	fi;
	/* A cache that is left with something: nobody finds it. */
	d_step { loaded = 0; previous = 0; ended = false; done++ }
}

/* The caller has seen to it that no call runs, and none starts. */
proctype destroyer()
{
	byte t;

	resting == THREADS;
	if
	:: ANY_OUT				/* -EBUSY */
	:: else ->
		do
		:: LOCK;
			if
			:: pins == 0 -> break	/* step: dead.cas */
			:: else ->
#ifdef SEE_PINNED
				WITNESS;
#endif
				UNLOCK;
				pins == 0
			fi
		od;
		for (t : 0 .. THREADS - 1) {
			orphaned[t] = true
		}
		t = 0;
		UNLOCK;
		gone = true
	fi;
	over = true
}

/* Each page and each magazine is somewhere, once. */
inline validate()
{
	for (l : FULL .. EMPTY) {
		do
		:: head[l] > 0 ->
			n++;
			MUST(n <= MAGAZINES, held_twice);
			m = head[l];
			head[l] = next[m];
			if
			:: round[m] > 0 ->
				MUST(l == FULL, lost);
				MUST(out[round[m]] == 0, held_twice);
				out[round[m]] = 1
			:: else
			fi
		:: else -> break
		od
	}
	MUST(n == MAGAZINES, lost);
	do
	:: loose > 0 ->
		MUST(out[loose] == 0, held_twice);
		out[loose] = 1;
		loose = loose_next[loose]
	:: else -> break
	od;
	for (l : 1 .. PAGES) {
		MUST(out[l] == 1, lost)
	}
}

init {
	byte n, l, m;

	atomic {
		for (l : 1 .. MAGAZINES) {
			next[l] = (l < MAGAZINES -> l + 1 : 0)
		}
		head[EMPTY] = 1;
		/* Some are loose when it starts, the others out. */
		loose = 1;
		for (l : 1 .. PAGES) {
			if
			:: l < (PAGES + 1) / 2 -> loose_next[l] = l + 1
			:: l > (PAGES + 1) / 2 -> out[l] = 1
			:: else
			fi
		}
		for (l : 0 .. THREADS - 1) {
			run thread(l)
		}
#ifdef DESTROY
		run destroyer();
#else
		over = true;
#endif
		l = 0
	}
	d_step {
		done == THREADS && over ->
		if
		:: !gone -> validate()
		:: else
		fi
	}
}
