/* SPDX-License-Identifier: MIT */
/*
 * The tagged list (src/list.h): each thread takes two records off and puts them
 * back, in either order.  `aba` is the fault itself: a pop's compare-and-swap
 * that succeeds with a `next` that is not the record's any more.
 *
 * HANDLER: thread 0 alone; a signal handler interrupts it at any point, forks,
 * and the child lists what is not held anew, in some order
 * (mp_slabs_after_fork).
 *
 * size: RECORDS=3 THREADS=2 ROUNDS=2
 * size: RECORDS=3 THREADS=3 ROUNDS=1
 * size: RECORDS=3 THREADS=1 ROUNDS=3 HANDLER
 * soak: RECORDS=2 THREADS=3 ROUNDS=2
 * bug: NO_TAG -> aba: RECORDS=3 THREADS=2 ROUNDS=2
 * bug: NO_TAG -> aba: RECORDS=3 THREADS=3 ROUNDS=1
 * bug: NO_BUMP -> aba: RECORDS=3 THREADS=2 ROUNDS=2
 * bug: NEXT_NOT_READ_AGAIN -> aba: RECORDS=3 THREADS=2 ROUNDS=2
 * bug: NEXT_NOT_STORED_AGAIN -> held_twice: RECORDS=3 THREADS=2 ROUNDS=2
 * bug: PUSH_STORES_HEAD -> held_twice: RECORDS=3 THREADS=2 ROUNDS=2
 * bug: CLEAR_WITHOUT_BUMP -> aba: RECORDS=3 THREADS=1 ROUNDS=2 HANDLER
 * bug: RELISTS_HELD -> held_twice: RECORDS=3 THREADS=1 ROUNDS=2 HANDLER
 * see: POP_FAILED RECORDS=3 THREADS=2 ROUNDS=1
 * see: PUSH_FAILED RECORDS=3 THREADS=2 ROUNDS=1
 * see: EMPTY RECORDS=3 THREADS=2 ROUNDS=1
 * see: CLEARED RECORDS=3 THREADS=1 ROUNDS=1 HANDLER
 */
#include "check.pmh"

byte head_index, head_tag;
byte next[RECORDS + 1];
byte holders[RECORDS + 1];
byte listed[RECORDS + 1]; /* what a fork child goes by: a record's state */
byte done;
bool in_handler;

#ifdef BUG_NO_TAG
#define SAME_HEAD (head_index == index)
#else
#define SAME_HEAD (head_index == index && head_tag == tag)
#endif
#ifdef BUG_NO_BUMP
#define NEW_TAG tag
#else
#define NEW_TAG tag + 1
#endif

inline mp_list_pop()
{
	d_step { index = head_index; tag = head_tag };	/* step: pop.head */
	if
	:: index > 0 -> rest = next[index]		/* step: pop.next */
	:: else
	fi;
	do
	:: index == 0 ->
#ifdef SEE_EMPTY
		WITNESS;
#endif
		break
	:: else ->
#ifndef BUG_NEXT_NOT_READ_AGAIN
		if
		:: again -> rest = next[index]
		:: else
		fi;
#endif
		d_step {				/* step: pop.cas */
			if
			:: SAME_HEAD ->
				MUST(next[index] == rest, aba);
				head_index = rest;
				head_tag = NEW_TAG;
				MUST(holders[index] == 0, held_twice);
				holders[index]++;
				listed[index] = 0;
				ok = true
			:: else -> index = head_index; tag = head_tag
			fi
		};
		if
		:: ok -> break
		:: else ->
#ifdef SEE_POP_FAILED
			WITNESS;
#endif
			again = true
		fi
	od;
	atomic { ok = false; again = false; tag = 0; rest = 0 }
}

inline mp_list_push(record)
{
#ifdef BUG_PUSH_STORES_HEAD
	d_step { index = head_index; tag = head_tag };
	next[record] = index;
	d_step {
		head_index = record;
		head_tag = tag;
		holders[record]--;
		listed[record] = 1
	};
#else
	d_step { index = head_index; tag = head_tag };	/* step: push.head */
	do
	:: !ok ->
#ifdef BUG_NEXT_NOT_STORED_AGAIN
		if
		:: !again -> next[record] = index
		:: else
		fi;
#else
		next[record] = index;			/* step: push.next */
#endif
		d_step {				/* step: push.cas */
			if
			:: head_index == index && head_tag == tag ->
				head_index = record;
				holders[record]--;
				listed[record] = 1;
				ok = true
			:: else ->
				index = head_index;
				tag = head_tag;
				again = true
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
#endif
	atomic { index = 0; tag = 0; ok = false; again = false }
}

proctype thread()
#ifdef HANDLER
provided (!in_handler)
#endif
{
	byte index, tag, rest, first, second, round;
	bool ok, again;

	do
	:: round < ROUNDS ->
		mp_list_pop();
		d_step { first = index; index = 0 };
		mp_list_pop();
		d_step { second = index; index = 0 };
		/* In either order. */
		if
		:: second > 0 ->
			d_step {
				index = first;
				first = second;
				second = index;
				index = 0
			}
		:: true
		fi;
		if
		:: second > 0 -> mp_list_push(second)
		:: else
		fi;
		if
		:: first > 0 -> mp_list_push(first)
		:: else
		fi;
		d_step { first = 0; second = 0; round++ }
	:: else -> break
	od;
	done++
}

#ifdef HANDLER
#ifdef BUG_RELISTS_HELD
#define LISTED(record) true
#else
#define LISTED(record) listed[record]
#endif
/*
 * The handlers of fork in the child: the list is cleared and what is not held
 * is listed again.
 */
proctype handler()
{
	byte r, record;
	bool backwards;

	in_handler = true;
#ifdef SEE_CLEARED
	WITNESS;
#endif
	head_index = 0;				/* step: clear.head */
#ifndef BUG_CLEAR_WITHOUT_BUMP
	head_tag = head_tag + 1;
#endif
	if
	:: backwards = true
	:: true
	fi;
	for (r : 1 .. RECORDS) {
		record = (backwards -> RECORDS + 1 - r : r);
		if
		:: LISTED(record) ->
			next[record] = head_index;	/* step: clear.relist */
			head_index = record
		:: else
		fi
	}
	record = 0;
	backwards = false;
	r = 0;
	in_handler = false
}
#endif

init {
	byte r;

	atomic {
		for (r : 1 .. RECORDS) {
			next[r] = (r < RECORDS - 1 -> r + 1 : 0);
			listed[r] = 1
		}
		/* The last one first, so that a relist can keep the head. */
		next[RECORDS] = 1;
		head_index = RECORDS;
		for (r : 1 .. THREADS) {
			run thread()
		}
#ifdef HANDLER
		run handler();
#endif
		r = 0
	}
	d_step {
		done == THREADS && !in_handler ->
		/* Each record once, and nothing else. */
		do
		:: head_index > 0 ->
			r++;
			MUST(listed[head_index] == 1, held_twice);
			MUST(r <= RECORDS, held_twice);
			listed[head_index] = 2;
			head_index = next[head_index]
		:: else -> break
		od;
		MUST(r == RECORDS, lost)
	}
}
