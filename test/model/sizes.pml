/* SPDX-License-Identifier: MIT */
/*
 * Magazines of different sizes side by side (src/sizing.[ch], src/cache.c): a
 * judge changes the number of rounds at any moment, caches look at it when they
 * load a magazine and when they ask whether the one behind is full.
 *
 * Only numbers of pages are kept: who owns which page does not depend on sizes
 * (depot.pml).  Besides the looks at the size, a get or return is one step.
 * There are as many magazines as are provided for PAGES pages.
 *
 * size: THREADS=1 LEAST=1 MOST=4 PAGES=7 CHANGES=4
 * size: THREADS=2 LEAST=1 MOST=3 PAGES=4 CHANGES=2
 * soak: THREADS=2 LEAST=1 MOST=3 PAGES=5 CHANGES=3
 * soak: THREADS=2 LEAST=2 MOST=4 PAGES=9 CHANGES=2
 * bug: READ_TWICE -> lost: THREADS=1 LEAST=1 MOST=3 PAGES=4 CHANGES=2
 * bug: LOADED_BY_SIZE -> held_twice: THREADS=1 LEAST=1 MOST=3 PAGES=4 CHANGES=2
 * bug: PROVIDED_BY_MOST -> lost: THREADS=1 LEAST=1 MOST=3 PAGES=6 CHANGES=0
 * bug: PEAK_LATER -> too_many: THREADS=1 LEAST=1 MOST=3 PAGES=4 CHANGES=1
 * see: LARGE_IN_SMALL THREADS=1 LEAST=1 MOST=3 PAGES=4 CHANGES=2
 * see: EXTENDED THREADS=1 LEAST=1 MOST=3 PAGES=4 CHANGES=1
 * see: EXCHANGED THREADS=1 LEAST=1 MOST=3 PAGES=6 CHANGES=0
 */
#include "check.pmh"

#ifdef BUG_PROVIDED_BY_MOST
#define BY MOST
#else
#define BY LEAST
#endif
#define MAGAZINES ((PAGES + BY - 1) / BY + 2 * THREADS + 1)

byte rounds = LEAST;
byte peak = LEAST;
byte empties = MAGAZINES;
byte fulls[MOST + 1]; /* magazines in the depot, by what they hold */
byte out = PAGES;
byte left = CHANGES;

#define MORE(a, b) ((a) > (b) -> (a) : (b))

/* The size was looked at: r. */
inline load(n)
{
	loaded = n;
	has_loaded = true;
#ifdef BUG_LOADED_BY_SIZE
	end = r;
#else
	end = MORE(r, n);
#endif
	MUST(loaded <= end, held_twice);
	MUST(end <= peak, too_many)
}

inline load_behind()
{
	d_step {
		n = previous;
		previous = loaded;
		load(n);
		n = 0
	}
}

/* Any of them. */
inline take_full()
{
	atomic {
		for (n : 1 .. MOST) {
			if
			:: fulls[n] > 0 -> break
			:: fulls[n] > 0
			:: else
			fi
		}
		if
		:: n > MOST || fulls[n] == 0 -> n = 0
		:: else ->
			fulls[n]--;
#ifdef SEE_LARGE_IN_SMALL
			if
			:: n > rounds -> WITNESS
			:: else
			fi;
#endif
			if
			:: has_loaded && has_previous -> empties++
			:: else
			fi
		fi
	}
}

inline get()
{
	if
	:: d_step { loaded > 0 -> loaded--; out++ }
	:: loaded == 0 && previous > 0 ->
		r = rounds;			/* step: sizes.rounds */
		load_behind();
		d_step { loaded--; out++; r = 0 }
	:: loaded == 0 && previous == 0 ->
		take_full();
		if
		:: n > 0 ->
			r = rounds;		/* step: sizes.rounds */
			d_step {
				if
				:: has_loaded -> previous = 0; has_previous = true
				:: else
				fi;
				load(n);
				loaded--;
				out++;
				n = 0;
				r = 0
			}
		:: else
		fi
	fi
}

/* Both are full: one goes to the depot for an empty one. */
inline exchange()
{
	d_step {
		MUST(empties > 0, lost);
		empties--;
		if
		:: has_previous && has_loaded ->
#ifdef SEE_EXCHANGED
			WITNESS;
#endif
			MUST(previous >= LEAST, lost);
			fulls[previous]++
		:: else
		fi;
		if
		:: has_loaded -> previous = loaded; has_previous = true
		:: else
		fi
	}
	r = rounds;				/* step: sizes.rounds */
	d_step { load(0) }
}

/* The page is in the hands of this thread. */
inline put()
{
	if
	:: d_step { has_loaded && loaded < end -> loaded++ }
	:: !has_loaded || loaded == end ->
		r = rounds;			/* step: sizes.rounds */
		if
		:: has_previous && previous < r ->
#ifdef SEE_EXTENDED
			if
			:: previous > 0 -> WITNESS
			:: else
			fi;
#endif
#ifdef BUG_READ_TWICE
			r = rounds;
#endif
			load_behind()
		:: else -> exchange()
		fi;
		d_step {
			MUST(loaded < end, lost);
			loaded++;
			r = 0
		}
	fi
}

proctype thread()
{
	byte loaded, previous, end, r, n;
	bool has_loaded, has_previous;

end_of_work:
	do
	:: d_step { out > 0 -> out-- }; put()
	:: out < PAGES -> get()
	od
}

/* Whatever it was told. */
proctype judge()
{
	byte to;

	do
	:: left > 0 ->
		select (to : LEAST .. MOST);
#ifndef BUG_PEAK_LATER
		d_step { peak = MORE(peak, to) };	/* step: sizes.peak */
#endif
		rounds = to;			/* step: sizes.change */
#ifdef BUG_PEAK_LATER
		d_step { peak = MORE(peak, to) };
#endif
		left--
	:: left == 0 -> break
	od
}

init {
	byte t;

	atomic {
		for (t : 1 .. THREADS) {
			run thread()
		}
		run judge()
	}
}
