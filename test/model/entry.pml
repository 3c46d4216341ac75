/* SPDX-License-Identifier: MIT */
/*
 * An implicit cache, entered by plain stores of `inside`: what a signal handler
 * of its thread may do, and what a fork child may take over (src/cache.h,
 * src/operation.h, src/fork.c).
 *
 * The owner gets and returns; a handler interrupts it at any point and does the
 * same; at any point another thread forks.  The child sees a prefix of the
 * stores of each thread: the kernel write-protects the pages and interrupts
 * each processor (arm64: waits until the old translations are out of use).  So
 * there are no store buffers here.
 *
 * size: OPS=4 HANDLERS=2
 * size: OPS=6 HANDLERS=1
 * soak: OPS=8 HANDLERS=3
 * bug: HANDLER_ENTERS -> held_twice: OPS=2 HANDLERS=1
 * bug: HANDLER_CLEARS -> held_twice: OPS=2 HANDLERS=2
 * bug: INSIDE_LATE -> lost: OPS=2 HANDLERS=1
 * bug: LEAVES_EARLY -> held_twice: OPS=2 HANDLERS=1
 * bug: FORK_TAKES_ALL -> held_twice: OPS=2 HANDLERS=0
 * bug: FORK_LEAKS_ALL -> lost: OPS=2 HANDLERS=0
 * bug: ODD_COUNTS -> lost: OPS=2 HANDLERS=1
 * bug: COUNTS_OUTSIDE -> lost: OPS=2 HANDLERS=1
 * see: HANDLER_HIT OPS=2 HANDLERS=1
 * see: HANDLER_DIRECT OPS=2 HANDLERS=1
 * see: LEAKED OPS=2 HANDLERS=0
 * see: FLUSHED OPS=4 HANDLERS=0
 */
#include "check.pmh"
#define ARENAS 3
#define MAY_RELEASE true
#include "bag.pmh"

#define ROUNDS 2

byte hot, top;
byte round[ROUNDS];
byte counted, operations;
bool interrupted;
byte done;

#ifdef BUG_ODD_COUNTS
#define COUNTED (counted / 2)
#define inside (counted % 2)
#else
#define COUNTED counted
bit inside;
#endif

#ifdef BUG_HANDLER_ENTERS
#define IS_INSIDE (inside && !as_handler)
#else
#define IS_INSIDE inside
#endif

/* Where the compiler barrier is missing, the first load comes first. */
inline enter()
{
#ifdef BUG_INSIDE_LATE
	page = hot;
#endif
#ifdef BUG_ODD_COUNTS
	/* The count is the flag: a handler may come between load and store. */
	n = counted;
	if
	:: n % 2 == 0 -> counted = n + 1; in = true
	:: else -> in = false
	fi
#else
	if
	:: IS_INSIDE ->				/* step: enter.inside */
#ifdef BUG_HANDLER_CLEARS
		inside = 0;
#endif
#ifdef SEE_HANDLER_DIRECT
		if
		:: as_handler -> WITNESS
		:: else
		fi;
#endif
		in = false
	:: else ->
		inside = 1;			/* step: enter.inside-set, enter.barrier */
		in = true
	fi
#endif
#ifndef BUG_INSIDE_LATE
	;
	if
	:: in -> page = hot			/* step: cache.hot */
	:: else
	fi
#endif
}

inline leave()
{
#ifdef BUG_ODD_COUNTS
	counted = counted + 1
#else
#ifdef BUG_COUNTS_OUTSIDE
	inside = 0;
	n = counted;
	counted = n + 1
#else
	n = counted;
	counted = n + 1;			/* step: count */
	inside = 0				/* step: leave */
#endif
#endif
	;
	operations++
}

inline get()
{
	enter();
	if
	:: in ->
		if
		:: page > 0 ->
#ifdef SEE_HANDLER_HIT
			if
			:: as_handler -> WITNESS
			:: else
			fi;
#endif
#ifdef BUG_LEAVES_EARLY
			inside = 0;
#endif
			got(page);
			hot = 0;		/* step: cache.hot-clear */
			a = page
		:: else ->
			n = top;		/* step: cache.top */
			if
			:: n > 0 ->
				top = n - 1;	/* step: cache.top-down */
				a = round[n - 1];
				got(a)
			:: else -> bag_take(a)
			fi
		fi;
		leave()
	:: else -> bag_take(a)
	fi;
	d_step { page = 0; n = 0; in = false }
}

inline put()
{
	enter();
	if
	:: in ->
		if
		:: page == 0 ->
			holders[a]--;
			hot = a			/* step: cache.hot-fill */
		:: else ->
			n = top;		/* step: cache.top */
			if
			:: n < ROUNDS ->
				holders[a]--;
				round[n] = a;
				top = n + 1	/* step: cache.top-up */
			:: else -> bag_give(a)
			fi
		fi;
		leave()
	:: else -> bag_give(a)
	fi;
	d_step { page = 0; n = 0; in = false; a = 0 }
}

inline work(ops_)
{
	left = ops_;
	do
	:: left > 0 ->
		if
		:: b == 0 && a == 0 -> get()
		/* Two at once, so that the magazine is used. */
		:: b == 0 && a > 0 -> d_step { b = a; a = 0 }; get()
		:: a > 0 -> put()
		:: a == 0 && b > 0 -> d_step { a = b; b = 0 }; put()
		fi;
		left--
	:: else -> break
	od
}

proctype owner() provided (!interrupted)
{
	byte page, n, a, b, left;
	bool in, as_handler;

	work(OPS);
	done++
}

proctype handler()
{
	byte page, n, a, left;
	bool in, as_handler;

	as_handler = true;
	left = HANDLERS;
	do
	:: left > 0 ->
		interrupted = true;
		get();
		if
		:: a > 0 -> put()
		:: else
		fi;
		interrupted = false;
		left--
	:: else -> break
	od;
	done++
}

#define HELD(a_) \
	((hot == a_) + (top > 0 && round[0] == a_) + (top > 1 && round[1] == a_))

#ifdef BUG_FORK_TAKES_ALL
#define WHOLE true
#else
#ifdef BUG_FORK_LEAKS_ALL
#define WHOLE false
#else
#define WHOLE !inside				/* step: fork.runs */
#endif
#endif

/* The child, at any moment: whole caches go to the depot, others are lost. */
inline take_over()
{
	for (a : 1 .. ARENAS) {
		if
		:: WHOLE ->
			MUST(holders[a] + in_bag[a] + HELD(a) <= 1, held_twice)
#ifndef BUG_FORK_TAKES_ALL
			;
			MUST(holders[a] + in_bag[a] + HELD(a) == 1, lost)
#endif
		:: else ->
			/* What was just moving belongs to nobody any more. */
			MUST(holders[a] + in_bag[a] <= 1, held_twice);
			MUST(inside, lost)
		fi
	}
}

init {
	byte a;

	atomic {
		in_bag[1] = 1;
		in_bag[2] = 1;
		hot = 3;
		run owner();
		run handler()
	}
	/* At some moment, which may be any; it changes nothing in the parent. */
	atomic {
#ifdef SEE_LEAKED
		if
		:: inside -> WITNESS
		:: else
		fi;
#endif
#ifdef SEE_FLUSHED
		if
		:: !inside && top > 0 -> WITNESS
		:: else
		fi;
#endif
		take_over();
		a = 0
	}
	atomic {
		done == 2 ->
		for (a : 1 .. ARENAS) {
			MUST(holders[a] + in_bag[a] + HELD(a) == 1, lost)
		}
		MUST(COUNTED == operations, lost)
	}
}
