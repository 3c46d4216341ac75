/* SPDX-License-Identifier: MIT */
/*
 * An explicit cache: its owner enters by plain stores until a second thread
 * takes the bias away (src/operation.[ch]).  Never are two in it, and who comes
 * in sees what the one before did.
 *
 * source: operation.c
 * variant: leave-relaxed: operation.h mp_operation_leave:
 *   mp_store_release -> mp_store_relaxed
 * variant: busy-relaxed: operation.c enter_shared:
 *   mp_cas_acquire -> mp_cas_relaxed
 * variant: inside-relaxed: operation.c enter_shared:
 *   mp_load_acquire -> mp_load_relaxed
 * variant: inside-not-read: operation.c enter_shared:
 *   !mp_load_acquire(&o->inside) -> true
 * variant: no-second-look: operation.h mp_operation_enter_own:
 *   !word || mp_load_relaxed(&o->owner) == thread -> true
 * variant: no-membarrier: operation.c revoke:
 *   mp_platform_membarrier() -> true
 * spare: shared-relaxed: operation.c revoke:
 *   mp_store_release -> mp_store_relaxed
 * variant: shared-seen-relaxed: operation.c mp_operation_enter_guest:
 *   mp_load_acquire(&o->owner) -> mp_load_relaxed(&o->owner)
 */
#define OWNER ((uintptr_t)0x1000)

static struct mp_operation operation;
static int content; /* plain: a race on it is one too many inside */
static int came[3];

bool mp_platform_membarrier(void)
{
	return weak_membarrier();
}

/* How often the thread came in. */
static int use(uintptr_t thread)
{
	_Atomic uint32_t *word =
		mp_operation_enter_explicit(&operation, thread);

	if (!word)
		return 0;
	weak_point();
	content++;
	weak_point();
	mp_operation_leave(word);
	return 1;
}

static void *owner(void *unused)
{
	weak_begin();
	came[0] = use(OWNER);
	weak_end();
	return unused;
}

static void *guest(void *thread)
{
	came[(uintptr_t)thread >> 8] = use((uintptr_t)thread);
	return thread;
}

int main(void)
{
	pthread_t threads[3];

	mp_store_relaxed(&operation.owner, OWNER);
	pthread_create(&threads[0], NULL, owner, NULL);
	pthread_create(&threads[1], NULL, guest, (void *)0x100);
	pthread_create(&threads[2], NULL, guest, (void *)0x200);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	pthread_join(threads[2], NULL);
	assert(content == came[0] + came[1] + came[2]);
	return 0;
}
