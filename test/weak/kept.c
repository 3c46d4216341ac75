/* SPDX-License-Identifier: MIT */
/*
 * A word of kept blocks (src/kept.c): who takes one out owns the block, and
 * sees what its last owner wrote.
 *
 * source: kept.c
 * variant: offer-relaxed: kept.c offer:
 *   mp_cas_release -> mp_cas_relaxed
 * variant: claim-relaxed: kept.c claim:
 *   mp_cas_acquire -> mp_cas_relaxed
 * variant: claim-by-store: kept.c claim:
 *   return mp_cas_acquire(at, &word, 0) ->
 *   mp_store_relaxed(at, 0); return word != 0
 */
static _Atomic uintptr_t word;
static int content[2]; /* plain: a race on it is an owner too many */
static int out[2], left[2];

static uintptr_t word_for(int block)
{
	return (uintptr_t)(block + 1) << 12;
}

/* Offers one of its own, and what it takes. */
static void use(int thread)
{
	uintptr_t found;

	content[thread]++;
	left[thread] = !offer(&word, word_for(thread));
	found = mp_load_relaxed(&word);
	if (!found || !claim(&word, found))
		return;
	content[(found >> 12) - 1]++;
	out[thread] = (int)(found >> 12);
}

static void *first(void *unused)
{
	use(0);
	return unused;
}

static void *second(void *unused)
{
	use(1);
	return unused;
}

/* Each block is in one place, and all that was written to it is there. */
static void all_there(void)
{
	uintptr_t last = mp_load_relaxed(&word);

	for (int i = 0; i < 2; i++) {
		int taken = (out[0] == i + 1) + (out[1] == i + 1);

		assert(taken + left[i] + (last == word_for(i)) == 1);
		assert(content[i] == 1 + taken);
	}
}

int main(void)
{
	pthread_t threads[2];

	pthread_create(&threads[0], NULL, first, NULL);
	pthread_create(&threads[1], NULL, second, NULL);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	all_there();
	return 0;
}
