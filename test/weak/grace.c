/* SPDX-License-Identifier: MIT */
/*
 * The grace period that is polled (src/grace.[ch]): nobody reads a record any
 * more when the period that started after its removal is over.
 *
 * source: grace.c
 * variant: look-only: grace.c mp_grace_ended:
 *   mp_add_seq(&grace->inside[old], 0) -> mp_load_seq(&grace->inside[old])
 * variant: one-word: grace.c mp_grace_ended:
 *   grace->drained[0] && grace->drained[1] ->
 *   grace->drained[0] || grace->drained[1]
 * variant: not-looked: grace.c mp_grace_ended:
 *   mp_add_seq(&grace->inside[old], 0) != 0 -> false
 * variant: enter-relaxed: grace.h mp_grace_enter:
 *   mp_add_seq -> mp_add_relaxed
 * variant: leave-relaxed: grace.h mp_grace_leave:
 *   mp_sub_release -> mp_sub_relaxed
 */
static struct mp_grace grace;
static int record = 1; /* plain: a race on it is a reader too many */
static _Atomic(int *) listed = &record;
static int read[2] = { 1, 1 };

static void walk(int *found_there)
{
	uint32_t phase = mp_grace_enter(&grace);
	int *found = mp_load_relaxed(&listed);

	if (found)
		*found_there = *found;
	mp_grace_leave(&grace, phase);
}

static void *walker(void *unused)
{
	walk(&read[0]);
	walk(&read[0]);
	return unused;
}

static void *other_walker(void *unused)
{
	walk(&read[1]);
	return unused;
}

/* Removes it, and uses its memory for something else as soon as it may. */
static void *ender(void *unused)
{
	mp_store_relaxed(&listed, NULL);
	mp_grace_start(&grace);
	for (int i = 0; i < 2; i++) {
		if (mp_grace_ended(&grace)) {
			record = 0;
			break;
		}
	}
	return unused;
}

int main(void)
{
	pthread_t threads[3];

	pthread_create(&threads[0], NULL, walker, NULL);
	pthread_create(&threads[1], NULL, other_walker, NULL);
	pthread_create(&threads[2], NULL, ender, NULL);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	pthread_join(threads[2], NULL);
	assert(read[0] == 1 && read[1] == 1);
	return 0;
}
