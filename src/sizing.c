/* SPDX-License-Identifier: MIT */
#include "sizing.h"

/* In a window: one failure in so many exchanges. */
#define MANY 8
#define FEW 64 /* twice as many twice over are still not many */

/* Quiet windows that make the rounds fewer: at first, and at the most. */
#define PATIENCE 8
#define PATIENCE_MAX (64 * PATIENCE)

#define FAILURE (UINT64_C(1) << 32)

void mp_sizing_init(struct mp_sizing *sizing, uint32_t least, uint32_t most)
{
	sizing->least = least;
	sizing->most = most;
	mp_store_relaxed(&sizing->rounds, least);
	mp_store_relaxed(&sizing->peak, least);
	mp_store_relaxed(&sizing->patience, PATIENCE);
}

void mp_sizing_show(struct mp_sizing *sizing, _Atomic uint64_t *rounds,
		    _Atomic uint64_t *peak)
{
	mp_live_set(rounds, mp_load_relaxed(&sizing->rounds));
	mp_live_set(peak, mp_load_relaxed(&sizing->peak));
	mp_store_relaxed(&sizing->live_rounds, rounds);
	mp_store_relaxed(&sizing->live_peak, peak);
}

/* Makes it that many, unless another judge was faster. */
static bool change(struct mp_sizing *sizing, uint32_t from, uint32_t to)
{
	uint64_t more = (uint64_t)to - from;

	if (!more || !mp_cas_relaxed(&sizing->rounds, &from, to))
		return false;
	mp_live_add(mp_load_relaxed(&sizing->live_rounds), more);
	return true;
}

static void note_peak(struct mp_sizing *sizing, uint32_t rounds)
{
	uint32_t peak = mp_load_relaxed(&sizing->peak);

	mp_live_raise(mp_load_relaxed(&sizing->live_peak), rounds);
	while (peak < rounds &&
	       !mp_cas_weak_relaxed(&sizing->peak, &peak, rounds))
		;
}

static void grow(struct mp_sizing *sizing)
{
	uint32_t rounds = mp_load_relaxed(&sizing->rounds);
	uint32_t to = rounds <= sizing->most / 2 ? 2 * rounds : sizing->most;
	uint32_t patience = mp_load_relaxed(&sizing->patience);

	/* First: nobody loads by a size that the peak does not show. */
	note_peak(sizing, to);
	if (!change(sizing, rounds, to))
		return;
	mp_tally_add(&sizing->grown, 1);
	if (mp_load_relaxed(&sizing->shrunk_last) && patience < PATIENCE_MAX)
		mp_store_relaxed(&sizing->patience, 2 * patience);
	mp_store_relaxed(&sizing->shrunk_last, false);
}

static void shrink(struct mp_sizing *sizing)
{
	uint32_t rounds = mp_load_relaxed(&sizing->rounds);
	uint32_t to = rounds / 2 < sizing->least ? sizing->least : rounds / 2;
	uint32_t patience = mp_load_relaxed(&sizing->patience);

	if (!change(sizing, rounds, to))
		return;
	mp_tally_add(&sizing->shrunk, 1);
	if (mp_load_relaxed(&sizing->shrunk_last) && patience > PATIENCE)
		mp_store_relaxed(&sizing->patience, patience / 2);
	mp_store_relaxed(&sizing->shrunk_last, true);
}

static void judge(struct mp_sizing *sizing, uint64_t tally, uint32_t windows)
{
	uint64_t exchanges = tally % FAILURE;
	uint64_t failures = tally / FAILURE;
	uint32_t quiet = 0;

	/* An interval may be shorter than a window; a few are no omen. */
	if (exchanges < MP_SIZING_WINDOW)
		exchanges = MP_SIZING_WINDOW;
	if (failures * MANY >= exchanges)
		grow(sizing);
	else if (failures * FEW <= exchanges)
		quiet = mp_load_relaxed(&sizing->quiet) + windows;
	if (quiet >= mp_load_relaxed(&sizing->patience)) {
		shrink(sizing);
		quiet = 0;
	}
	mp_store_relaxed(&sizing->quiet, quiet);
}

void mp_sizing_tell(struct mp_sizing *sizing, uint32_t exchanges,
		    uint32_t failures)
{
	uint64_t told = exchanges + failures * FAILURE;
	uint64_t tally;

	if (sizing->least == sizing->most)
		return;
	tally = mp_add_relaxed(&sizing->tally, told) + told;
	/* Who adds to it in this moment sees a whole window too, and judges. */
	if (tally % FAILURE >= MP_SIZING_WINDOW &&
	    mp_cas_relaxed(&sizing->tally, &tally, 0))
		judge(sizing, tally, 1);
}

void mp_sizing_count(struct mp_sizing *sizing, struct mp_trip *untold,
		     const struct mp_trip *trip)
{
	/* Others do not come less often for larger magazines. */
	if (!trip->exchanges)
		return;
	untold->exchanges += trip->exchanges;
	untold->cas_failures += trip->cas_failures;
	if (untold->exchanges < MP_SIZING_SHARE)
		return;
	mp_sizing_tell(sizing, untold->exchanges, untold->cas_failures);
	*untold = (struct mp_trip){ 0, 0, 0 };
}

void mp_sizing_interval(struct mp_sizing *sizing)
{
	uint64_t tally = mp_load_relaxed(&sizing->tally);

	if (sizing->least != sizing->most &&
	    mp_cas_relaxed(&sizing->tally, &tally, 0))
		judge(sizing, tally, PATIENCE);
}
