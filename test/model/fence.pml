/* SPDX-License-Identifier: MIT */
/*
 * The wrap fence: a tag of few bits, and the ticks that pay for it
 * (src/list.h, src/quiesce.c, src/operation.h).
 *
 * Thread t works through a cache of its own (CACHED: `inside`; GUEST: `busy`)
 * or without one (DIRECT: a counter of the phase), and takes records off one
 * list and puts them back.  RUN(t) is its word: what it stores there, and the
 * count of its operations, go through its store buffer (PLAIN: they do not, to
 * have fewer states; TICKER only ticks).  Changes of the head are
 * read-modify-writes and go to memory.
 *
 * With one bit of tag, each removal flips the phase.
 *
 * size: THREADS=2 KIND0=CACHED KIND1=CACHED OPS0=2 OPS1=3
 * size: THREADS=2 KIND0=CACHED KIND1=PLAIN OPS0=2 OPS1=5
 * size: THREADS=2 KIND0=CACHED KIND1=PLAIN OPS0=1 OPS1=8 TAG_BITS=2
 * size: THREADS=2 KIND0=DIRECT KIND1=PLAIN OPS0=1 OPS1=7
 * size: THREADS=3 KIND0=CACHED KIND1=PLAIN KIND2=TICKER OPS0=1 OPS1=4 OPS2=1
 * soak: THREADS=2 KIND0=DIRECT KIND1=PLAIN OPS0=2 OPS1=5
 * soak: THREADS=2 KIND0=CACHED KIND1=CACHED OPS0=3 OPS1=5
 * soak: THREADS=2 KIND0=DIRECT KIND1=DIRECT OPS0=3 OPS1=4
 * soak: THREADS=2 KIND0=CACHED KIND1=PLAIN OPS0=3 OPS1=9 TAG_BITS=2 RECORDS=3
 * bug: UNPAID -> aba: THREADS=2 KIND0=CACHED KIND1=PLAIN OPS0=1 OPS1=4
 * bug: UNPAID -> aba: THREADS=2 KIND0=CACHED KIND1=PLAIN OPS0=1 OPS1=8 TAG_BITS=2
 * bug: PAID_AT_ONCE -> aba: THREADS=2 KIND0=CACHED KIND1=PLAIN OPS0=1 OPS1=5
 * bug: NO_MEMBARRIER -> aba: THREADS=2 KIND0=CACHED KIND1=PLAIN OPS0=1 OPS1=5
 * bug: NO_MEMBARRIER -> aba: THREADS=2 KIND0=CACHED KIND1=PLAIN OPS0=1 OPS1=5 TSO
 * bug: NO_MEMBARRIER -> aba: THREADS=2 KIND0=DIRECT KIND1=PLAIN OPS0=1 OPS1=5
 * bug: NOTED_BEFORE_BARRIER -> aba: THREADS=2 KIND0=CACHED KIND1=PLAIN OPS0=1 OPS1=5 TSO
 * bug: HEADS_AFTER_BARRIER -> aba: THREADS=3 KIND0=CACHED KIND1=PLAIN KIND2=TICKER OPS0=1 OPS1=4 OPS2=1
 * bug: PAYS_PRESENT_PHASE -> aba: THREADS=3 KIND0=CACHED KIND1=PLAIN KIND2=TICKER OPS0=1 OPS1=4 OPS2=1
 * bug: BUSY_NOT_READ -> aba: THREADS=2 KIND0=GUEST KIND1=PLAIN OPS0=1 OPS1=5
 * bug: DIRECT_NOT_READ -> aba: THREADS=2 KIND0=DIRECT KIND1=PLAIN OPS0=1 OPS1=5
 * bug: ONE_COUNTER -> aba: THREADS=2 KIND0=DIRECT KIND1=PLAIN OPS0=1 OPS1=5
 * bug: COUNTED_WITHIN -> aba: THREADS=2 KIND0=CACHED KIND1=PLAIN OPS0=1 OPS1=6
 * see: REFUSED THREADS=2 KIND0=CACHED KIND1=PLAIN OPS0=1 OPS1=4
 * see: PAID_TWICE THREADS=2 KIND0=CACHED KIND1=PLAIN OPS0=1 OPS1=6
 * see: WAITED THREADS=2 KIND0=CACHED KIND1=PLAIN OPS0=1 OPS1=4
 * see: ENDED_BY_COUNT THREADS=2 KIND0=CACHED KIND1=PLAIN OPS0=2 OPS1=4
 * see: TAG_ROUND THREADS=2 KIND0=CACHED KIND1=PLAIN OPS0=1 OPS1=6
 */
#define CACHED 0
#define GUEST 1
#define PLAIN 2
#define DIRECT 3
#define TICKER 4
#ifndef TAG_BITS
#define TAG_BITS 1
#endif
#ifndef RECORDS
#define RECORDS 2
#endif
#ifndef KIND2
#define KIND2 TICKER
#define OPS2 0
#endif

#define RUN(t) (t)
#define COUNT(t) (THREADS + (t))
#define WORDS (2 * THREADS)
#include "memory.pmh"

#define TAG_MASK ((1 << TAG_BITS) - 1)
#define PHASE(tag) ((tag) >> (TAG_BITS - 1))
#define KIND(t) (t == 0 -> KIND0 : (t == 1 -> KIND1 : KIND2))

/* struct mp_list */
byte head_index, head_tag;
byte next[RECORDS + 1];
bit paid, noted, noted_phase;
byte holders[RECORDS + 1];

/* struct mp_quiesce, and the notes in the caches' records */
bit phase, ticking, started, drained[2];
bool notes[THREADS];
byte note[THREADS];
byte payments; /* up to 2 */

inline put(v_, x_)
{
	if
	:: KIND(me) == PLAIN -> mem[v_] = x_
	:: KIND(me) < PLAIN -> STORE(v_, x_)
	:: else
	fi
}

inline put_release(v_, x_)
{
	if
	:: KIND(me) == PLAIN -> mem[v_] = x_
	:: KIND(me) < PLAIN -> STORE_RELEASE(v_, x_)
	:: else
	fi
}

inline bump()
{
	count++;
	put_release(COUNT(me), count)		/* step: count */
}

/* ---- the list ------------------------------------------------------------ */

#ifdef BUG_UNPAID
#define MAY_FLIP(from, to) true
#else
#define MAY_FLIP(from, to) \
	(PHASE(from) == PHASE(to) || paid == PHASE(from)) /* step: flip.paid */
#endif

inline mp_list_pop()
{
	refused = false;
	d_step { index = head_index; tag = head_tag };	/* step: pop.head */
	do
	:: index == 0 -> break
	:: else ->
		rest = next[index];			/* step: pop.next */
#ifdef BUG_COUNTED_WITHIN
		bump();
#endif
		if
		:: MAY_FLIP(tag, (tag + 1) & TAG_MASK) ->
			d_step {			/* step: pop.cas */
				if
				:: head_index == index && head_tag == tag ->
					MUST(next[index] == rest, aba);
					head_index = rest;
					head_tag = (tag + 1) & TAG_MASK;
					MUST(holders[index] == 0, held_twice);
					holders[index]++;
					ok = true
				:: else ->
					index = head_index;
					tag = head_tag;
					ok = false
				fi
			};
			if
			:: ok ->
#ifdef SEE_TAG_ROUND
				if
				:: tag == TAG_MASK -> WITNESS
				:: else
				fi;
#endif
				break
			:: else
			fi
		:: else ->
#ifdef SEE_REFUSED
			WITNESS;
#endif
			refused = true;
			index = 0;
			break
		fi
	od;
	rest = 0;
	tag = 0;
	ok = false
}

inline mp_list_push()
{
	d_step { rest = head_index; tag = head_tag; ok = false }; /* step: push.head */
	do
	:: !ok ->
		next[held] = rest;			/* step: push.next */
		d_step {				/* step: push.cas */
			if
			:: head_index == rest && head_tag == tag ->
				head_index = held;
				holders[held]--;
				ok = true
			:: else ->
				rest = head_index;
				tag = head_tag
			fi
		}
	:: else -> break
	od;
	rest = 0;
	tag = 0;
	ok = false
}

/* ---- ticks --------------------------------------------------------------- */

/* Is thread t inside of its cache? */
#ifdef BUG_BUSY_NOT_READ
#define RUNS(t) (KIND(t) == CACHED && mem[RUN(t)] > 0)
#else
#define RUNS(t) (KIND(t) <= PLAIN && mem[RUN(t)] > 0)
#endif

/* step: note.list */
inline note_lists()
{
	d_step {
		noted_phase = PHASE(head_tag);
		noted = noted_phase != paid
	}
}

inline note_operation(t_)
{
	notes[t_] = RUNS(t_);				/* step: note.runs */
	note[t_] = (notes[t_] -> mem[COUNT(t_)] : 0)	/* step: note.sequence */
}

inline note_operations()
{
	note_operation(0);
	note_operation(1);
#if THREADS > 2
	note_operation(2)
#endif
}

/* Has the operation noted of thread t ended? */
inline look_at(t_)
{
	if
	:: notes[t_] && RUNS(t_) ->			/* step: ended.runs */
		if
		:: mem[COUNT(t_)] == note[t_] ->	/* step: ended.sequence */
#ifdef SEE_WAITED
			WITNESS;
#endif
			ok = false
		:: else ->
#ifdef SEE_ENDED_BY_COUNT
			WITNESS;
#endif
			d_step { notes[t_] = false; note[t_] = 0 }
		fi
	:: else -> d_step { notes[t_] = false; note[t_] = 0 }
	fi
}

inline operations_ended()
{
	ok = true;
	look_at(0);
	if
	:: ok -> look_at(1)
	:: else
	fi;
#if THREADS > 2
	if
	:: ok -> look_at(2)
	:: else
	fi
#endif
}

/* Operations without a cache of that phase: the counter. */
#define IS_DIRECT(t, p) (KIND(t) == DIRECT && mem[RUN(t)] == (p) + 1)
#ifdef BUG_DIRECT_NOT_READ
#define NONE_DIRECT(p) true
#else
#if THREADS > 2
#define NONE_DIRECT(p) \
	(!IS_DIRECT(0, p) && !IS_DIRECT(1, p) && !IS_DIRECT(2, p))
#else
#define NONE_DIRECT(p) (!IS_DIRECT(0, p) && !IS_DIRECT(1, p))
#endif
#endif

inline look_at_direct(p)
{
	if
	:: ok ->
		if
		:: drained[p] || NONE_DIRECT(p) ->	/* step: direct.count */
			d_step { drained[p] = 1; phase = p } /* step: direct.phase */
		:: else -> ok = false
		fi
	:: else
	fi
}

inline direct_ended()
{
	ok = true;
	rest = 1 - phase;
	look_at_direct(rest);
#ifdef BUG_ONE_COUNTER
	ok = drained[0] || drained[1];
#else
	look_at_direct((1 - rest));
	ok = drained[0] && drained[1];
#endif
	rest = 0
}

/* step: pay */
inline pay()
{
	d_step {
		if
		:: noted ->
			noted = 0;
#ifdef BUG_PAYS_PRESENT_PHASE
			paid = PHASE(head_tag);
#else
			paid = noted_phase;
#endif
			noted_phase = 0
#ifdef SEE_PAID_TWICE
			;
			payments = (payments < 2 -> payments + 1 : 2)
#endif
		:: else
#ifdef BUG_PAYS_PRESENT_PHASE
			paid = PHASE(head_tag)
#endif
		fi
	}
#ifdef SEE_PAID_TWICE
	;
	if
	:: payments == 2 -> WITNESS
	:: else
	fi
#endif
}

inline start()
{
#ifdef BUG_HEADS_AFTER_BARRIER
	membarrier();
	note_lists();
	note_operations();
#else
	note_lists();
#ifdef BUG_NOTED_BEFORE_BARRIER
	note_operations();
	membarrier();
#else
#ifndef BUG_NO_MEMBARRIER
	membarrier();					/* step: tick.membarrier */
#endif
	note_operations();
#endif
#endif
	d_step { drained[0] = 0; drained[1] = 0; started = 1 }
}

inline mp_quiesce_tick()
{
	d_step { ok = !ticking; ticking = 1 };		/* step: tick.ticking */
	if
	:: ok ->
		if
		:: !started -> start()
		:: else
		fi;
#ifndef BUG_PAID_AT_ONCE
		operations_ended();
		if
		:: ok -> direct_ended()
		:: else
		fi;
#endif
		if
		:: ok -> pay(); started = 0
		:: else
		fi;
		ticking = 0				/* step: tick.end */
	:: else
	fi;
	ok = false
}

/* ---- operations ---------------------------------------------------------- */

inline enter()
{
	if
	:: KIND(me) == DIRECT ->
		tag = phase;			/* step: direct.enter-phase */
		STORE(RUN(me), 1 + tag);	/* step: direct.enter */
		tag = 0
	:: else -> put(RUN(me), 1)		/* step: enter.inside-set */
	fi
}

inline leave()
{
	if
	:: KIND(me) == DIRECT ->
		STORE_RELEASE(RUN(me), 0)	/* step: direct.leave */
	:: else -> put_release(RUN(me), 0)	/* step: leave */
	fi
}

inline operation()
{
	enter();
	if
	:: held == 0 || held2 == 0 ->
		mp_list_pop();
		if
		:: held == 0 -> held = index
		:: else -> held2 = index
		fi;
		index = 0
	:: held > 0 ->
		mp_list_push();
		d_step { held = held2; held2 = 0 }
	fi;
	if
	:: refused || PHASE(head_tag) != paid -> mp_quiesce_tick() /* step: owes */
	:: else
	fi;
	refused = false;
#ifndef BUG_COUNTED_WITHIN
	bump();
#endif
	leave()
}

proctype thread(byte me)
{
	byte index, tag, rest, held, held2, count, left;
	bool ok, refused;

	left = (me == 0 -> OPS0 : (me == 1 -> OPS1 : OPS2));
	do
	:: left > 0 ->
		if
		:: KIND(me) == TICKER -> mp_quiesce_tick()
		:: else -> operation()
		fi;
		left--
	:: else -> break
	od
}

init {
	byte t;

	atomic {
		for (t : 1 .. RECORDS) {
			next[t] = (t < RECORDS -> t + 1 : 0)
		}
		head_index = 1;
		for (t : 0 .. THREADS - 1) {
			run thread(t);
			run processor(t)
		}
		t = 0
	}
}
