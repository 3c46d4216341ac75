/* SPDX-License-Identifier: MIT */
/*
 * The loose list (src/depot.c): push one, take all, keep some, put the rest
 * back.  No tags.  Each thread takes at most TAKES pages and pushes them back
 * one by one.
 *
 * size: PAGES=3 THREADS=2 ROUNDS=2 TAKES=1
 * size: PAGES=3 THREADS=2 ROUNDS=3 TAKES=2
 * size: PAGES=4 THREADS=3 ROUNDS=1 TAKES=2
 * soak: PAGES=4 THREADS=3 ROUNDS=2 TAKES=2
 * bug: POPS_ONE -> lost: PAGES=3 THREADS=3 ROUNDS=1 TAKES=1
 * bug: TAKE_BY_STORE -> lost: PAGES=3 THREADS=2 ROUNDS=2 TAKES=1
 * bug: PUT_BACK_BY_STORE -> lost: PAGES=3 THREADS=2 ROUNDS=2 TAKES=1
 * bug: NEWER_DROPPED -> lost: PAGES=3 THREADS=3 ROUNDS=1 TAKES=1
 * bug: NEXT_NOT_STORED_AGAIN -> held_twice: PAGES=3 THREADS=2 ROUNDS=2 TAKES=1
 * bug: KEPT_NEXT -> held_twice: PAGES=3 THREADS=2 ROUNDS=2 TAKES=1
 * see: PUT_BACK PAGES=3 THREADS=2 ROUNDS=1 TAKES=1
 * see: FOUND_NEWER PAGES=3 THREADS=3 ROUNDS=1 TAKES=1
 * see: PUSH_FAILED PAGES=3 THREADS=2 ROUNDS=2 TAKES=1
 */
#include "check.pmh"

byte loose; /* the head */
byte next[PAGES + 1];
byte holders[PAGES + 1];
byte done;

inline got(page_)
{
	MUST(holders[page_] == 0, held_twice);
	holders[page_]++
}

inline push_chain(page_)
{
	head = loose;					/* step: loose.push-head */
	do
	:: !ok ->
#ifdef BUG_NEXT_NOT_STORED_AGAIN
		if
		:: !again -> next[page_] = head
		:: else
		fi;
#else
		next[page_] = head;			/* step: loose.push-next */
#endif
		d_step {				/* step: loose.push-cas */
			if
			:: loose == head ->
				loose = page_;
				holders[page_]--;
				ok = true
			:: else -> head = loose; again = true
			fi
		}
#ifdef SEE_PUSH_FAILED
		;
		if
		:: again -> WITNESS
		:: else
		fi
#endif
	:: else -> break
	od;
	atomic { head = 0; ok = false; again = false }
}

inline put_back()
{
#ifdef SEE_PUT_BACK
	WITNESS;
#endif
	do
	:: d_step {					/* step: loose.back-cas */
#ifdef BUG_PUT_BACK_BY_STORE
			loose = page;
			ok = true
#else
			if
			:: loose == 0 -> loose = page; ok = true
			:: else
			fi
#endif
		};
		if
		:: ok -> break
		:: else
		fi;
		d_step { newer = loose; loose = 0 };	/* step: loose.back-take */
		if
		:: newer > 0 ->
#ifdef SEE_FOUND_NEWER
			WITNESS;
#endif
#ifndef BUG_NEWER_DROPPED
			head = newer;
			do
			:: next[head] > 0 -> head = next[head] /* step: loose.last */
			:: else -> break
			od;
			next[head] = page;		/* step: loose.join */
			page = newer;
#endif
			d_step { newer = 0; head = 0 }
		:: else
		fi
	od;
	ok = false
}

inline take_some()
{
#ifdef BUG_POPS_ONE
	page = loose;
	if
	:: page > 0 ->
		head = next[page];
		d_step {
			if
			:: loose == page -> loose = head; got(page); mine[0] = page
			:: else
			fi
		}
	:: else
	fi;
	d_step { page = 0; head = 0 }
#else
	if
	:: loose > 0 ->					/* step: loose.look */
#ifdef BUG_TAKE_BY_STORE
		page = loose;
		loose = 0;
#else
		d_step { page = loose; loose = 0 };	/* step: loose.take */
#endif
		do
		:: page > 0 && n < TAKES ->
			d_step { got(page); mine[n] = page; n++ };
			page = next[page]		/* step: loose.next */
		:: else -> break
		od;
		if
		:: page > 0 ->
#ifdef BUG_KEPT_NEXT
			page = mine[0];
#endif
			put_back()
		:: else
		fi;
		d_step { page = 0; n = 0 }
	:: else
	fi
#endif
}

proctype thread()
{
	byte head, page, newer, n, round;
	byte mine[2];
	bool ok, again;

	do
	:: round < ROUNDS ->
		take_some();
		if
		:: mine[0] > 0 -> push_chain(mine[0])
		:: else
		fi;
		mine[0] = 0;
		if
		:: mine[1] > 0 -> push_chain(mine[1])
		:: else
		fi;
		d_step { mine[1] = 0; round++ }
	:: else -> break
	od;
	done++
}

init {
	byte p;

	atomic {
		for (p : 1 .. PAGES) {
			next[p] = (p < PAGES -> p + 1 : 0)
		}
		loose = 1;
		for (p : 1 .. THREADS) {
			run thread()
		}
		p = 0
	}
	d_step {
		done == THREADS ->
		do
		:: loose > 0 ->
			p++;
			MUST(p <= PAGES, held_twice);
			got(loose);
			loose = next[loose]
		:: else -> break
		od;
		MUST(p == PAGES, lost)
	}
}
